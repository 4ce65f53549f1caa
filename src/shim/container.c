/* Containers and their processes. See container.h. */
#include "shim/container.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>
#include "base/file.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/proc.h"
#include "proto/shim.pb-c.h"
#include "rpc/wkt.h"
#include "shim/events.h"

struct waiter {
	struct process *process;
	struct rpc_call *call;
	struct waiter *next;
};

const char *process_state_name(enum process_state s)
{
	static const char *const names[] = {
		[PROCESS_NEW] = "new",         [PROCESS_CREATED] = "created",
		[PROCESS_RUNNING] = "running", [PROCESS_PAUSED] = "paused",
		[PROCESS_STOPPED] = "stopped",
	};

	return names[s];
}

/* ---- making, finding, freeing ---- */

static void process_init(struct process *p, struct container *c, const char *exec_id)
{
	p->container = c;
	p->exec_id = arena_strdup(&p->arena, exec_id);
}

static void process_clear(struct process *p)
{
	struct err gone;
	struct waiter *w;

	err_set(&gone, ERR_NOT_FOUND, "process was deleted");
	while ((w = p->waiters)) {
		p->waiters = w->next;
		rpc_call_finish(w->call, NULL, &gone);
	}
	if (p->pid && !p->dead)
		reaper_forget(p->container->shim->reaper, p->pid);
	io_free(p->io);
	arena_free(&p->arena);
}

struct container *container_new(struct shim *s, const char *id, const char *bundle,
                                const struct runc_options *o)
{
	struct container *c = xnew(struct container);
	struct runc_options *copy = json_copy(&c->arena, &runc_options_type, o);

	c->shim = s;
	c->id = arena_strdup(&c->arena, id);
	c->bundle = arena_strdup(&c->arena, bundle);
	c->options = *copy;
	c->runc = (struct runc){
		.reaper = s->reaper,
		.binary = options_binary(&c->options),
		.root = options_root(&c->arena, &c->options, s->args->ns),
		.bundle = c->bundle,
		.systemd_cgroup = c->options.systemd_cgroup,
	};
	process_init(&c->init, c, NULL);
	map_set(&s->containers, id, c);
	return c;
}

void container_free(struct container *c)
{
	const char *key;
	void *exec;

	for (size_t i = 0; map_next(&c->execs, &i, &key, &exec);)
		process_free(exec);
	map_free(&c->execs);
	process_clear(&c->init);
	map_remove(&c->shim->containers, c->id);
	arena_free(&c->arena);
	free(c);
}

struct process *process_new(struct container *c, const char *exec_id)
{
	struct process *p = xnew(struct process);

	process_init(p, c, exec_id);
	map_set(&c->execs, exec_id, p);
	return p;
}

void process_free(struct process *p)
{
	map_remove(&p->container->execs, p->exec_id);
	process_clear(p);
	free(p);
}

struct container *container_find(struct shim *s, const char *id, struct err *e)
{
	struct container *c = map_get(&s->containers, id ? id : "");

	if (c && c->init.state != PROCESS_NEW)
		return c;
	err_set(e, ERR_NOT_FOUND, "container not created");
	return NULL;
}

struct process *process_find(struct shim *s, const char *id, const char *exec_id, struct err *e)
{
	struct container *c = container_find(s, id, e);
	struct process *p;

	if (!c)
		return NULL;
	p = str_empty(exec_id) ? &c->init : map_get(&c->execs, exec_id);
	if (!p)
		err_set(e, ERR_NOT_FOUND, "process does not exist %s", exec_id);
	return p;
}

/* ---- the end ---- */

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

void process_check_end(struct process *p)
{
	struct container *c = p->container;

	if (!p->dead || p->state == PROCESS_STOPPED || p->starting)
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
