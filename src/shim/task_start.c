/*
 * Exec and Start. Exec only notes what to run; Start lets the container's program run, or makes the
 * exec's process.
 */
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>
#include "base/file.h"
#include "base/proc.h"
#include "proto/shim.pb-c.h"
#include "rpc/wkt.h"
#include "shim/events.h"
#include "shim/op.h"
#include "shim/task.h"

/* ---- Exec ---- */

int task_exec(struct rpc_call *call, const void *request, unused_arg void *resp, struct err *e)
{
	const Shim__ExecProcessRequest *req = request;
	struct container *c = container_find(rpc_call_user(call), req->id, e);
	struct process *p;

	if (!c)
		return -1;
	if (str_empty(req->exec_id) || strchr(req->exec_id, '/') || !req->spec)
		return err_set(e, ERR_INVALID, "an exec needs an id and a process");
	if (map_get(&c->execs, req->exec_id))
		return err_set(e, ERR_ALREADY_EXISTS, "id %s", req->exec_id);
	if (c->init.state == PROCESS_PAUSED || c->init.state == PROCESS_STOPPED)
		return err_set(e, ERR_PRECONDITION, "cannot exec in a %s state",
		               process_state_name(c->init.state));
	p = process_new(c, req->exec_id);
	process_take_streams(p, req->terminal, req->stdin, req->stdout, req->stderr);
	p->spec.data = arena_memdup(&p->arena, req->spec->value.data, req->spec->value.len);
	p->spec.len = req->spec->value.len;
	p->state = PROCESS_CREATED;
	event_exec_added(p);
	return 0;
}

/* ---- Start: the start is announced before the end, however soon that comes ---- */

static int start_failed(struct op *op)
{
	struct process *p = op->process;

	p->starting = false;
	process_check_end(&p->container->init);
	return -1;
}

static void start_succeeded(struct op *op)
{
	struct process *p = op->process;
	Shim__StartResponse *resp = op->resp;

	p->state = PROCESS_RUNNING;
	p->starting = false;
	pb_set(resp, pid, (uint32_t)p->pid);
	event_start(p);
	container_started(p->container);
	process_check_end(p);
}

/* ---- of a container: its init process exists and waits ---- */

static int init_start_begin(struct op *op, struct err *e)
{
	op->process->starting = true;
	return op_command(op, NULL, e) < 0 ? start_failed(op) : RPC_LATER;
}

static int init_start_end(struct op *op, const struct err *failed, unused_arg struct err *e)
{
	if (failed)
		return start_failed(op);
	start_succeeded(op);
	return 0;
}

static const struct op_type init_start_op = {
	.verb = "start",
	.what = "OCI runtime start failed",
	.states = 1U << PROCESS_CREATED,
	.begin = init_start_begin,
	.end = init_start_end,
};

/* ---- of an exec: its process is made now ---- */

/* A file in the bundle that belongs to an exec: EXEC_ID.pid and EXEC_ID-process.json. */
static char *exec_file(struct arena *a, const struct process *p, const char *suffix)
{
	return arena_printf(a, "%s/%s%s", p->container->bundle, p->exec_id, suffix);
}

static void exec_args(struct op *op, struct args *a)
{
	struct arena *arena = rpc_call_arena(op->call);
	const struct process *p = op->process;
	const char *console = io_console_socket(p->io);

	args_add(a, "--process");
	args_add(a, exec_file(arena, p, "-process.json"));
	args_add(a, "--detach");
	args_add(a, "--pid-file");
	args_add(a, exec_file(arena, p, ".pid"));
	args_add(a, console ? "--console-socket" : NULL);
	args_add(a, console);
	args_add(a, p->container->id);
}

static void remove_exec_files(struct op *op)
{
	struct arena *a = rpc_call_arena(op->call);

	unlink(exec_file(a, op->process, "-process.json"));
	unlink(exec_file(a, op->process, ".pid"));
}

static int exec_start_failed(struct op *op)
{
	struct process *p = op->process;

	remove_exec_files(op);
	io_free(take_ptr(p->io));
	return start_failed(op);
}

static int exec_start_begin(struct op *op, struct err *e)
{
	const struct process *p = op->process;
	const char *spec = exec_file(rpc_call_arena(op->call), p, "-process.json");

	if (file_write(AT_FDCWD, spec, p->spec.data, p->spec.len, 0600, e) < 0 ||
	    op_launch(op, e) < 0)
		return exec_start_failed(op);
	return RPC_LATER;
}

static int exec_start_end(struct op *op, const struct err *failed, struct err *e)
{
	struct process *p = op->process;

	if (failed)
		return exec_start_failed(op);
	if (process_adopt(p, exec_file(rpc_call_arena(op->call), p, ".pid"), e) < 0) {
		if (p->pid && !p->dead)
			kill(p->pid, SIGKILL);
		return exec_start_failed(op);
	}
	remove_exec_files(op);
	start_succeeded(op);
	return 0;
}

static const struct op_type exec_start_op = {
	.verb = "exec",
	.what = "OCI runtime exec failed",
	.states = 1U << PROCESS_CREATED,
	.args = exec_args,
	.begin = exec_start_begin,
	.end = exec_start_end,
};

/* ---- */

int task_start(struct rpc_call *call, const void *request, unused_arg void *resp, struct err *e)
{
	const Shim__StartRequest *req = request;
	struct process *p = process_find(rpc_call_user(call), req->id, req->exec_id, e);

	if (!p)
		return -1;
	return op_submit(p->exec_id ? &exec_start_op : &init_start_op, p, call, req);
}
