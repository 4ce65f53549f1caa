/* The registry of tasks. See task.h. */
#include "containerd/task.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>
#include "base/fd.h"
#include "base/file.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/map.h"
#include "base/mem.h"
#include "containerd/bundle.h"
#include "containerd/tasks_internal.h"

static struct task reserved; /* stands for a task that is being made, or cleaned up after */

struct tasks *tasks_new(struct daemon *d)
{
	struct tasks *t = xalloc(sizeof(*t));

	t->d = d;
	pthread_mutex_init(&t->lock, NULL);
	return t;
}

static const char *key_of(struct arena *a, const char *ns, const char *id)
{
	return arena_printf(a, "%s/%s", ns, id);
}

int tasks_reserve(struct tasks *t, const char *ns, const char *id, struct err *e)
{
	_cleanup_arena_ struct arena a = { 0 };
	const char *key = key_of(&a, ns, id);
	bool taken;

	pthread_mutex_lock(&t->lock);
	taken = map_get(&t->map, key) != NULL;
	if (!taken)
		map_set(&t->map, key, &reserved);
	pthread_mutex_unlock(&t->lock);
	return taken ? err_set(e, ERR_ALREADY_EXISTS, "task %s: already exists", id) : 0;
}

void tasks_release(struct tasks *t, const char *ns, const char *id)
{
	_cleanup_arena_ struct arena a = { 0 };

	pthread_mutex_lock(&t->lock);
	map_remove(&t->map, key_of(&a, ns, id));
	pthread_mutex_unlock(&t->lock);
}

/* ---- one task ---- */

struct task *task_open(struct daemon *d, const char *ns, const char *id, const char *binary,
                       const char *address, struct err *e)
{
	_cleanup_arena_ struct arena a = { 0 };
	const char *bundle = bundle_path(d->config, &a, ns, id);
	struct ttrpc_client *shim = ttrpc_client_new(address, e);
	struct task *task;

	if (!shim)
		return NULL;
	task = xalloc(sizeof(*task));
	task->d = d;
	task->ns = strdup(ns);
	task->id = strdup(id);
	task->bundle = strdup(bundle);
	task->binary = strdup(binary);
	task->shim = shim;
	task->refs = 1;
	/* For writing too: it must not end when the shim goes. */
	task->log = open(path_join(&a, bundle, "log"), O_RDWR | O_NONBLOCK | O_CLOEXEC);
	return task;
}

static void task_free(struct task *task)
{
	ttrpc_client_free(task->shim);
	fd_close(&task->log);
	free(task->ns);
	free(task->id);
	free(task->bundle);
	free(task->binary);
	free(task);
}

struct task *task_ref(struct task *task)
{
	struct tasks *t = task->d->tasks;

	pthread_mutex_lock(&t->lock);
	task->refs++;
	pthread_mutex_unlock(&t->lock);
	return task;
}

void task_unref(struct task *task)
{
	struct tasks *t = task->d->tasks;
	bool last;

	pthread_mutex_lock(&t->lock);
	last = --task->refs == 0;
	pthread_mutex_unlock(&t->lock);
	if (last)
		task_free(task);
}

struct shim_command task_command(const struct task *task)
{
	return (struct shim_command){ .d = task->d,
		                      .ns = task->ns,
		                      .id = task->id,
		                      .bundle = task->bundle,
		                      .binary = task->binary };
}

int task_call(struct task *task, enum rpc_method_id method, const void *req, int64_t timeout_ms,
              struct arena *a, void **resp, struct err *e)
{
	struct ttrpc_opts o = { .ns = task->ns, .timeout_ms = timeout_ms };

	return ttrpc_call(task->shim, &o, method, req, a, resp, e);
}

bool task_shares_shim(const struct task *task)
{
	struct tasks *t = task->d->tasks;
	const char *key, *path = ttrpc_client_path(task->shim);
	bool found = false;
	void *value;

	pthread_mutex_lock(&t->lock);
	for (size_t i = 0; !found && map_next(&t->map, &i, &key, &value);) {
		const struct task *other = value;

		found = other != &reserved && other != task &&
		        str_eq(ttrpc_client_path(other->shim), path);
	}
	pthread_mutex_unlock(&t->lock);
	return found;
}

