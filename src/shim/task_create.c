/* Create: a container that is set up and waits to be started. */
#include "base/file.h"
#include "base/log.h"
#include "base/proc.h"
#include "proto/shim.pb-c.h"
#include "rpc/wkt.h"
#include "shim/events.h"
#include "shim/op.h"
#include "shim/rootfs.h"
#include "shim/task.h"

/* A create that failed with something of the container there, which the runtime deletes first. */
struct failure {
	struct op *op;
	struct err why;
};

static int discard(struct op *op, const struct err *why);

/* Nothing of the container stays. */
static int create_failed(struct op *op, const struct err *e)
{
	struct container *c = op->process->container;
	struct err left = { 0 };

	if (rootfs_unmount(c->bundle, &left) < 0)
		log_warn_of(&left, "container %s", c->id);
	op_last(op, e);
	container_free(c);
	return RPC_LATER;
}

static void on_discarded(void *arg, const struct err *e)
{
	struct failure *f = arg;

	if (e && ++f->op->tries < RUNC_DELETE_TRIES) {
		discard(f->op, &f->why);
		return;
	}
	if (e)
		log_warn_of(e, "discard a container that could not be set up");
	create_failed(f->op, &f->why);
}

/* The runtime has made a container that we could not take over, or was killed while it did. */
static int discard(struct op *op, const struct err *why)
{
	struct container *c = op->process->container;
	struct failure *f = arena_new(rpc_call_arena(op->call), struct failure);
	const char *const args[] = { "delete", "--force", c->id, NULL };
	struct runc_command delete_it = {
		.args = args,
		.what = "OCI runtime delete failed",
		.fd = { PROC_NULL, PROC_NULL, PROC_NULL },
		.done = on_discarded,
		.arg = f,
	};
	struct err e = { 0 };

	*f = (struct failure){ op, *why };
	if (runc_run(&c->runc, &delete_it, &e) == 0)
		return RPC_LATER;
	log_warn_of(&e, "container %s", c->id);
	return create_failed(op, why);
}

/* A runtime that fails removes its state; one that is killed cannot. */
static bool left_something(struct op *op)
{
	const struct container *c = op->process->container;

	return path_exists(path_join(rpc_call_arena(op->call), c->runc.root, c->id));
}

static const char *pid_file(struct op *op)
{
	return path_join(rpc_call_arena(op->call), op->process->container->bundle, "init.pid");
}

static void create_args(struct op *op, struct args *a)
{
	const struct container *c = op->process->container;
	const char *console = io_console_socket(c->init.io);

	args_add(a, "--bundle");
	args_add(a, c->bundle);
	args_add(a, "--pid-file");
	args_add(a, pid_file(op));
	args_add(a, console ? "--console-socket" : NULL);
	args_add(a, console);
	args_add(a, c->options.no_pivot_root ? "--no-pivot" : NULL);
	args_add(a, c->options.no_new_keyring ? "--no-new-keyring" : NULL);
	args_add(a, c->id);
}

static int create_begin(struct op *op, struct err *e)
{
	const Shim__CreateTaskRequest *req = op->req;
	struct container *c = op->process->container;

	if (options_save(c->bundle, &c->options, e) < 0 ||
	    (c->runc.hold = bundle_hold(c->bundle, e)) < 0 ||
	    rootfs_mount(c->bundle, req->rootfs, req->n_rootfs, e) < 0 || op_launch(op, e) < 0)
		return create_failed(op, e);
	return RPC_LATER;
}

static int create_end(struct op *op, const struct err *failed, struct err *e)
{
	const Shim__CreateTaskRequest *req = op->req;
	Shim__CreateTaskResponse *resp = op->resp;
	struct process *p = op->process;
	struct container *c = p->container;

	if (failed)
		return left_something(op) ? discard(op, failed) : create_failed(op, failed);
	if (process_adopt(p, pid_file(op), e) < 0)
		return discard(op, e);
	container_created(c);
	p->state = PROCESS_CREATED;
	p->starting = false;
	pb_set(resp, pid, (uint32_t)p->pid);
	event_create(p, req->rootfs, req->n_rootfs);
	process_check_end(p);
	return 0;
}

static const struct op_type create_op = {
	.verb = "create",
	.what = "OCI runtime create failed",
	.states = 1U << PROCESS_NEW,
	.args = create_args,
	.begin = create_begin,
	.end = create_end,
};

int task_create(struct rpc_call *call, const void *request, unused_arg void *resp, struct err *e)
{
	const Shim__CreateTaskRequest *req = request;
	struct shim *s = rpc_call_user(call);
	struct runc_options o;
	struct container *c;

	if (s->shutdown)
		return err_set(e, ERR_UNAVAILABLE, "the shim is about to go");
	if (str_empty(req->id) || str_empty(req->bundle))
		return err_set(e, ERR_INVALID, "a task needs an id and a bundle");
	if (map_get(&s->containers, req->id))
		return err_set(e, ERR_ALREADY_EXISTS, "container %s", req->id);
	if (!str_empty(req->checkpoint))
		return err_set(e, ERR_UNIMPLEMENTED, "restoring a checkpoint is not there yet");
	if (options_from_any(rpc_call_arena(call), req->options, &o, e) < 0)
		return -1;
	c = container_new(s, req->id, req->bundle, &o);
	process_take_streams(&c->init, req->terminal, req->stdin, req->stdout, req->stderr);
	return op_submit(&create_op, &c->init, call, req);
}
