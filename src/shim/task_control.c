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

static int command(struct op *op, const char *const *args, const char *what, int in, struct err *e)
{
	struct runc_command c = {
		.args = args,
		.what = what,
		.fd = { in < 0 ? PROC_NULL : in, PROC_NULL, PROC_INHERIT },
	};

	return op_command(op, &c, e);
}

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
	*e = *failed;
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

static int kill_begin(struct op *op, struct err *e)
{
	const Shim__KillRequest *req = op->req;
	const char *id = op->process->container->id;
	const char *signo = arena_printf(rpc_call_arena(op->call), "%u", req->signal);
	const char *const one[] = { "kill", id, signo, NULL };
	const char *const all[] = { "kill", "--all", id, signo, NULL };

	return command(op, req->all ? all : one, "OCI runtime kill failed", -1, e);
}

static const struct op_type kill_op = {
	"kill", ALIVE | 1U << PROCESS_STOPPED, 0, kill_begin, kill_end,
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

static int pause_begin(struct op *op, struct err *e)
{
	const char *const args[] = { "pause", op->process->container->id, NULL };

	return command(op, args, "OCI runtime pause failed", -1, e);
}

static int pause_end(struct op *op, const struct err *failed, struct err *e)
{
	if (failed) {
		*e = *failed;
		return -1;
	}
	if (op->process->state == PROCESS_RUNNING)
		op->process->state = PROCESS_PAUSED;
	event_paused(op->process);
	return 0;
}

static const struct op_type pause_op = { "pause", 1U << PROCESS_RUNNING, 0, pause_begin,
	                                 pause_end };

int task_pause(struct rpc_call *call, const void *request, unused_arg void *resp, struct err *e)
{
	const Shim__PauseRequest *req = request;
	struct process *p = process_find(rpc_call_user(call), req->id, NULL, e);

	return p ? op_submit(&pause_op, p, call, req) : -1;
}

static int resume_begin(struct op *op, struct err *e)
{
	const char *const args[] = { "resume", op->process->container->id, NULL };

	return command(op, args, "OCI runtime resume failed", -1, e);
}

static int resume_end(struct op *op, const struct err *failed, struct err *e)
{
	if (failed) {
		*e = *failed;
		return -1;
	}
	if (op->process->state == PROCESS_PAUSED)
		op->process->state = PROCESS_RUNNING;
	event_resumed(op->process);
	return 0;
}

static const struct op_type resume_op = { "resume", 1U << PROCESS_PAUSED, 0, resume_begin,
	                                  resume_end };

int task_resume(struct rpc_call *call, const void *request, unused_arg void *resp, struct err *e)
{
	const Shim__ResumeRequest *req = request;
	struct process *p = process_find(rpc_call_user(call), req->id, NULL, e);

	return p ? op_submit(&resume_op, p, call, req) : -1;
}

/* ---- Update: the runtime reads the resources, which are JSON already, from its stdin ---- */

static int update_begin(struct op *op, struct err *e)
{
	const Shim__UpdateTaskRequest *req = op->req;
	const char *const args[] = { "update", "--resources", "-", op->process->container->id,
		                     NULL };
	const ProtobufCBinaryData *json = &req->resources->value;
	_cleanup_close_ int fd = memfd_create("resources", MFD_CLOEXEC);

	if (fd < 0)
		return err_errno(e, errno, "memfd");
	if (fd_write_all(fd, json->data, json->len, e) < 0)
		return -1;
	if (lseek(fd, 0, SEEK_SET) < 0)
		return err_errno(e, errno, "rewind");
	return command(op, args, "OCI runtime update failed", fd, e);
}

static int update_end(unused_arg struct op *op, const struct err *failed, struct err *e)
{
	if (!failed)
		return 0;
	*e = *failed;
	return -1;
}

static const struct op_type update_op = { "update", ALIVE, 0, update_begin, update_end };

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
