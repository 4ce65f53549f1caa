/* One op after the other for each process. See op.h. */
#include "shim/op.h"

#include "base/proc.h"
#include "rpc/wkt.h"

void args_add(struct args *a, const char *arg)
{
	if (arg)
		a->v[a->n++] = arg;
}

/* ---- the queue ---- */

static int check_state(const struct op *op, struct err *e)
{
	const struct process *p = op->process;

	if (op->type->states & (1U << p->state))
		return 0;
	return err_set(e, ERR_PRECONDITION, "cannot %s a %s process", op->type->verb,
	               process_state_name(p->state));
}

static int begin(struct op *op, struct err *e)
{
	if (check_state(op, e) < 0)
		return -1;
	return op->type->begin ? op->type->begin(op, e) : op_command(op, NULL, e);
}

/* Begins ops until one has something to wait for. */
static void run_queue(struct process *p)
{
	struct op *op = p->ops;
	struct err e = { 0 };
	int r;

	if (!op)
		return;
	r = begin(op, &e);
	if (r != RPC_LATER)
		op_done(op, r < 0 ? &e : NULL);
}

int op_submit(const struct op_type *type, struct process *p, struct rpc_call *call, const void *req)
{
	struct arena *a = rpc_call_arena(call);
	struct op *op = arena_new(a, struct op), **last = &p->ops;

	*op = (struct op){
		.type = type,
		.process = p,
		.call = call,
		.req = req,
		.resp = pb_message_new(a, rpc_call_method(call)->resp),
	};
	while (*last)
		last = &(*last)->next;
	*last = op;
	if (p->ops == op)
		run_queue(p);
	return RPC_LATER;
}

void op_done(struct op *op, const struct err *e)
{
	struct process *p = op->process;

	p->ops = op->next;
	rpc_call_finish(op->call, op->resp, e);
	run_queue(p);
}

void op_last(struct op *op, const struct err *e)
{
	struct process *p = op->process;
	struct err gone;

	err_set(&gone, ERR_NOT_FOUND, "process was deleted");
	for (struct op *o = op->next, *next; o; o = next) {
		next = o->next;
		rpc_call_finish(o->call, NULL, &gone);
	}
	p->ops = NULL;
	rpc_call_finish(op->call, op->resp, e);
}

/* ---- commands ---- */

static void on_command_done(void *arg, const struct err *failed)
{
	struct op *op = arg;
	struct err e = { 0 };
	int r = failed ? -1 : 0;

	if (failed)
		e = *failed;
	if (op->type->end)
		r = op->type->end(op, failed, &e);
	if (r != RPC_LATER)
		op_done(op, r < 0 ? &e : NULL);
}

int op_command(struct op *op, const int *fd, struct err *e)
{
	static const int no_streams[] = { PROC_NULL, PROC_NULL, PROC_INHERIT };
	struct container *container = op->process->container;
	struct args args = { 0 };
	struct runc_command c = {
		.args = args.v,
		.what = op->type->what,
		.done = on_command_done,
		.arg = op,
	};

	memcpy(c.fd, fd ? fd : no_streams, sizeof(c.fd));
	args_add(&args, op->type->verb);
	if (op->type->args)
		op->type->args(op, &args);
	else
		args_add(&args, container->id);
	return runc_run(&container->runc, &c, e) < 0 ? -1 : RPC_LATER;
}

static void on_streams_ready(void *arg, const struct err *failed)
{
	struct op *op = arg;
	const struct io *io = op->process->io;
	const int fd[] = { io_child(io, 0), io_child(io, 1), io_child(io, 2) };
	struct err e = { 0 };

	if (failed)
		on_command_done(op, failed);
	else if (op_command(op, fd, &e) < 0)
		on_command_done(op, &e);
}

int op_launch(struct op *op, struct err *e)
{
	struct process *p = op->process;
	struct shim *s = p->container->shim;
	struct io_config c = {
		.in = p->in,
		.out = p->out,
		.err = p->err,
		.terminal = p->terminal,
		.uid = (uid_t)p->container->options.io_uid,
		.gid = (gid_t)p->container->options.io_gid,
		.socket_dir = s->socket_dir,
		.reaper = s->reaper,
		.id = p->container->id,
		.ns = s->args->ns,
	};

	p->io = io_new(s->loop, &c, e);
	if (!p->io)
		return -1;
	p->starting = true;
	io_when_ready(p->io, on_streams_ready, op);
	return RPC_LATER;
}
