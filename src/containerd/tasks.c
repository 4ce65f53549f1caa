/*
 * containerd.services.tasks.v1.Tasks, the life of tasks and their processes: Create, Start, Exec,
 * Get, List, Wait, Delete, DeleteProcess. What controls them is in task_control.c.
 */
#include "base/log.h"
#include "containerd/containers.h"
#include "containerd/request.h"
#include "containerd/services.h"
#include "containerd/task.h"
#include "containerd/task_create.h"
#include "containerd/task_request.h"
#include "proto/shim.pb-c.h"
#include "proto/tasks.pb-c.h"
#include "rpc/wkt.h"

struct task *request_task(struct rpc_call *call, const char *id, struct err *e)
{
	struct daemon *d = request_daemon(call);
	const char *ns = request_namespace(call, e);

	return ns ? tasks_find(d->tasks, ns, field_text(id), e) : NULL;
}

/* ---- beginning ---- */

static int tasks_create(struct rpc_call *call, const void *reqp, void *respp, struct err *e)
{
	const Tasks__CreateTaskRequest *req = reqp;
	Tasks__CreateTaskResponse *resp = respp;
	const char *ns = request_namespace(call, e);
	uint32_t pid;

	if (!ns || task_create(request_daemon(call), rpc_call_arena(call), ns, req, &pid, e) < 0)
		return -1;
	resp->container_id = req->container_id;
	pb_set(resp, pid, pid);
	return 0;
}

static int tasks_start(struct rpc_call *call, const void *reqp, void *respp, struct err *e)
{
	const Tasks__StartRequest *req = reqp;
	Tasks__StartResponse *resp = respp;
	Shim__StartRequest out = SHIM__START_REQUEST__INIT;
	_cleanup_task_ struct task *task = request_task(call, req->container_id, e);
	Shim__StartResponse *in;

	if (!task)
		return -1;
	out.id = task->id;
	out.exec_id = req->exec_id;
	if (task_call(task, RPC_TASK_V2_START, &out, 0, rpc_call_arena(call), (void **)&in, e) < 0)
		return -1;
	pb_set(resp, pid, in->pid);
	return 0;
}

static int tasks_exec(struct rpc_call *call, const void *reqp, unused_arg void *respp,
                      struct err *e)
{
	const Tasks__ExecProcessRequest *req = reqp;
	Shim__ExecProcessRequest out = SHIM__EXEC_PROCESS_REQUEST__INIT;
	_cleanup_task_ struct task *task = NULL;
	void *in;

	if (str_empty(req->exec_id))
		return err_set(e, ERR_INVALID, "exec id cannot be empty");
	if (identifier_check(req->exec_id, e) < 0)
		return err_wrap(e, "invalid exec id");
	task = request_task(call, req->container_id, e);
	if (!task)
		return -1;
	out.id = task->id;
	out.exec_id = req->exec_id;
	pb_set(&out, terminal, req->terminal);
	out.stdin = req->stdin;
	out.stdout = req->stdout;
	out.stderr = req->stderr;
	out.spec = req->spec;
	return task_call(task, RPC_TASK_V2_EXEC, &out, 0, rpc_call_arena(call), &in, e);
}

/* ---- state ---- */

static int get_state(struct task *task, const char *exec_id, struct arena *a,
                     Shim__StateResponse **state, struct err *e)
{
	Shim__StateRequest out = SHIM__STATE_REQUEST__INIT;

	out.id = task->id;
	out.exec_id = exec_id;
	return task_call(task, RPC_TASK_V2_STATE, &out, TASK_STATE_TIMEOUT_MS, a, (void **)state,
	                 e);
}

/* One that does not say how it is has not ended: its status is unknown. ERR_NOT_FOUND: there is none. */
static int ask_state(struct task *task, const char *exec_id, struct arena *a,
                     Shim__StateResponse **state, struct err *e)
{
	if (get_state(task, exec_id, a, state, e) == 0)
		return 0;
	if (e->kind == ERR_NOT_FOUND)
		return -1;
	log_warn_of(e, "state of task %s", task->id);
	*state = pb_new(a, shim__state_response, Shim__StateResponse);
	(*state)->id = arena_strdup(a, task->id);
	(*state)->exec_id = exec_id;
	err_clear(e);
	return 0;
}

static Task__Process *process_message(struct arena *a, const struct task *task,
                                      const Shim__StateResponse *s)
{
	Task__Process *p = pb_new(a, task__process, Task__Process);

	p->container_id = arena_strdup(a, task->id);
	p->id = str_empty(s->exec_id) ? s->id : s->exec_id;
	pb_set(p, pid, s->pid);
	pb_set(p, status, s->status);
	p->stdin = s->stdin;
	p->stdout = s->stdout;
	p->stderr = s->stderr;
	pb_set(p, terminal, s->terminal);
	pb_set(p, exit_status, s->exit_status);
	p->exited_at = s->exited_at;
	return p;
}

