/* The events of tasks. See events.h. */
#include "shim/events.h"

#include "proto/task_events.pb-c.h"
#include "rpc/wkt.h"
#include "shim/publisher.h"

static void publish(const struct process *p, const char *topic, const void *event)
{
	publisher_send(p->container->shim->publisher, topic, event);
}

void event_create(const struct process *init, Types__Mount **rootfs, size_t nrootfs)
{
	Events__TaskCreate ev = EVENTS__TASK_CREATE__INIT;
	Events__TaskIO io = EVENTS__TASK_IO__INIT;

	io.stdin = init->in;
	io.stdout = init->out;
	io.stderr = init->err;
	pb_set(&io, terminal, init->terminal);
	ev.container_id = init->container->id;
	ev.bundle = init->container->bundle;
	ev.n_rootfs = nrootfs;
	ev.rootfs = rootfs;
	ev.io = &io;
	pb_set(&ev, pid, (uint32_t)init->pid);
	publish(init, "/tasks/create", &ev);
}

static void event_exec_started(const struct process *p)
{
	Events__TaskExecStarted ev = EVENTS__TASK_EXEC_STARTED__INIT;

	ev.container_id = p->container->id;
	ev.exec_id = p->exec_id;
	pb_set(&ev, pid, (uint32_t)p->pid);
	publish(p, "/tasks/exec-started", &ev);
}

void event_start(const struct process *p)
{
	Events__TaskStart ev = EVENTS__TASK_START__INIT;

	if (p->exec_id) {
		event_exec_started(p);
		return;
	}
	ev.container_id = p->container->id;
	pb_set(&ev, pid, (uint32_t)p->pid);
	publish(p, "/tasks/start", &ev);
}

void event_exec_added(const struct process *p)
{
	Events__TaskExecAdded ev = EVENTS__TASK_EXEC_ADDED__INIT;

	ev.container_id = p->container->id;
	ev.exec_id = p->exec_id;
	publish(p, "/tasks/exec-added", &ev);
}

void event_exit(const struct process *p)
{
	_cleanup_arena_ struct arena a = { 0 };
	Events__TaskExit ev = EVENTS__TASK_EXIT__INIT;

	ev.container_id = p->container->id;
	ev.id = p->exec_id ? p->exec_id : p->container->id;
	pb_set(&ev, pid, (uint32_t)p->pid);
	pb_set(&ev, exit_status, p->exit_status);
	ev.exited_at = wkt_timestamp(&a, p->exited_at);
	publish(p, "/tasks/exit", &ev);
}

void event_delete(const struct process *init)
{
	_cleanup_arena_ struct arena a = { 0 };
	Events__TaskDelete ev = EVENTS__TASK_DELETE__INIT;

	ev.container_id = init->container->id;
	pb_set(&ev, pid, (uint32_t)init->pid);
	pb_set(&ev, exit_status, init->exit_status);
	ev.exited_at = wkt_timestamp(&a, init->exited_at);
	publish(init, "/tasks/delete", &ev);
}

void event_paused(const struct process *init)
{
	Events__TaskPaused ev = EVENTS__TASK_PAUSED__INIT;

	ev.container_id = init->container->id;
	publish(init, "/tasks/paused", &ev);
}

void event_resumed(const struct process *init)
{
	Events__TaskResumed ev = EVENTS__TASK_RESUMED__INIT;

	ev.container_id = init->container->id;
	publish(init, "/tasks/resumed", &ev);
}

void event_oom(const struct process *init)
{
	Events__TaskOOM ev = EVENTS__TASK_OOM__INIT;

	ev.container_id = init->container->id;
	publish(init, "/tasks/oom", &ev);
}
