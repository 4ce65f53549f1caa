/* What is done to a living process: Kill, Pause, Resume, Update, ResizePty, CloseIO. */
#include <errno.h>
#include <signal.h>
#include <strings.h>
#include <sys/mman.h>
#include <unistd.h>
#include "base/fd.h"
#include "base/proc.h"
#include "proto/shim.pb-c.h"
#include "shim/events.h"
#include "shim/op.h"
#include "shim/task.h"

#define ALIVE (1U << PROCESS_CREATED | 1U << PROCESS_RUNNING | 1U << PROCESS_PAUSED)

/* ---- Kill ---- */

/* In the runtime's words a process that is gone already has several names. */
static int kill_end(unused_arg struct op *op, const struct err *failed, struct err *e)
{
	static const char *const gone[] = {
		"process already finished",
		"container not running",
		"no such process",
		"does not exist",
	};

	if (!failed)
		return 0;
	for (size_t i = 0; i < ARRAY_LEN(gone); i++)
		if (strcasestr(failed->text, gone[i]))
			return err_set(e, ERR_NOT_FOUND, "process already finished");
	return -1;
}

/*
 * The shim is the parent: until it has reaped a process, its pid is that process. So a signal for
 * one process needs no runtime, nor a turn in the queue: what hangs can be killed.
 */
static int kill_process(const struct process *p, int signo, struct err *e)
{
	if (p->dead)
		return err_set(e, ERR_NOT_FOUND, "process already finished");
	if (!p->pid)
		return err_set(e, ERR_PRECONDITION, "process not created");
	if (kill(p->pid, signo) < 0)
		return err_errno(e, errno, "send signal %d", signo);
	return 0;
}

static void kill_args(struct op *op, struct args *a)
{
	const Shim__KillRequest *req = op->req;

	args_add(a, req->all ? "--all" : NULL);
	args_add(a, op->process->container->id);
	args_add(a, arena_printf(rpc_call_arena(op->call), "%u", req->signal));
}

static const struct op_type kill_op = {
	.verb = "kill",
	.what = "OCI runtime kill failed",
	.states = ALIVE | 1U << PROCESS_STOPPED,
	.args = kill_args,
	.end = kill_end,
};

int task_kill(struct rpc_call *call, const void *request, unused_arg void *resp, struct err *e)
{
	const Shim__KillRequest *req = request;
	struct process *p = process_find(rpc_call_user(call), req->id, req->exec_id, e);

	if (!p)
		return -1;
	/* All of them, or a frozen one that must thaw to die: the runtime knows how. */
	if (!p->exec_id && (req->all || (p->state == PROCESS_PAUSED && req->signal == SIGKILL)))
		return op_submit(&kill_op, p, call, req);
	return kill_process(p, (int)req->signal, e);
}

/* ---- Pause and Resume ---- */

static int pause_end(struct op *op, const struct err *failed, unused_arg struct err *e)
{
	if (failed)
		return -1;
	if (op->process->state == PROCESS_RUNNING)
		op->process->state = PROCESS_PAUSED;
	event_paused(op->process);
	return 0;
}

static const struct op_type pause_op = {
	.verb = "pause",
	.what = "OCI runtime pause failed",
	.states = 1U << PROCESS_RUNNING,
	.end = pause_end,
};

int task_pause(struct rpc_call *call, const void *request, unused_arg void *resp, struct err *e)
{
	const Shim__PauseRequest *req = request;
	struct process *p = process_find(rpc_call_user(call), req->id, NULL, e);

	return p ? op_submit(&pause_op, p, call, req) : -1;
}

static int resume_end(struct op *op, const struct err *failed, unused_arg struct err *e)
{
	if (failed)
		return -1;
	if (op->process->state == PROCESS_PAUSED)
		op->process->state = PROCESS_RUNNING;
	event_resumed(op->process);
	return 0;
}

static const struct op_type resume_op = {
	.verb = "resume",
	.what = "OCI runtime resume failed",
	.states = 1U << PROCESS_PAUSED,
	.end = resume_end,
};

int task_resume(struct rpc_call *call, const void *request, unused_arg void *resp, struct err *e)
{
	const Shim__ResumeRequest *req = request;
	struct process *p = process_find(rpc_call_user(call), req->id, NULL, e);

	return p ? op_submit(&resume_op, p, call, req) : -1;
}

/* ---- Update: the runtime reads the resources, which are JSON already, from its stdin ---- */

static void update_args(struct op *op, struct args *a)
{
	args_add(a, "--resources");
	args_add(a, "-");
	args_add(a, op->process->container->id);
}

static int update_begin(struct op *op, struct err *e)
{
	const Shim__UpdateTaskRequest *req = op->req;
	const ProtobufCBinaryData *json = &req->resources->value;
	_cleanup_close_ int fd = memfd_create("resources", MFD_CLOEXEC);

	if (fd < 0)
		return err_errno(e, errno, "memfd");
	if (fd_write_all(fd, json->data, json->len, e) < 0)
		return -1;
	if (lseek(fd, 0, SEEK_SET) < 0)
		return err_errno(e, errno, "rewind");
	return op_command(op, (const int[]){ fd, PROC_NULL, PROC_INHERIT }, e);
}

static const struct op_type update_op = {
	.verb = "update",
	.what = "OCI runtime update failed",
	.states = ALIVE,
	.args = update_args,
	.begin = update_begin,
};

int task_update(struct rpc_call *call, const void *request, unused_arg void *resp, struct err *e)
{
	const Shim__UpdateTaskRequest *req = request;
	struct process *p = process_find(rpc_call_user(call), req->id, NULL, e);

	if (!p)
		return -1;
	if (!req->resources)
		return err_set(e, ERR_INVALID, "resources cannot be empty");
	return op_submit(&update_op, p, call, req);
}

int task_checkpoint(unused_arg struct rpc_call *call, unused_arg const void *req,
                    unused_arg void *resp, struct err *e)
{
	return err_set(e, ERR_UNIMPLEMENTED, "checkpoints are not there yet");
}

/* ---- streams ---- */

int task_resize_pty(struct rpc_call *call, const void *request, unused_arg void *resp,
                    struct err *e)
{
	const Shim__ResizePtyRequest *req = request;
	struct process *p = process_find(rpc_call_user(call), req->id, req->exec_id, e);

	if (!p)
		return -1;
	if (!p->io)
		return err_set(e, ERR_PRECONDITION, "cannot resize a %s process",
		               process_state_name(p->state));
	return io_resize(p->io, req->width, req->height, e);
}

int task_close_io(struct rpc_call *call, const void *request, unused_arg void *resp, struct err *e)
{
	const Shim__CloseIORequest *req = request;
	struct process *p = process_find(rpc_call_user(call), req->id, req->exec_id, e);

	if (!p)
		return -1;
	if (p->io)
		io_close_stdin(p->io);
	return 0;
}
