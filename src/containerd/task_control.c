/*
 * containerd.services.tasks.v1.Tasks, what controls and measures tasks: Kill, ResizePty, CloseIO,
 * Pause, Resume, Update, ListPids, Metrics, Checkpoint. Each is one call to the shim.
 */
#include "base/clock.h"
#include "containerd/filter.h"
#include "containerd/request.h"
#include "containerd/services.h"
#include "containerd/task.h"
#include "containerd/task_request.h"
#include "proto/shim.pb-c.h"
#include "proto/tasks.pb-c.h"
#include "rpc/wkt.h"

/* Names the task in the shim's request, whose id is *id, and calls. What comes back is empty. */
static int control(struct rpc_call *call, const char *container, enum rpc_method_id method,
                   void *out, const char **id, int timeout_ms, struct err *e)
{
	_cleanup_task_ struct task *task = request_task(call, container, e);
	void *in;

	if (!task)
		return -1;
	*id = task->id;
	return task_call(task, method, out, timeout_ms, rpc_call_arena(call), &in, e);
}

static int tasks_kill(struct rpc_call *call, const void *reqp, unused_arg void *resp, struct err *e)
{
	const Tasks__KillRequest *req = reqp;
	Shim__KillRequest out = SHIM__KILL_REQUEST__INIT;

	out.exec_id = req->exec_id;
	pb_set(&out, signal, req->signal);
	pb_set(&out, all, req->all);
	return control(call, req->container_id, RPC_TASK_V2_KILL, &out, &out.id, 0, e);
}

static int tasks_resize_pty(struct rpc_call *call, const void *reqp, unused_arg void *resp,
                            struct err *e)
{
	const Tasks__ResizePtyRequest *req = reqp;
	Shim__ResizePtyRequest out = SHIM__RESIZE_PTY_REQUEST__INIT;

	out.exec_id = req->exec_id;
	pb_set(&out, width, req->width);
	pb_set(&out, height, req->height);
	return control(call, req->container_id, RPC_TASK_V2_RESIZE_PTY, &out, &out.id,
	               TASK_QUERY_TIMEOUT_MS, e);
}

static int tasks_close_io(struct rpc_call *call, const void *reqp, unused_arg void *resp,
                          struct err *e)
{
	const Tasks__CloseIORequest *req = reqp;
	Shim__CloseIORequest out = SHIM__CLOSE_IOREQUEST__INIT;

	out.exec_id = req->exec_id;
	pb_set(&out, stdin, req->stdin);
	return control(call, req->container_id, RPC_TASK_V2_CLOSE_IO, &out, &out.id,
	               TASK_QUERY_TIMEOUT_MS, e);
}

static int tasks_pause(struct rpc_call *call, const void *reqp, unused_arg void *resp,
                       struct err *e)
{
	const Tasks__PauseTaskRequest *req = reqp;
	Shim__PauseRequest out = SHIM__PAUSE_REQUEST__INIT;

	return control(call, req->container_id, RPC_TASK_V2_PAUSE, &out, &out.id, 0, e);
}

static int tasks_resume(struct rpc_call *call, const void *reqp, unused_arg void *resp,
                        struct err *e)
{
	const Tasks__ResumeTaskRequest *req = reqp;
	Shim__ResumeRequest out = SHIM__RESUME_REQUEST__INIT;

	return control(call, req->container_id, RPC_TASK_V2_RESUME, &out, &out.id, 0, e);
}

static Shim__UpdateTaskRequest__AnnotationsEntry **annotations(struct arena *a, size_t n,
                                                               Pairs__StringPair *const *v)
{
	Shim__UpdateTaskRequest__AnnotationsEntry **out =
	        arena_array(a, Shim__UpdateTaskRequest__AnnotationsEntry *, n);

	for (size_t i = 0; i < n; i++) {
		out[i] = pb_new(a, shim__update_task_request__annotations_entry,
		                Shim__UpdateTaskRequest__AnnotationsEntry);
		out[i]->key = v[i]->key;
		out[i]->value = v[i]->value;
	}
	return out;
}

