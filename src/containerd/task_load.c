/*
 * At start: every bundle that an earlier life left has a shim that still runs, or one that is dead.
 * They are looked at in parallel, so that one that does not answer holds nobody up for longer than
 * its own time limit.
 */
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include "containerd/bundle.h"
#include "containerd/containers.h"
#include "containerd/task.h"
#include "containerd/task_create.h"
#include "proto/shim.pb-c.h"

#define CONNECT_TIMEOUT_MS 5000
#define SETTLE_MS          10000
#define SETTLE_STEP_MS     200

struct load {
	struct daemon *d;
	const char *ns;
	struct err *e;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	size_t running;
};

struct load_one {
	struct load *load;
	char *ns, *id;
};

/* Is the shim alive, and has it the container? */
static int ask(struct task *task, uint32_t *shim_pid, struct err *e)
{
	_cleanup_arena_ struct arena a = { 0 };
	Shim__ConnectRequest connect = SHIM__CONNECT_REQUEST__INIT;
	Shim__StateRequest state = SHIM__STATE_REQUEST__INIT;
	Shim__ConnectResponse *shim;
	void *resp;

	connect.id = state.id = task->id;
	if (task_call(task, RPC_TASK_V2_CONNECT, &connect, CONNECT_TIMEOUT_MS, &a, (void **)&shim,
	              e) < 0)
		return -1;
	*shim_pid = shim->shim_pid;
	return task_call(task, RPC_TASK_V2_STATE, &state, CONNECT_TIMEOUT_MS, &a, &resp, e);
}

static void kill_shim(const struct task *task, uint32_t pid)
{
	log_warn("shim of %s neither has a container nor goes: SIGKILL", task->id);
	if (pid > 1)
		kill((pid_t)pid, SIGKILL);
}

/*
 * A shim without its container was just starting, or is making it at this moment, when the earlier
 * life ended: either it goes when asked, or it soon has the container.
 */
static int settle(struct task *task, struct err *e)
{
	int64_t until = clock_mono_ms() + SETTLE_MS;
	uint32_t pid = 0;

	while (ask(task, &pid, e) < 0) {
		if (e->kind != ERR_NOT_FOUND || task_shutdown(task, SETTLE_STEP_MS))
			return -1;
		if (clock_mono_ms() > until) {
			kill_shim(task, pid);
			return -1;
		}
	}
	return 0;
}

static struct task *connect_shim(const struct shim_command *c, const char *address, struct err *e)
{
	struct task *task = task_open(c->d, c->ns, c->id, c->binary, address, e);

	if (task && settle(task, e) < 0) {
		task_unref(task);
		return NULL;
	}
	return task;
}

/* Which program the bundle's shim was; from its file, else from what the container asks for. */
static const char *find_binary(const struct shim_command *c, struct arena *a)
{
	struct err ignored = { 0 };
	const char *path = bundle_read(a, c->bundle, "shim-binary-path");
	Containers__Container *container;

	if (path)
		return path;
	container = container_find(c->d, a, c->ns, c->id, &ignored);
	return container ? shim_binary(a, container->runtime->name, &ignored) : NULL;
}

static void load_bundle(struct daemon *d, const char *ns, const char *id)
{
	_cleanup_arena_ struct arena a = { 0 };
	struct shim_command c = {
		.d = d, .ns = ns, .id = id, .bundle = bundle_path(d->config, &a, ns, id)
	};
	const char *address = bundle_read(&a, c.bundle, "address");
	struct err e = { 0 };
	struct task *task = NULL;

	c.binary = find_binary(&c, &a);
	if (!address) /* it may have come up without being able to tell */
		address = shim_default_address(&c, &a);
	if (c.binary)
		task = connect_shim(&c, address, &e);
	if (!task) {
		log_info("task %s in namespace %s: %s", id, ns, e.text);
		task_bury_bundle(&c);
		return;
	}
	task_add(task);
	task_unref(task);
}

/* ---- in parallel ---- */

static void run_one(void *arg)
{
	struct load_one *one = arg;
	struct load *l = one->load;

	load_bundle(l->d, one->ns, one->id);
	free(one->ns);
	free(one->id);
	free(one);
	pthread_mutex_lock(&l->lock);
	l->running--;
	pthread_cond_signal(&l->changed);
	pthread_mutex_unlock(&l->lock);
}

static int start_one(void *arg, unused_arg int dirfd, const char *name)
{
	struct load *l = arg;
	struct load_one *one;

	if (name[0] == '.')
		return 0;
	one = xalloc(sizeof(*one));
	*one = (struct load_one){ .load = l, .ns = strdup(l->ns), .id = strdup(name) };
	pthread_mutex_lock(&l->lock);
	l->running++;
	pthread_mutex_unlock(&l->lock);
	workers_run(l->d->workers, run_one, one);
	return 0;
}

static int load_namespace(void *arg, int dirfd, const char *name)
{
	struct load *l = arg;

	l->ns = name;
	return name[0] == '.' ? 0 : dir_each(dirfd, name, start_one, l, l->e);
}

int tasks_load(struct daemon *d, struct err *e)
{
	_cleanup_arena_ struct arena a = { 0 };
	struct load l = { .d = d,
		          .e = e,
		          .lock = PTHREAD_MUTEX_INITIALIZER,
		          .changed = PTHREAD_COND_INITIALIZER };
	const char *root = bundle_root(d->config, &a);
	int r;

	if (dir_make(root, 0711, e) < 0)
		return -1;
	r = dir_each(AT_FDCWD, root, load_namespace, &l, e);
	pthread_mutex_lock(&l.lock);
	while (l.running > 0)
		pthread_cond_wait(&l.changed, &l.lock);
	pthread_mutex_unlock(&l.lock);
	return r;
}
