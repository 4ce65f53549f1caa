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
#include "shim/launch.h"
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
	launch_take_streams(p, req->terminal, req->stdin, req->stdout, req->stderr);
	p->spec.data = arena_memdup(&p->arena, req->spec->value.data, req->spec->value.len);
	p->spec.len = req->spec->value.len;
	p->state = PROCESS_CREATED;
	event_exec_added(p);
	return 0;
}

/* ---- Start ---- */

static int init_start_begin(struct op *op, struct err *e)
{
	const char *const args[] = { "start", op->process->container->id, NULL };
	struct runc_command c = {
		.args = args,
		.what = "OCI runtime start failed",
		.fd = { PROC_NULL, PROC_NULL, PROC_INHERIT },
	};

	op->process->starting = true;
	return op_command(op, &c, e);
}

/* Files in the bundle that belong to an exec: EXEC_ID.pid and EXEC_ID-process.json. */
static char *exec_file(struct arena *a, const struct process *p, const char *suffix)
{
	return arena_printf(a, "%s%s", p->exec_id, suffix);
}

static int exec_start_begin(struct op *op, struct err *e)
{
	struct arena *a = rpc_call_arena(op->call);
	struct process *p = op->process;
	const char *bundle = p->container->bundle;
	char *spec = path_join(a, bundle, exec_file(a, p, "-process.json"));
	struct args args = { 0 };

	if (file_write(AT_FDCWD, spec, p->spec.data, p->spec.len, 0600, e) < 0 ||
	    launch_open_streams(p, e) < 0)
		return -1;
	args_add(&args, "exec");
	args_add(&args, "--process");
	args_add(&args, spec);
	args_add(&args, "--detach");
	args_add(&args, "--pid-file");
	args_add(&args, path_join(a, bundle, exec_file(a, p, ".pid")));
	args_add(&args, io_console_socket(p->io) ? "--console-socket" : NULL);
	args_add(&args, io_console_socket(p->io));
	args_add(&args, p->container->id);
	return launch_command(op, &args, "OCI runtime exec failed", e);
}

static void remove_exec_files(struct arena *a, const struct process *p)
{
	const char *bundle = p->container->bundle;

	unlink(path_join(a, bundle, exec_file(a, p, "-process.json")));
	unlink(path_join(a, bundle, exec_file(a, p, ".pid")));
}

static int adopt_exec(struct op *op, struct err *e)
{
	struct process *p = op->process;

	if (launch_adopt(p, exec_file(rpc_call_arena(op->call), p, ".pid"), e) == 0)
		return 0;
	if (p->pid && !p->dead)
		kill(p->pid, SIGKILL);
	return -1;
}

static int start_failed(struct op *op)
{
	struct process *p = op->process;

	p->starting = false;
	if (p->exec_id) {
		remove_exec_files(rpc_call_arena(op->call), p);
		io_free(take_ptr(p->io));
	}
	process_check_end(p->exec_id ? &p->container->init : p);
	return -1;
}

static int start_begin(struct op *op, struct err *e)
{
	int r = op->process->exec_id ? exec_start_begin(op, e) : init_start_begin(op, e);

	return r < 0 ? start_failed(op) : r;
}

static int start_end(struct op *op, const struct err *failed, struct err *e)
{
	struct process *p = op->process;
	Shim__StartResponse *resp = op->resp;

	if (failed)
		*e = *failed;
	if (failed || (p->exec_id && adopt_exec(op, e) < 0))
		return start_failed(op);
	if (p->exec_id)
		remove_exec_files(rpc_call_arena(op->call), p);
	p->state = PROCESS_RUNNING;
	p->starting = false;
	pb_set(resp, pid, (uint32_t)p->pid);
	event_start(p);
	container_started(p->container);
	process_check_end(p);
	return 0;
}

static const struct op_type start_op = { "start", 1U << PROCESS_CREATED, 1U << PROCESS_CREATED,
	                                 start_begin, start_end };

int task_start(struct rpc_call *call, const void *request, unused_arg void *resp, struct err *e)
{
	const Shim__StartRequest *req = request;
	struct process *p = process_find(rpc_call_user(call), req->id, req->exec_id, e);

	return p ? op_submit(&start_op, p, call, req) : -1;
}
