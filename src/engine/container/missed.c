/* Ends that containerd told nobody of, while the engine runs. See recover.h. */
#include <unistd.h>
#include "base/log.h"
#include "engine/container/exec.h"
#include "engine/container/recover.h"
#include "engine/container/run.h"

/*
 * A task that is not there may be one that is just cleaned up after the death of its shim: how it
 * ended comes as an event when that is done, and is known better by containerd than by us.
 */
#define LOST_PATIENCE_US 2000000

struct suspect {
	struct container *c; /* a reference */
	int pid;
};
struct suspects {
	size_t n;
	struct suspect *v;
};

/* What runs by our books. Made before tasks are listed: what starts in between is none of them. */
static struct suspects running_by_our_books(struct engine *g, struct arena *a)
{
	_cleanup_list_ struct container_list l = containers_list(g->containers, a);
	struct suspects out = { 0 };

	for (size_t i = 0; i < l.n; i++) {
		struct container_state s;

		container_get_state(l.v[i], &s);
		if (container_is_running(&s))
			arena_push(a, &out, ((struct suspect){ container_ref(l.v[i]), s.pid }));
	}
	return out;
}

static void ended(const struct suspect *s, struct ctrd_exit exit)
{
	exit.pid = s->pid;
	container_exited(s->c, &exit);
}

/* Those without a task are left in the list, the others are taken out. */
static void check_suspects(struct suspects *all, const struct ctrd_tasks *tasks)
{
	size_t n = 0;

	for (size_t i = 0; i < all->n; i++) {
		struct suspect s = all->v[i];
		const struct ctrd_task *t = ctrd_tasks_find(tasks, s.c->id);

		if (!t) {
			all->v[n++] = s;
			continue;
		}
		if (t->status == CTRD_TASK_STOPPED)
			ended(&s, t->exit);
		container_unref(s.c);
	}
	all->n = n;
}

static void check_lost(struct engine *g, const struct suspects *lost)
{
	if (lost->n > 0)
		usleep(LOST_PATIENCE_US);
	for (size_t i = 0; i < lost->n; i++) {
		struct suspect s = lost->v[i];
		struct ctrd_task t;
		struct err e = { 0 };

		if (ctrd_task_get(g, s.c->id, NULL, &t, &e) < 0 && e.kind == ERR_NOT_FOUND)
			ended(&s, container_end_untold(s.c, s.pid));
	}
}

static void check_containers(struct engine *g, bool patient)
{
	_cleanup_arena_ struct arena a = { 0 };
	struct suspects running = running_by_our_books(g, &a);
	struct ctrd_tasks tasks;
	struct err e = { 0 };

	if (running.n > 0 && ctrd_task_list(g, &a, &tasks, &e) < 0)
		log_warn_of(&e, "list containerd's tasks");
	else
		check_suspects(&running, &tasks);
	if (patient && !e.kind)
		check_lost(g, &running);
	for (size_t i = 0; i < running.n; i++)
		container_unref(running.v[i].c);
}

/* An exec that has ended while nobody listened. One that is not there yet is just being started. */
static void check_exec(struct engine *g, struct exec *x)
{
	struct ctrd_exit exit;
	struct ctrd_task t;
	struct err e = { 0 };
	bool running;

	pthread_mutex_lock(&x->lock);
	running = x->status == EXEC_RUNNING;
	pthread_mutex_unlock(&x->lock);
	if (ctrd_task_get(g, x->container->id, x->id, &t, &e) == 0) {
		if (t.status != CTRD_TASK_STOPPED)
			return;
		exit = t.exit;
	} else {
		if (e.kind != ERR_NOT_FOUND || !running)
			return;
		exit = container_end_untold(x->container, 0);
	}
	exec_exited(x, &exit);
}

static void check_execs(struct engine *g)
{
	_cleanup_arena_ struct arena a = { 0 };
	struct strs ids = execs_started(g->execs, &a);

	for (size_t i = 0; i < ids.n; i++) {
		_cleanup_exec_ struct exec *x = execs_find(g->execs, ids.v[i], NULL);

		if (x)
			check_exec(g, x);
	}
}

/* A removal that failed, be it because containerd was away for long, is tried again. */
static void retry_removals(struct engine *g)
{
	_cleanup_arena_ struct arena a = { 0 };
	_cleanup_list_ struct container_list l = containers_list(g->containers, &a);

	for (size_t i = 0; i < l.n; i++) {
		struct container_state s;
		struct err e = { 0 };

		container_get_state(l.v[i], &s);
		if (s.status == CONTAINER_DEAD &&
		    container_remove(l.v[i], false, s.removing_volumes, &e) < 0)
			log_error_of(&e, "remove container %s", l.v[i]->id);
	}
}

void recover_missed_exits(struct engine *g, bool patient)
{
	check_containers(g, patient);
	check_execs(g);
	retry_removals(g);
}
