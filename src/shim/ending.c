/*
 * How processes end: noticed at once, announced in the order that watchers rely on (container.h).
 *
 * Output is in the pipe when its writer dies. Some clients (ctr 1.6) stop reading as soon as they
 * hear of the end, so it is held back while a reader is still taking what is there.
 */
#include "base/clock.h"
#include "base/log.h"
#include "base/proc.h"
#include "proto/shim.pb-c.h"
#include "rpc/wkt.h"
#include "shim/container.h"
#include "shim/events.h"

#define DRAIN_STEP_MS  2
#define DRAIN_STALL_MS 50   /* nobody reads: the bytes wait in the pipe */
#define DRAIN_MAX_MS   2000 /* somebody reads, but slowly */

struct waiter {
	struct process *process;
	struct rpc_call *call;
	struct waiter *next;
};

static void answer_wait(struct rpc_call *call, const struct process *p)
{
	struct arena *a = rpc_call_arena(call);
	Shim__WaitResponse *resp = pb_new(a, shim__wait_response, Shim__WaitResponse);

	pb_set(resp, exit_status, p->exit_status);
	resp->exited_at = wkt_timestamp(a, p->exited_at);
	rpc_call_finish(call, resp, NULL);
}

/* The record comes before the event: whoever hears of the end can rely on it. */
static void announce_end(struct process *p)
{
	struct exit_record record = {
		.pid = p->pid,
		.exit_status = p->exit_status,
		.exited_at = p->exited_at,
	};
	struct err e = { 0 };
	struct waiter *w;

	oom_check(p->container->oom); /* it comes before the end that it caused */
	p->state = PROCESS_STOPPED;
	if (!p->exec_id && exit_record_save(p->container->bundle, &record, &e) < 0)
		log_warn_of(&e, "record the end of %s", p->container->id);
	event_exit(p);
	while ((w = p->waiters)) {
		p->waiters = w->next;
		answer_wait(w->call, p);
	}
	shim_check_end(p->container->shim);
	if (p->on_end)
		take_ptr(p->on_end)(p->ops);
}

static bool any_exec_alive(const struct container *c)
{
	const char *key;
	void *value;

	for (size_t i = 0; map_next(&c->execs, &i, &key, &value);) {
		struct process *p = value;

		if (p->starting || (p->pid && p->state != PROCESS_STOPPED))
			return true;
	}
	return false;
}

static void on_drain_step(void *arg)
{
	struct process *p = arg;

	p->drain.timer = NULL;
	process_check_end(p);
}

/* True while its output is being read, and some time after that has stopped. */
static bool is_draining(struct process *p)
{
	size_t pending = p->io ? io_pending(p->io) : 0;
	int64_t now = clock_mono_ms();

	if (!p->drain.since_ms)
		p->drain.since_ms = p->drain.progress_ms = now;
	if (pending < p->drain.pending)
		p->drain.progress_ms = now;
	p->drain.pending = pending;
	if (pending == 0 || now - p->drain.progress_ms >= DRAIN_STALL_MS ||
	    now - p->drain.since_ms >= DRAIN_MAX_MS)
		return false;
	if (!p->drain.timer)
		p->drain.timer =
		        loop_timer(p->container->shim->loop, DRAIN_STEP_MS, on_drain_step, p);
	return true;
}

void process_check_end(struct process *p)
{
	struct container *c = p->container;

	if (!p->dead || p->state == PROCESS_STOPPED || p->starting || is_draining(p))
		return;
	if (!p->exec_id) {
		if (!any_exec_alive(c))
			announce_end(p);
		return;
	}
	announce_end(p);
	process_check_end(&c->init);
}

static void on_all_killed(unused_arg void *arg, const struct err *e)
{
	if (e)
		log_warn_of(e, "kill what an init process left behind");
}

/* Without a PID namespace of its own the rest of the container outlives its init process. */
static void kill_rest(struct container *c)
{
	const char *const args[] = { "kill", "--all", c->id, "9", NULL };
	struct runc_command kill_all = {
		.args = args,
		.what = "OCI runtime kill failed",
		.fd = { PROC_NULL, PROC_NULL, PROC_NULL },
		.done = on_all_killed,
	};
	struct err e = { 0 };

	if (runc_run(&c->runc, &kill_all, &e) < 0)
		log_warn_of(&e, "container %s", c->id);
}

static void on_death(void *arg, unused_arg pid_t pid, uint32_t status, int64_t when)
{
	struct process *p = arg;

	p->dead = true;
	p->exit_status = status;
	p->exited_at = when;
	if (p->io)
		io_exited(p->io);
	if (!p->exec_id && !p->container->own_pids)
		kill_rest(p->container);
	process_check_end(p);
}

void process_watch(struct process *p, pid_t pid)
{
	p->pid = pid;
	reaper_adopt(p->container->shim->reaper, pid, on_death, p);
}

int process_adopt(struct process *p, const char *pid_file, struct err *e)
{
	pid_t pid;

	if (pid_file_read(pid_file, &pid, e) < 0)
		return -1;
	process_watch(p, pid);
	return io_started(p->io, e);
}

/* ---- waiting for it ---- */

static void on_wait_cancelled(struct rpc_call *call, void *arg)
{
	struct waiter *w = arg;
	struct err e;

	for (struct waiter **at = &w->process->waiters; *at; at = &(*at)->next) {
		if (*at == w) {
			*at = w->next;
			break;
		}
	}
	err_set(&e, ERR_DEADLINE, "the process still runs");
	rpc_call_finish(call, NULL, &e);
}

void process_drop_waiters(struct process *p)
{
	struct waiter *w;
	struct err gone;

	err_set(&gone, ERR_NOT_FOUND, "process was deleted");
	while ((w = p->waiters)) {
		p->waiters = w->next;
		rpc_call_finish(w->call, NULL, &gone);
	}
}

void process_wait(struct process *p, struct rpc_call *call)
{
	struct waiter *w;

	if (p->state == PROCESS_STOPPED) {
		answer_wait(call, p);
		return;
	}
	w = arena_new(rpc_call_arena(call), struct waiter);
	*w = (struct waiter){ p, call, p->waiters };
	p->waiters = w;
	rpc_call_on_cancel(call, on_wait_cancelled, w);
}
