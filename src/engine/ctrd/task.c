/* containerd's tasks and their processes. See ctrd.h. */
#include <signal.h>
#include <unistd.h>
#include "base/log.h"
#include "engine/ctrd/internal.h"
#include "proto/task_types.pb-c.h"
#include "proto/tasks.pb-c.h"

#define PROCESS_URL   "types.containerd.io/opencontainers/runtime-spec/1/Process"
#define RESOURCES_URL "types.containerd.io/opencontainers/runtime-spec/1/LinuxResources"

static Types__Mount **rootfs_of(struct arena *a, const struct ctrd_mounts *m)
{
	Types__Mount **v = arena_array(a, Types__Mount *, m->n);

	for (size_t i = 0; i < m->n; i++) {
		v[i] = pb_new(a, types__mount, Types__Mount);
		v[i]->type = m->v[i].type;
		v[i]->source = m->v[i].source;
		v[i]->n_options = m->v[i].options.n;
		v[i]->options = m->v[i].options.v;
	}
	return v;
}

int ctrd_task_create(struct engine *g, const struct ctrd_container *c,
                     const struct ctrd_mounts *rootfs, const struct ctrd_io *io, int *pid,
                     struct err *e)
{
	_cleanup_arena_ struct arena a = { 0 };
	Tasks__CreateTaskRequest req = TASKS__CREATE_TASK_REQUEST__INIT;
	Tasks__CreateTaskResponse *resp;

	req.container_id = c->id;
	req.n_rootfs = rootfs->n;
	req.rootfs = rootfs_of(&a, rootfs);
	req.stdin = io->in;
	req.stdout = io->out;
	req.stderr = io->err;
	pb_set(&req, terminal, io->terminal);
	req.options = ctrd_runtime_options(g, &a, c->program);
	if (ctrd_call(g, RPC_TASKS_CREATE, &req, &a, (void **)&resp, e) < 0)
		return -1;
	*pid = (int)resp->pid;
	return 0;
}

int ctrd_task_start(struct engine *g, const char *id, const char *exec, int *pid, struct err *e)
{
	_cleanup_arena_ struct arena a = { 0 };
	Tasks__StartRequest req = TASKS__START_REQUEST__INIT;
	Tasks__StartResponse *resp;

	req.container_id = id;
	req.exec_id = exec;
	if (ctrd_call(g, RPC_TASKS_START, &req, &a, (void **)&resp, e) < 0)
		return -1;
	*pid = (int)resp->pid;
	return 0;
}

int ctrd_task_exec(struct engine *g, const char *id, const char *exec, const struct oci_process *p,
                   const struct ctrd_io *io, struct err *e)
{
	_cleanup_arena_ struct arena a = { 0 };
	Tasks__ExecProcessRequest req = TASKS__EXEC_PROCESS_REQUEST__INIT;
	void *resp;

	req.container_id = id;
	req.exec_id = exec;
	req.stdin = io->in;
	req.stdout = io->out;
	req.stderr = io->err;
	pb_set(&req, terminal, io->terminal);
	req.spec = wkt_any_raw(&a, PROCESS_URL, slice_of(json_text(&a, &oci_process_type, p)));
	return ctrd_call(g, RPC_TASKS_EXEC, &req, &a, &resp, e);
}

int ctrd_task_kill(struct engine *g, const char *id, const char *exec, int signo, bool all,
                   struct err *e)
{
	_cleanup_arena_ struct arena a = { 0 };
	Tasks__KillRequest req = TASKS__KILL_REQUEST__INIT;
	void *resp;

	req.container_id = id;
	req.exec_id = exec;
	pb_set(&req, signal, (uint32_t)signo);
	pb_set(&req, all, all);
	return signo == SIGKILL ? ctrd_call_again(g, RPC_TASKS_KILL, &req, &a, &resp, e)
	                        : ctrd_call(g, RPC_TASKS_KILL, &req, &a, &resp, e);
}

int ctrd_task_resize(struct engine *g, const char *id, const char *exec, unsigned w, unsigned h,
                     struct err *e)
{
	_cleanup_arena_ struct arena a = { 0 };
	Tasks__ResizePtyRequest req = TASKS__RESIZE_PTY_REQUEST__INIT;
	void *resp;

	req.container_id = id;
	req.exec_id = exec;
	pb_set(&req, width, w);
	pb_set(&req, height, h);
	return ctrd_call_again(g, RPC_TASKS_RESIZE_PTY, &req, &a, &resp, e);
}

int ctrd_task_close_stdin(struct engine *g, const char *id, const char *exec, struct err *e)
{
	_cleanup_arena_ struct arena a = { 0 };
	Tasks__CloseIORequest req = TASKS__CLOSE_IOREQUEST__INIT;
	void *resp;

	req.container_id = id;
	req.exec_id = exec;
	pb_set(&req, stdin, true);
	return ctrd_call_again(g, RPC_TASKS_CLOSE_IO, &req, &a, &resp, e);
}

int ctrd_task_pause(struct engine *g, const char *id, bool pause, struct err *e)
{
	_cleanup_arena_ struct arena a = { 0 };
	Tasks__PauseTaskRequest stop = TASKS__PAUSE_TASK_REQUEST__INIT;
	Tasks__ResumeTaskRequest go = TASKS__RESUME_TASK_REQUEST__INIT;
	void *resp;

	stop.container_id = go.container_id = id;
	return pause ? ctrd_call(g, RPC_TASKS_PAUSE, &stop, &a, &resp, e)
	             : ctrd_call(g, RPC_TASKS_RESUME, &go, &a, &resp, e);
}

