/* The beginning and the end of a task. See task_create.h. */
#include "containerd/task_create.h"

#include <poll.h>
#include "base/log.h"
#include "containerd/bundle.h"
#include "containerd/containers.h"
#include "containerd/request.h"
#include "containerd/task.h"
#include "proto/shim.pb-c.h"
#include "rpc/wkt.h"

#define SHUTDOWN_TIMEOUT_MS 3000

/* What the runtime is told: the request's options, else the container's. */
static Google__Any *options_of(const Tasks__CreateTaskRequest *req, const Containers__Container *c)
{
	return req->options ? req->options : c->runtime->options;
}

static struct task *start(const struct shim_command *c, struct arena *a, const Google__Any *options,
                          struct err *e)
{
	struct slice packed = options ? pb_pack(a, options) : (struct slice){ "", 0 };
	const char *address = shim_start(c, a, packed, e);
	struct task *task;

	if (!address || bundle_write(c->bundle, "shim-binary-path", c->binary, e) < 0 ||
	    bundle_write(c->bundle, "address", address, e) < 0)
		return NULL;
	task = task_open(c->d, c->ns, c->id, c->binary, address, e);
	if (!task)
		err_wrap(e, "connect to shim");
	return task;
}

static int create_in_shim(struct task *task, struct arena *a, const Tasks__CreateTaskRequest *req,
                          Google__Any *options, uint32_t *pid, struct err *e)
{
	Shim__CreateTaskRequest out = SHIM__CREATE_TASK_REQUEST__INIT;
	Shim__CreateTaskResponse *resp;

	out.id = task->id;
	out.bundle = task->bundle;
	out.n_rootfs = req->n_rootfs;
	out.rootfs = req->rootfs;
	pb_set(&out, terminal, req->terminal);
	out.stdin = req->stdin;
	out.stdout = req->stdout;
	out.stderr = req->stderr;
	out.options = options;
	if (task_call(task, RPC_TASK_V2_CREATE, &out, 0, a, (void **)&resp, e) < 0)
		return err_wrap(e, "failed to create shim task");
	*pid = resp->pid;
	return 0;
}

static bool is_gone(const struct task *task, int timeout_ms)
{
	struct pollfd p = { .fd = ttrpc_client_fd(task->shim), .events = POLLIN };

	return poll(&p, 1, timeout_ms) > 0;
}

static void let_shim_go(struct task *task)
{
	if (!task_shares_shim(task) && !task_shutdown(task, SHUTDOWN_TIMEOUT_MS))
		log_warn("shim of %s is still there after its shutdown", task->id);
}

/* One whose `start` failed may have come up all the same. */
static void dismiss_shim(const struct shim_command *c, struct task *task, struct arena *a)
{
	struct err e = { 0 };

	if (!task)
		task = task_open(c->d, c->ns, c->id, c->binary, shim_default_address(c, a), &e);
	if (!task)
		return;
	let_shim_go(task);
	task_unref(task);
}

/*
 * A create that failed. Whether the shim has undone it is known of none: it may have been killed at any
 * moment. So its program ends what there is of the container.
 */
static void undo(const struct shim_command *c, struct task *task)
{
	_cleanup_arena_ struct arena a = { 0 };
	struct err e = { 0 };

	dismiss_shim(c, task, &a);
	if (!shim_delete(c, &a, &e))
		log_warn_of(&e, "undo create of task %s", c->id);
	shim_remove_socket(c);
	if (bundle_remove(c->d->config, c->ns, c->id, &e) < 0)
		log_warn_of(&e, "undo create of task %s", c->id);
}

static int create(const struct shim_command *c, struct arena *a,
                  const Tasks__CreateTaskRequest *req, Google__Any *options, uint32_t *pid,
                  struct err *e)
{
	struct task *task = start(c, a, options, e);

	if (task && create_in_shim(task, a, req, options, pid, e) == 0) {
		task_add(task);
		task_unref(task);
		return 0;
	}
	undo(c, task);
	return -1;
}

static int prepare_and_create(struct shim_command *c, struct arena *a,
                              const Containers__Container *container,
                              const Tasks__CreateTaskRequest *req, uint32_t *pid, struct err *e)
{
	const Google__Any *spec = container->spec;
	const char *runtime =
	        str_empty(req->runtime_path) ? container->runtime->name : req->runtime_path;

	c->binary = shim_binary(a, runtime, e);
	if (!c->binary ||
	    bundle_create(c->d->config, c->ns, c->id,
	                  (struct slice){ (const char *)spec->value.data, spec->value.len }, e) < 0)
		return -1;
	return create(c, a, req, options_of(req, container), pid, e);
}

int task_create(struct daemon *d, struct arena *a, const char *ns,
                const Tasks__CreateTaskRequest *req, uint32_t *pid, struct err *e)
{
	const char *id = field_text(req->container_id);
	struct shim_command c = {
		.d = d, .ns = ns, .id = id, .bundle = bundle_path(d->config, a, ns, id)
	};
	Containers__Container *container;

	if (req->checkpoint && !str_empty(req->checkpoint->digest))
		return err_set(e, ERR_UNIMPLEMENTED,
		               "restore from a checkpoint is not there yet: not implemented");
	container = container_find(d, a, ns, id, e);
	if (!container || tasks_reserve(d->tasks, ns, id, e) < 0)
		return -1;
	if (prepare_and_create(&c, a, container, req, pid, e) == 0)
		return 0;
	tasks_release(d->tasks, ns, id);
	return -1;
}

/* ---- the end ---- */

bool task_shutdown(struct task *task, int patience_ms)
{
	_cleanup_arena_ struct arena a = { 0 };
	Shim__ShutdownRequest req = SHIM__SHUTDOWN_REQUEST__INIT;
	struct err e = { 0 };
	void *resp;

	req.id = task->id;
	if (task_call(task, RPC_TASK_V2_SHUTDOWN, &req, SHUTDOWN_TIMEOUT_MS, &a, &resp, &e) < 0 &&
	    e.kind != ERR_UNAVAILABLE)
		log_warn_of(&e, "shut down the shim of %s", task->id);
	return is_gone(task, patience_ms);
}

/* The shim is waited for: a second Create under the same name must not meet the old one. */
void task_dismiss(struct task *task)
{
	struct shim_command c = task_command(task);
	struct err e = { 0 };

	let_shim_go(task);
	shim_remove_socket(&c);
	if (bundle_remove(task->d->config, task->ns, task->id, &e) < 0)
		log_warn_of(&e, "delete task %s", task->id);
}
