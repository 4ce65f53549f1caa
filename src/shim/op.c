/* One op after the other for each process. See op.h. */
#include "shim/op.h"

#include "rpc/wkt.h"

static int check_state(const struct op *op, struct err *e)
{
	const struct process *p = op->process;
	unsigned allowed = p->exec_id ? op->type->exec_states : op->type->init_states;

	if (allowed & (1U << p->state))
		return 0;
	return err_set(e, ERR_PRECONDITION, "cannot %s a %s process", op->type->verb,
	               process_state_name(p->state));
}

/* Begins ops until one has something to wait for. */
static void run_queue(struct process *p)
{
	struct op *op = p->ops;
	struct err e = { 0 };
	int r;

	if (!op)
		return;
	r = check_state(op, &e) < 0 ? -1 : op->type->begin(op, &e);
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

static void on_command_done(void *arg, const struct err *failed)
{
	struct op *op = arg;
	struct err e = { 0 };
	int r = op->type->end(op, failed, &e);

	if (r != RPC_LATER)
		op_done(op, r < 0 ? &e : NULL);
}

int op_command(struct op *op, struct runc_command *c, struct err *e)
{
	c->done = on_command_done;
	c->arg = op;
	return runc_run(&op->process->container->runc, c, e) < 0 ? -1 : RPC_LATER;
}
