/*
 * Delete: the process must be dead, its output read, and for a container the runtime's state, the
 * mounts and everything else gone before the answer.
 */
#include <signal.h>
#include "base/log.h"
#include "base/proc.h"
#include "proto/shim.pb-c.h"
#include "rpc/wkt.h"
#include "shim/events.h"
#include "shim/op.h"
#include "shim/rootfs.h"
#include "shim/task.h"

/* How long a deletion waits for a terminal's last bytes to be read. */
#define DRAIN_MS 2000

static void fill_delete_response(struct op *op)
{
	struct process *p = op->process;
	Shim__DeleteResponse *resp = op->resp;

	pb_set(resp, pid, (uint32_t)p->pid);
	pb_set(resp, exit_status, p->exit_status);
	resp->exited_at = wkt_timestamp(rpc_call_arena(op->call), p->exited_at);
}

static void delete_exec(struct op *op)
{
	struct process *p = op->process;

	fill_delete_response(op);
	op_last(op, NULL);
	process_free(p);
}

static void delete_drained(void *arg)
{
	struct op *op = arg;
	struct process *p = op->process;
	struct err e = { 0 };

	loop_remove(take_ptr(op->timer));
	if (p->io)
		(void)io_drained(p->io, NULL, NULL);
	if (p->exec_id)
		delete_exec(op);
	else if (op_command(op, NULL, &e) < 0)
		op_done(op, &e);
}

static void on_drain_late(void *arg)
{
	struct op *op = arg;

	op->timer = NULL;
	delete_drained(op);
}

static void delete_dead(struct op *op)
{
	struct process *p = op->process;

	if (p->io && !io_drained(p->io, delete_drained, op))
		op->timer = loop_timer(p->container->shim->loop, DRAIN_MS, on_drain_late, op);
	else
		delete_drained(op);
}

/* One that was created but never started is killed first. */
static int delete_begin(struct op *op, unused_arg struct err *e)
{
	struct process *p = op->process;

	if (p->state == PROCESS_STOPPED || !p->pid) {
		delete_dead(op);
		return RPC_LATER;
	}
	p->on_end = delete_dead;
	if (!p->dead)
		kill(p->pid, SIGKILL);
	return RPC_LATER;
}

static void forget_container(struct container *c)
{
	struct exit_record record = {
		.pid = c->init.pid,
		.exit_status = c->init.exit_status,
		.exited_at = c->init.exited_at,
		.deleted = true,
	};
	struct err e = { 0 };

	if (rootfs_unmount(c->bundle, &e) < 0)
		log_warn_of(&e, "container %s", c->id);
	if (exit_record_save(c->bundle, &record, &e) < 0)
		log_warn_of(&e, "container %s", c->id);
}

static int delete_end(struct op *op, const struct err *failed, struct err *e)
{
	struct process *p = op->process;
	struct shim *s = p->container->shim;

	if (failed && !strstr(failed->text, "does not exist"))
		return ++op->tries < RUNC_DELETE_TRIES ? op_command(op, NULL, e) : -1;
	forget_container(p->container);
	event_delete(p);
	fill_delete_response(op);
	op_last(op, NULL);
	container_free(p->container);
	shim_check_end(s);
	return RPC_LATER;
}

static const struct op_type delete_op = {
	.verb = "delete",
	.what = "OCI runtime delete failed",
	.states = 1U << PROCESS_CREATED | 1U << PROCESS_STOPPED,
	.begin = delete_begin,
	.end = delete_end,
};

int task_delete(struct rpc_call *call, const void *request, unused_arg void *resp, struct err *e)
{
	const Shim__DeleteRequest *req = request;
	struct process *p = process_find(rpc_call_user(call), req->id, req->exec_id, e);

	return p ? op_submit(&delete_op, p, call, req) : -1;
}