static int tasks_get(struct rpc_call *call, const void *reqp, void *respp, struct err *e)
{
	const Tasks__GetRequest *req = reqp;
	Tasks__GetResponse *resp = respp;
	struct arena *a = rpc_call_arena(call);
	_cleanup_task_ struct task *task = request_task(call, req->container_id, e);
	Shim__StateResponse *s;

	if (!task || ask_state(task, req->exec_id, a, &s, e) < 0)
		return -1;
	resp->process = process_message(a, task, s);
	return 0;
}

static int tasks_list(struct rpc_call *call, unused_arg const void *req, void *respp, struct err *e)
{
	Tasks__ListTasksResponse *resp = respp;
	const char *ns = request_namespace(call, e);
	struct arena *a = rpc_call_arena(call);
	struct task **all;
	size_t n;

	if (!ns)
		return -1;
	all = tasks_all(request_daemon(call)->tasks, a, ns, &n);
	resp->tasks = arena_array(a, Task__Process *, n);
	for (size_t i = 0; i < n; i++) {
		Shim__StateResponse *s;
		struct err none = { 0 };

		if (ask_state(all[i], NULL, a, &s, &none) == 0)
			resp->tasks[resp->n_tasks++] = process_message(a, all[i], s);
		task_unref(all[i]);
	}
	return 0;
}

/* Parks first and asks then, so that an end between the two is not missed. */
static int tasks_wait(struct rpc_call *call, const void *reqp, unused_arg void *resp, struct err *e)
{
	const Tasks__WaitRequest *req = reqp;
	const char *exec_id = field_text(req->exec_id);
	_cleanup_task_ struct task *task = request_task(call, req->container_id, e);
	_cleanup_arena_ struct arena a = { 0 };
	Shim__StateResponse *s;
	struct err ignored = { 0 };
	int r;

	if (!task || get_state(task, exec_id, &a, &s, e) < 0)
		return -1;
	r = task_park_wait(call, request_namespace(call, e), field_text(req->container_id),
	                   exec_id);
	if (get_state(task, exec_id, &a, &s, &ignored) == 0 && s->status == TASK__STATUS__STOPPED)
		task_exited(task->d->tasks, task->ns, task->id, exec_id, s->exit_status,
		            wkt_timestamp_ns(s->exited_at));
	return r;
}

/* ---- the end ---- */

static int delete_process(struct task *task, const char *exec_id, struct arena *a,
                          Tasks__DeleteResponse *resp, struct err *e)
{
	Shim__DeleteRequest out = SHIM__DELETE_REQUEST__INIT;
	Shim__DeleteResponse *in;

	out.id = task->id;
	out.exec_id = exec_id;
	if (task_call(task, RPC_TASK_V2_DELETE, &out, 0, a, (void **)&in, e) < 0)
		return -1;
	resp->id = arena_strdup(a, *exec_id ? exec_id : task->id);
	pb_set(resp, pid, in->pid);
	pb_set(resp, exit_status, in->exit_status);
	resp->exited_at = in->exited_at;
	task_exited(task->d->tasks, task->ns, task->id, exec_id, in->exit_status,
	            wkt_timestamp_ns(in->exited_at));
	return 0;
}

static int tasks_delete(struct rpc_call *call, const void *reqp, void *resp, struct err *e)
{
	const Tasks__DeleteTaskRequest *req = reqp;
	struct arena *a = rpc_call_arena(call);
	_cleanup_task_ struct task *task = request_task(call, req->container_id, e);

	if (!task || delete_process(task, "", a, resp, e) < 0)
		return -1;
	if (task_take_out(task)) {
		task_dismiss(task);
		tasks_release(task->d->tasks, task->ns, task->id);
	}
	return 0;
}

static int tasks_delete_process(struct rpc_call *call, const void *reqp, void *resp, struct err *e)
{
	const Tasks__DeleteProcessRequest *req = reqp;
	_cleanup_task_ struct task *task = request_task(call, req->container_id, e);

	if (!task)
		return -1;
	if (str_empty(req->exec_id))
		return err_set(e, ERR_INVALID, "exec id cannot be empty");
	return delete_process(task, req->exec_id, rpc_call_arena(call), resp, e);
}

SERVICE_ROUTES(tasks, { RPC_TASKS_CREATE, tasks_create }, { RPC_TASKS_START, tasks_start },
               { RPC_TASKS_EXEC, tasks_exec }, { RPC_TASKS_GET, tasks_get },
               { RPC_TASKS_LIST, tasks_list }, { RPC_TASKS_WAIT, tasks_wait },
               { RPC_TASKS_DELETE, tasks_delete },
               { RPC_TASKS_DELETE_PROCESS, tasks_delete_process })
