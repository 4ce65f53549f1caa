/* What is asked about a process: State, Pids, Wait, Connect, Stats. */
#include <unistd.h>
#include "base/clock.h"
#include "proto/runc.pb-c.h"
#include "proto/shim.pb-c.h"
#include "rpc/wkt.h"
#include "shim/container.h"
#include "shim/stats.h"
#include "shim/task.h"

static Task__Status status_of(const struct process *p)
{
	static const Task__Status by_state[] = {
		[PROCESS_NEW] = TASK__STATUS__UNKNOWN,
		[PROCESS_CREATED] = TASK__STATUS__CREATED,
		[PROCESS_RUNNING] = TASK__STATUS__RUNNING,
		[PROCESS_PAUSED] = TASK__STATUS__PAUSED,
		[PROCESS_STOPPED] = TASK__STATUS__STOPPED,
	};

	return by_state[p->state];
}

int task_state(struct rpc_call *call, const void *request, void *response, struct err *e)
{
	const Shim__StateRequest *req = request;
	Shim__StateResponse *resp = response;
	struct process *p = process_find(rpc_call_user(call), req->id, req->exec_id, e);

	if (!p)
		return -1;
	resp->id = p->container->id;
	resp->bundle = p->container->bundle;
	resp->exec_id = p->exec_id;
	resp->stdin = p->in;
	resp->stdout = p->out;
	resp->stderr = p->err;
	pb_set(resp, pid, (uint32_t)p->pid);
	pb_set(resp, status, status_of(p));
	pb_set(resp, terminal, p->terminal);
	if (p->state == PROCESS_STOPPED) {
		pb_set(resp, exit_status, p->exit_status);
		resp->exited_at = wkt_timestamp(rpc_call_arena(call), p->exited_at);
	}
	return 0;
}

int task_wait(struct rpc_call *call, const void *request, unused_arg void *resp, struct err *e)
{
	const Shim__WaitRequest *req = request;
	struct process *p = process_find(rpc_call_user(call), req->id, req->exec_id, e);

	if (!p)
		return -1;
	process_wait(p, call);
	return RPC_LATER;
}

int task_connect(struct rpc_call *call, const void *request, void *response, struct err *e)
{
	const Shim__ConnectRequest *req = request;
	Shim__ConnectResponse *resp = response;
	struct container *c = container_find(rpc_call_user(call), req->id, e);

	if (!c)
		return -1;
	pb_set(resp, shim_pid, (uint32_t)getpid());
	pb_set(resp, task_pid, (uint32_t)c->init.pid);
	return 0;
}

/* ---- Pids ---- */

/* An exec's process is told by its id. */
static Google__Any *details(struct arena *a, const struct container *c, pid_t pid)
{
	Runc__ProcessDetails *d;
	const char *key;
	void *value;

	for (size_t i = 0; map_next(&c->execs, &i, &key, &value);) {
		const struct process *p = value;

		if (p->pid != pid || p->dead)
			continue;
		d = pb_new(a, runc__process_details, Runc__ProcessDetails);
		d->exec_id = p->exec_id;
		return wkt_any(a, d);
	}
	return NULL;
}

/*
 * A container that has ended but is not deleted still names its init process: containerd 2 takes an
 * empty list for a shim that leaked and throws it away, exit status and all.
 */
int task_pids(struct rpc_call *call, const void *request, void *response, struct err *e)
{
	const Shim__PidsRequest *req = request;
	Shim__PidsResponse *resp = response;
	struct arena *a = rpc_call_arena(call);
	struct container *c = container_find(rpc_call_user(call), req->id, e);
	struct pids pids = { 0 };

	if (!c)
		return -1;
	if (!c->init.dead && cgroup_pids(a, &c->cgroup, &pids, e) < 0)
		return -1;
	if (pids.n == 0)
		arena_push(a, &pids, c->init.pid);
	resp->processes = arena_array(a, Task__ProcessInfo *, pids.n);
	for (; resp->n_processes < pids.n; resp->n_processes++) {
		Task__ProcessInfo *info = pb_new(a, task__process_info, Task__ProcessInfo);

		pb_set(info, pid, (uint32_t)pids.v[resp->n_processes]);
		info->info = details(a, c, pids.v[resp->n_processes]);
		resp->processes[resp->n_processes] = info;
	}
	return 0;
}

int task_stats(struct rpc_call *call, const void *request, void *response, struct err *e)
{
	const Shim__StatsRequest *req = request;
	Shim__StatsResponse *resp = response;
	struct container *c = container_find(rpc_call_user(call), req->id, e);

	if (!c)
		return -1;
	resp->stats = cgroup_stats(rpc_call_arena(call), &c->cgroup, e);
	return resp->stats ? 0 : -1;
}
