/* The table of execs and what is known of each. See exec.h; running them: exec_run.c. */
#include "engine/container/exec.h"

#include <stdlib.h>
#include "base/clock.h"
#include "base/mem.h"

#define FORGET_MS  (5 * 60 * 1000) /* after its end an exec can be inspected this long ... */
#define KEEP_ENDED 64              /* ... unless so many others have ended since */

struct execs {
	pthread_mutex_t lock;
	struct map by_id; /* holds references */
};

struct execs *execs_new(void)
{
	struct execs *all = xalloc(sizeof(*all));

	pthread_mutex_init(&all->lock, NULL);
	return all;
}

void exec_unref(struct exec *x)
{
	if (!x || atomic_fetch_sub(&x->refs, 1) != 1)
		return;
	container_unref(x->container);
	pthread_mutex_destroy(&x->lock);
	arena_free(&x->arena);
	free(x);
}

void exec_cleanup(struct exec **x)
{
	exec_unref(*x);
}

struct ended {
	size_t n;
	struct exec *oldest;
};

/* With the table's lock held. */
static struct ended count_ended(struct execs *all)
{
	struct ended out = { 0 };
	const char *id;
	void *v;

	for (size_t i = 0; map_next(&all->by_id, &i, &id, &v);) {
		struct exec *x = v;

		pthread_mutex_lock(&x->lock);
		if (x->status == EXEC_EXITED) {
			out.n++;
			if (!out.oldest || x->ended_ms < out.oldest->ended_ms)
				out.oldest = x;
		}
		pthread_mutex_unlock(&x->lock);
	}
	return out;
}

/* With the table's lock held. */
static void forget_old(struct execs *all)
{
	int64_t now = clock_mono_ms();
	struct ended ended;

	while ((ended = count_ended(all)).n > KEEP_ENDED ||
	       (ended.oldest && now - ended.oldest->ended_ms > FORGET_MS)) {
		map_remove(&all->by_id, ended.oldest->id);
		exec_unref(ended.oldest);
	}
}

static int check_container(const struct container *c, const struct container_state *s,
                           struct err *e)
{
	if (s->status == CONTAINER_PAUSED)
		return err_set(e, ERR_PRECONDITION,
		               "container %s is paused, unpause the container before exec", c->id);
	if (s->status == CONTAINER_RESTARTING)
		return err_set(e, ERR_PRECONDITION,
		               "Container %s is restarting, wait until the container is running",
		               c->id);
	if (s->status != CONTAINER_RUNNING)
		return err_set(e, ERR_PRECONDITION, "container %s is not running", c->id);
	return 0;
}

struct exec *exec_create(struct container *c, const struct api_exec_create *config, struct err *e)
{
	struct execs *all = c->engine->execs;
	struct container_state s;
	struct exec *x;
	struct api_exec_create *copy;

	container_get_state(c, &s);
	if (check_container(c, &s, e) < 0)
		return NULL;
	x = xalloc(sizeof(*x));
	x->refs = 2; /* the table's and the caller's */
	id_new(x->id);
	x->container = container_ref(c);
	copy = json_copy(&x->arena, &api_exec_create_type, config);
	x->config = *copy;
	pthread_mutex_init(&x->lock, NULL);
	pthread_mutex_lock(&all->lock);
	forget_old(all);
	map_set(&all->by_id, x->id, x);
	pthread_mutex_unlock(&all->lock);
	return x;
}

struct exec *execs_find(struct execs *all, const char *id, struct err *e)
{
	struct exec *x;

	pthread_mutex_lock(&all->lock);
	x = map_get(&all->by_id, id);
	if (x)
		atomic_fetch_add(&x->refs, 1);
	pthread_mutex_unlock(&all->lock);
	if (!x)
		err_set(e, ERR_NOT_FOUND, "No such exec instance: %s", id);
	return x;
}

void exec_forget(struct exec *x)
{
	struct execs *all = x->container->engine->execs;
	struct exec *held;

	pthread_mutex_lock(&all->lock);
	held = map_remove(&all->by_id, x->id);
	pthread_mutex_unlock(&all->lock);
	exec_unref(held);
}

/* Ids of those for which `wanted` says so, with the exec's lock held. */
static struct strs select_ids(struct execs *all, struct arena *a,
                              bool (*wanted)(const struct exec *x, const char *container_id),
                              const char *container_id)
{
	struct strs out = { 0 };
	const char *id;
	void *v;

	pthread_mutex_lock(&all->lock);
	for (size_t i = 0; map_next(&all->by_id, &i, &id, &v);) {
		struct exec *x = v;

		pthread_mutex_lock(&x->lock);
		if (wanted(x, container_id))
			arena_push(a, &out, (const char *)arena_strdup(a, id));
		pthread_mutex_unlock(&x->lock);
	}
	pthread_mutex_unlock(&all->lock);
	return out;
}

static bool is_of(const struct exec *x, const char *container_id)
{
	return x->status != EXEC_EXITED && str_eq(x->container->id, container_id);
}

static bool is_started(const struct exec *x, unused_arg const char *container_id)
{
	return x->status == EXEC_STARTING || x->status == EXEC_RUNNING;
}

struct strs execs_of(struct execs *all, struct arena *a, const char *container_id)
{
	return select_ids(all, a, is_of, container_id);
}

struct strs execs_started(struct execs *all, struct arena *a)
{
	return select_ids(all, a, is_started, NULL);
}

void execs_container_exited(struct execs *all, const char *container_id)
{
	_cleanup_arena_ struct arena a = { 0 };
	struct strs ids = execs_of(all, &a, container_id);

	for (size_t i = 0; i < ids.n; i++) {
		_cleanup_exec_ struct exec *x = execs_find(all, ids.v[i], NULL);

		if (x)
			exec_exited(x, &(struct ctrd_exit){ .code = 128 + SIGKILL });
	}
}
