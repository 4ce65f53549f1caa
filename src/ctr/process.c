/* Calls of the task service for one process. See process.h. */
#include "ctr/process.h"
#include <ctype.h>
#include "proto/tasks.pb-c.h"

int ctr_process_get(struct ctr *c, struct ctr_process *p, struct err *e)
{
	Tasks__GetRequest req = TASKS__GET_REQUEST__INIT;
	Tasks__GetResponse *resp;

	req.container_id = p->id;
	req.exec_id = p->exec;
	if (ctr_call(c, RPC_TASKS_GET, &req, &resp, e) < 0)
		return -1;
	if (!resp->process)
		return err_set(e, ERR_INTERNAL, "containerd told nothing of task %s", p->id);
	p->status = resp->process->status;
	p->pid = resp->process->pid;
	p->exit_status = resp->process->exit_status;
	p->in = resp->process->stdin;
	p->out = resp->process->stdout;
	p->err = resp->process->stderr;
	p->terminal = resp->process->terminal;
	return 0;
}

int ctr_process_start(struct ctr *c, struct ctr_process *p, struct err *e)
{
	Tasks__StartRequest req = TASKS__START_REQUEST__INIT;
	Tasks__StartResponse *resp;

	req.container_id = p->id;
	req.exec_id = p->exec;
	if (ctr_call(c, RPC_TASKS_START, &req, &resp, e) < 0)
		return -1;
	p->pid = resp->pid;
	return 0;
}

int ctr_process_kill(struct ctr *c, const struct ctr_process *p, int signo, bool all, struct err *e)
{
	Tasks__KillRequest req = TASKS__KILL_REQUEST__INIT;
	void *resp;

	req.container_id = p->id;
	req.exec_id = p->exec;
	pb_set(&req, signal, (uint32_t)signo);
	pb_set(&req, all, all);
	return ctr_call(c, RPC_TASKS_KILL, &req, &resp, e);
}

int ctr_process_delete(struct ctr *c, struct ctr_process *p, struct err *e)
{
	Tasks__DeleteTaskRequest task = TASKS__DELETE_TASK_REQUEST__INIT;
	Tasks__DeleteProcessRequest process = TASKS__DELETE_PROCESS_REQUEST__INIT;
	Tasks__DeleteResponse *resp;

	task.container_id = process.container_id = p->id;
	process.exec_id = p->exec;
	if (p->exec ? ctr_call(c, RPC_TASKS_DELETE_PROCESS, &process, &resp, e) < 0
	            : ctr_call(c, RPC_TASKS_DELETE, &task, &resp, e) < 0)
		return -1;
	p->exit_status = resp->exit_status;
	return 0;
}

int ctr_process_wait(struct ctr *c, struct ctr_process *p, struct err *e)
{
	Tasks__WaitRequest req = TASKS__WAIT_REQUEST__INIT;
	_cleanup_arena_ struct arena a = { 0 }; /* called by a thread of its own */
	Tasks__WaitResponse *resp;

	req.container_id = p->id;
	req.exec_id = p->exec;
	if (grpc_call(c->client, NULL, RPC_TASKS_WAIT, &req, &a, (void **)&resp, e) < 0)
		return -1;
	p->exit_status = resp->exit_status;
	return 0;
}

const char *ctr_status_word(struct arena *a, Task__Status s, bool upper)
{
	const ProtobufCEnumValue *v =
	        protobuf_c_enum_descriptor_get_value(&task__status__descriptor, s);
	char *word = arena_strdup(a, v ? v->name : "UNKNOWN");

	for (char *p = word; *p && !upper; p++)
		*p = (char)tolower((unsigned char)*p);
	return word;
}
