/*
 * Waiting for the end of processes. A Wait is parked, whatever its length, and answered by the exit
 * event that the shim forwards: no thread and no connection is kept for it.
 */
#include "base/log.h"
#include "containerd/request.h"
#include "containerd/task.h"
#include "containerd/tasks_internal.h"
#include "proto/tasks.pb-c.h"
#include "rpc/wkt.h"

struct task_waiter {
	struct rpc_call *call;
	struct tasks *tasks;
	const char *ns, *id, *exec_id;  /* exec_id "": the init process */
	struct task_waiter *next, **at; /* at NULL: not in the list any more */
};

/* With the lock held. Whoever takes a waiter out finishes its call. */
static bool take_out(struct task_waiter *w)
{
	if (!w->at)
		return false;
	*w->at = w->next;
	if (w->next)
		w->next->at = w->at;
	w->at = NULL;
	return true;
}

static void on_cancel(unused_arg struct rpc_call *call, void *arg)
{
	struct task_waiter *w = arg;
	struct err e = { 0 };
	bool mine;

	pthread_mutex_lock(&w->tasks->lock);
	mine = take_out(w);
	pthread_mutex_unlock(&w->tasks->lock);
	err_set(&e, ERR_CANCELED, "context canceled");
	if (mine)
		rpc_call_finish(w->call, NULL, &e);
}

int task_park_wait(struct rpc_call *call, const char *ns, const char *id, const char *exec_id)
{
	struct tasks *t = request_daemon(call)->tasks;
	struct task_waiter *w = arena_new(rpc_call_arena(call), struct task_waiter);

	w->call = call;
	w->tasks = t;
	w->ns = ns;
	w->id = id;
	w->exec_id = exec_id;
	pthread_mutex_lock(&t->lock);
	w->next = t->waiters;
	if (w->next)
		w->next->at = &w->next;
	w->at = &t->waiters;
	t->waiters = w;
	pthread_mutex_unlock(&t->lock);
	rpc_call_on_cancel(call, on_cancel, w);
	return RPC_LATER;
}

void task_exited(struct tasks *t, const char *ns, const char *id, const char *exec_id,
                 uint32_t status, int64_t exited_at)
{
	struct task_waiter *done = NULL, *next;

	pthread_mutex_lock(&t->lock);
	for (struct task_waiter *w = t->waiters; w; w = next) {
		next = w->next;
		if (str_eq(w->ns, ns) && str_eq(w->id, id) && str_eq(w->exec_id, exec_id) &&
		    take_out(w)) {
			w->next = done;
			done = w;
		}
	}
	pthread_mutex_unlock(&t->lock);
	for (; done; done = next) {
		Tasks__WaitResponse resp = TASKS__WAIT_RESPONSE__INIT;

		next = done->next;
		pb_set(&resp, exit_status, status);
		resp.exited_at = wkt_timestamp(rpc_call_arena(done->call), exited_at);
		rpc_call_finish(done->call, &resp, NULL);
	}
}