/* ---- watching: the I/O thread ---- */

static void on_log(void *arg, int fd, unused_arg uint32_t events)
{
	char chunk[4096];
	ssize_t n = read(fd, chunk, sizeof(chunk));
	struct err ignored = { 0 };

	(void)arg;
	if (n > 0 && fd_write_all(STDERR_FILENO, chunk, (size_t)n, &ignored) < 0)
		log_warn_of(&ignored, "copy the log of a shim");
}

static void on_shim_gone(void *arg, unused_arg int fd, unused_arg uint32_t events)
{
	struct task *task = arg;

	loop_remove(task->shim_source);
	task->shim_source = NULL;
	workers_run(task->d->workers, task_bury, task_ref(task));
}

static void watch(void *arg)
{
	struct task *task = arg;
	struct loop *l = task->d->loop;
	struct err e = { 0 };
	bool gone;

	pthread_mutex_lock(&task->d->tasks->lock);
	gone = task->gone;
	pthread_mutex_unlock(&task->d->tasks->lock);
	if (!gone) {
		task->shim_source = loop_add(l, ttrpc_client_fd(task->shim), EPOLLIN | EPOLLRDHUP,
		                             on_shim_gone, task, &e);
		if (task->log >= 0)
			task->log_source = loop_add(l, task->log, EPOLLIN, on_log, task, &e);
	}
	task_unref(task);
}

/* The loop's own reference ends here; posted after the task was taken out. */
static void unwatch(void *arg)
{
	struct task *task = arg;

	loop_remove(task->shim_source);
	loop_remove(task->log_source);
	task->shim_source = task->log_source = NULL;
	task_unref(task);
}

void task_add(struct task *task)
{
	_cleanup_arena_ struct arena a = { 0 };
	struct tasks *t = task->d->tasks;

	pthread_mutex_lock(&t->lock);
	task->refs++; /* the caller's stays; this one is the registry's */
	map_set(&t->map, key_of(&a, task->ns, task->id), task);
	pthread_mutex_unlock(&t->lock);
	loop_post(task->d->loop, watch, task_ref(task));
}

bool task_take_out(struct task *task)
{
	_cleanup_arena_ struct arena a = { 0 };
	struct tasks *t = task->d->tasks;
	bool mine;

	pthread_mutex_lock(&t->lock);
	mine = !task->gone;
	task->gone = true;
	if (mine)
		map_set(&t->map, key_of(&a, task->ns, task->id), &reserved);
	pthread_mutex_unlock(&t->lock);
	if (mine)
		loop_post(task->d->loop, unwatch, task); /* with the registry's reference */
	return mine;
}

/* ---- finding ---- */

struct task *tasks_find(struct tasks *t, const char *ns, const char *id, struct err *e)
{
	_cleanup_arena_ struct arena a = { 0 };
	struct task *task;

	pthread_mutex_lock(&t->lock);
	task = map_get(&t->map, key_of(&a, ns, id));
	if (task == &reserved)
		task = NULL;
	if (task)
		task->refs++;
	pthread_mutex_unlock(&t->lock);
	if (!task)
		err_set(e, ERR_NOT_FOUND, "task %s not found: not found", id);
	return task;
}

struct task **tasks_all(struct tasks *t, struct arena *a, const char *ns, size_t *n)
{
	struct {
		size_t n;
		struct task **v;
	} list = { 0 };
	const char *key;
	void *value;

	pthread_mutex_lock(&t->lock);
	for (size_t i = 0; map_next(&t->map, &i, &key, &value);) {
		struct task *task = value;

		if (task == &reserved || !str_eq(task->ns, ns))
			continue;
		task->refs++;
		arena_push(a, &list, task);
	}
	pthread_mutex_unlock(&t->lock);
	*n = list.n;
	return list.v;
}