static int tasks_update(struct rpc_call *call, const void *reqp, unused_arg void *resp,
                        struct err *e)
{
	const Tasks__UpdateTaskRequest *req = reqp;
	Shim__UpdateTaskRequest out = SHIM__UPDATE_TASK_REQUEST__INIT;

	out.resources = req->resources;
	out.n_annotations = req->n_annotations;
	out.annotations = annotations(rpc_call_arena(call), req->n_annotations, req->annotations);
	return control(call, req->container_id, RPC_TASK_V2_UPDATE, &out, &out.id, 0, e);
}

static int tasks_list_pids(struct rpc_call *call, const void *reqp, void *respp, struct err *e)
{
	const Tasks__ListPidsRequest *req = reqp;
	Tasks__ListPidsResponse *resp = respp;
	Shim__PidsRequest out = SHIM__PIDS_REQUEST__INIT;
	_cleanup_task_ struct task *task = request_task(call, req->container_id, e);
	Shim__PidsResponse *in;

	if (!task)
		return -1;
	out.id = task->id;
	if (task_call(task, RPC_TASK_V2_PIDS, &out, TASK_QUERY_TIMEOUT_MS, rpc_call_arena(call),
	              (void **)&in, e) < 0)
		return -1;
	resp->n_processes = in->n_processes;
	resp->processes = in->processes;
	return 0;
}

/* ---- metrics ---- */

static const char *task_field(const void *object, const struct strs *path)
{
	const struct task *task = object;

	if (str_eq(path->v[0], "id"))
		return task->id;
	return str_eq(path->v[0], "namespace") ? task->ns : NULL;
}

/* NULL when the shim has no answer: the container may just have ended. */
static Types__Metric *metric_of(struct task *task, struct arena *a)
{
	Shim__StatsRequest out = SHIM__STATS_REQUEST__INIT;
	Shim__StatsResponse *in;
	struct err ignored = { 0 };
	Types__Metric *m;

	out.id = task->id;
	if (task_call(task, RPC_TASK_V2_STATS, &out, TASK_QUERY_TIMEOUT_MS, a, (void **)&in,
	              &ignored) < 0)
		return NULL;
	m = pb_new(a, types__metric, Types__Metric);
	m->id = arena_strdup(a, task->id);
	m->timestamp = wkt_timestamp(a, clock_now_ns());
	m->data = in->stats;
	return m;
}

static int tasks_metrics(struct rpc_call *call, const void *reqp, void *respp, struct err *e)
{
	const Tasks__MetricsRequest *req = reqp;
	Tasks__MetricsResponse *resp = respp;
	const char *ns = request_namespace(call, e);
	struct arena *a = rpc_call_arena(call);
	_cleanup_filter_ struct filter *f = NULL;
	struct task **all;
	size_t n;

	if (!ns || filter_parse(req->n_filters, req->filters, &f, e) < 0)
		return -1;
	all = tasks_all(request_daemon(call)->tasks, a, ns, &n);
	resp->metrics = arena_array(a, Types__Metric *, n);
	for (size_t i = 0; i < n; i++) {
		Types__Metric *m =
		        filter_match(f, task_field, all[i]) ? metric_of(all[i], a) : NULL;

		if (m)
			resp->metrics[resp->n_metrics++] = m;
		task_unref(all[i]);
	}
	return 0;
}

static int tasks_checkpoint(unused_arg struct rpc_call *call, unused_arg const void *req,
                            unused_arg void *resp, struct err *e)
{
	return err_set(e, ERR_UNIMPLEMENTED, "checkpoint is not there yet: not implemented");
}

SERVICE_ROUTES(task_control, { RPC_TASKS_KILL, tasks_kill },
               { RPC_TASKS_RESIZE_PTY, tasks_resize_pty }, { RPC_TASKS_CLOSE_IO, tasks_close_io },
               { RPC_TASKS_PAUSE, tasks_pause }, { RPC_TASKS_RESUME, tasks_resume },
               { RPC_TASKS_UPDATE, tasks_update }, { RPC_TASKS_LIST_PIDS, tasks_list_pids },
               { RPC_TASKS_METRICS, tasks_metrics }, { RPC_TASKS_CHECKPOINT, tasks_checkpoint })