int ctrd_task_pids(struct engine *g, const char *id, struct arena *a, struct json_i64s *out,
                   struct err *e)
{
	Tasks__ListPidsRequest req = TASKS__LIST_PIDS_REQUEST__INIT;
	Tasks__ListPidsResponse *resp;

	*out = (struct json_i64s){ 0 };
	req.container_id = id;
	if (ctrd_call_again(g, RPC_TASKS_LIST_PIDS, &req, a, (void **)&resp, e) < 0)
		return -1;
	for (size_t i = 0; i < resp->n_processes; i++)
		arena_push(a, out, (int64_t)resp->processes[i]->pid);
	return 0;
}

int ctrd_task_update(struct engine *g, const char *id, const struct oci_resources *r, struct err *e)
{
	_cleanup_arena_ struct arena a = { 0 };
	Tasks__UpdateTaskRequest req = TASKS__UPDATE_TASK_REQUEST__INIT;
	void *resp;

	req.container_id = id;
	req.resources =
	        wkt_any_raw(&a, RESOURCES_URL, slice_of(json_text(&a, &oci_resources_type, r)));
	return ctrd_call_again(g, RPC_TASKS_UPDATE, &req, &a, &resp, e);
}

int ctrd_task_delete(struct engine *g, const char *id, const char *exec, struct ctrd_exit *exit,
                     struct err *e)
{
	_cleanup_arena_ struct arena a = { 0 };
	Tasks__DeleteTaskRequest task = TASKS__DELETE_TASK_REQUEST__INIT;
	Tasks__DeleteProcessRequest process = TASKS__DELETE_PROCESS_REQUEST__INIT;
	Tasks__DeleteResponse *resp;

	task.container_id = process.container_id = id;
	process.exec_id = exec;
	if (exec ? ctrd_call_again(g, RPC_TASKS_DELETE_PROCESS, &process, &a, (void **)&resp, e) < 0
	         : ctrd_call_again(g, RPC_TASKS_DELETE, &task, &a, (void **)&resp, e) < 0)
		return -1;
	if (exit)
		*exit = (struct ctrd_exit){ (int)resp->pid, (int)resp->exit_status,
			                    wkt_timestamp_ns(resp->exited_at) };
	return 0;
}

#define DROP_TRIES    50
#define DROP_PAUSE_US 20000

void ctrd_task_drop(struct engine *g, const char *id)
{
	struct err e = { 0 };

	if (ctrd_task_kill(g, id, NULL, SIGKILL, true, &e) < 0)
		log_debug("container %s: %s", id, e.text);
	for (int i = 0; i < DROP_TRIES; i++) {
		err_clear(&e);
		if (ctrd_task_delete(g, id, NULL, NULL, &e) == 0 || e.kind == ERR_NOT_FOUND)
			return;
		usleep(DROP_PAUSE_US);
	}
	log_warn_of(&e, "container %s: drop an unfinished start", id);
}

static enum ctrd_task_status status_of(Task__Status s)
{
	switch (s) {
	case TASK__STATUS__CREATED:
		return CTRD_TASK_CREATED;
	case TASK__STATUS__RUNNING:
		return CTRD_TASK_RUNNING;
	case TASK__STATUS__PAUSED:
	case TASK__STATUS__PAUSING:
		return CTRD_TASK_PAUSED;
	case TASK__STATUS__STOPPED:
		return CTRD_TASK_STOPPED;
	default:
		return CTRD_TASK_UNKNOWN;
	}
}

static struct ctrd_task task_of(const Task__Process *p, const char *id)
{
	return (struct ctrd_task){ .id = id,
		                   .status = status_of(p->status),
		                   .exit = { (int)p->pid, (int)p->exit_status,
		                             wkt_timestamp_ns(p->exited_at) } };
}

int ctrd_task_get(struct engine *g, const char *id, const char *exec, struct ctrd_task *out,
                  struct err *e)
{
	_cleanup_arena_ struct arena a = { 0 };
	Tasks__GetRequest req = TASKS__GET_REQUEST__INIT;
	Tasks__GetResponse *resp;

	req.container_id = (char *)id;
	req.exec_id = (char *)exec;
	if (ctrd_call_again(g, RPC_TASKS_GET, &req, &a, (void **)&resp, e) < 0)
		return -1;
	if (!resp->process)
		return err_set(e, ERR_INTERNAL, "containerd told nothing of process %s",
		               exec ? exec : id);
	*out = task_of(resp->process, exec);
	return 0;
}

int ctrd_task_list(struct engine *g, struct arena *a, struct ctrd_tasks *out, struct err *e)
{
	Tasks__ListTasksRequest req = TASKS__LIST_TASKS_REQUEST__INIT;
	Tasks__ListTasksResponse *resp;

	*out = (struct ctrd_tasks){ 0 };
	if (ctrd_call_again(g, RPC_TASKS_LIST, &req, a, (void **)&resp, e) < 0)
		return -1;
	for (size_t i = 0; i < resp->n_tasks; i++) {
		const Task__Process *p = resp->tasks[i];

		arena_push(a, out, task_of(p, p->id ? p->id : p->container_id));
	}
	return 0;
}

const struct ctrd_task *ctrd_tasks_find(const struct ctrd_tasks *tasks, const char *id)
{
	for (size_t i = 0; i < tasks->n; i++)
		if (str_eq(tasks->v[i].id, id))
			return &tasks->v[i];
	return NULL;
}
