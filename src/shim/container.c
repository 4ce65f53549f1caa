/* Containers and their processes. See container.h. */
#include "shim/container.h"

#include <stdlib.h>
#include "base/fd.h"
#include "base/log.h"
#include "base/mem.h"
#include "shim/events.h"

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
	process_drop_waiters(p);
	loop_remove(p->drain.timer);
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
		.hold = -1,
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
	oom_free(c->oom);
	process_clear(&c->init);
	map_remove(&c->shim->containers, c->id);
	fd_close(&c->runc.hold);
	arena_free(&c->arena);
	free(c);
}

static void on_oom(void *arg)
{
	struct container *c = arg;

	if (c->init.starting)
		c->oom_early = true;
	else
		event_oom(&c->init);
}

void container_started(struct container *c)
{
	if (c->oom_early)
		event_oom(&c->init);
	c->oom_early = false;
}

void container_created(struct container *c)
{
	struct err e = { 0 };

	if (cgroup_of(&c->arena, c->init.pid, &c->cgroup, &e) < 0)
		log_warn_of(&e, "container %s", c->id);
	c->oom = oom_watch(c->shim->loop, &c->cgroup, on_oom, c);
	c->own_pids = pid_is_first(c->init.pid);
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

void process_take_streams(struct process *p, bool terminal, const char *in, const char *out,
                          const char *err)
{
	p->terminal = terminal;
	p->in = arena_strdup(&p->arena, in ? in : "");
	p->out = arena_strdup(&p->arena, out ? out : "");
	p->err = arena_strdup(&p->arena, err ? err : "");
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
