/* The thread that reads containerd's events. See recover.h. */
#include <stdlib.h>
#include <unistd.h>
#include "base/log.h"
#include "base/mem.h"
#include "engine/container/run.h"
#include "engine/container/exec.h"
#include "engine/container/recover.h"
#include "rpc/grpc_client.h"

#define RETRY_US 100000

/*
 * A server says nothing when a subscription has taken effect. What ended between the list of tasks
 * and that moment is found by looking once more a little later.
 */
#define LOOK_AGAIN_MS 2000

struct watch {
	struct engine *engine;
	struct grpc_stream *events;
};

/* ---- an exec that an engine before us started: nobody else puts its process away ---- */

struct orphan {
	struct engine *engine;
	char container[ID_SIZE], exec[ID_SIZE];
};

static void *delete_orphan(void *arg)
{
	struct orphan *o = arg;
	struct err e = { 0 };

	if (ctrd_task_delete(o->engine, o->container, o->exec, NULL, &e) < 0)
		log_debug("exec %s: %s", o->exec, e.text);
	free(o);
	return NULL;
}

static void orphan_exited(struct engine *g, const struct ctrd_event *ev)
{
	struct orphan *o = xalloc(sizeof(*o));

	o->engine = g;
	str_copy(o->container, sizeof(o->container), ev->container);
	str_copy(o->exec, sizeof(o->exec), ev->process);
	engine_thread(delete_orphan, o);
}

/* ---- events ---- */

static void on_exit_event(struct engine *g, const struct ctrd_event *ev)
{
	_cleanup_container_ struct container *c = NULL;
	_cleanup_exec_ struct exec *x = NULL;

	if (containers_gone(g->containers, ev->container))
		return;
	if (str_eq(ev->process, ev->container)) {
		c = containers_find(g->containers, ev->container, NULL);
		if (c)
			container_exited(c, &ev->exit);
		return;
	}
	x = execs_find(g->execs, ev->process, NULL);
	if (x)
		exec_exited(x, &ev->exit);
	else
		orphan_exited(g, ev);
}

static void on_oom_event(struct engine *g, const struct ctrd_event *ev)
{
	_cleanup_container_ struct container *c =
	        containers_find(g->containers, ev->container, NULL);

	if (!c)
		return;
	container_mark_oom(c);
	container_event(c, "oom", NULL);
}

static void handle(struct engine *g, const struct ctrd_event *ev)
{
	switch (ev->kind) {
	case CTRD_EXIT:
		on_exit_event(g, ev);
		break;
	case CTRD_OOM:
		on_oom_event(g, ev);
		break;
	}
}

static void read_events(struct watch *w)
{
	struct err e = { 0 };
	int r;

	do {
		_cleanup_arena_ struct arena a = { 0 };
		struct ctrd_event ev;

		r = ctrd_events_next(w->events, &a, &ev, &e);
		if (r > 0)
			handle(w->engine, &ev);
	} while (r > 0);
	if (!w->engine->ending)
		log_warn_of(&e, "the stream of containerd's events has ended");
	grpc_stream_free(w->events);
	w->events = NULL;
}

/* ---- the thread ---- */

static void *look_again_thread(void *arg)
{
	recover_missed_exits(arg, true);
	return NULL;
}

static void look_again(void *arg)
{
	engine_thread(look_again_thread, arg);
}

static void look_again_later(void *arg)
{
	struct engine *g = arg;

	loop_timer(g->loop, LOOK_AGAIN_MS, look_again, g);
}

static void subscribe(struct watch *w)
{
	struct err e = { 0 };
	bool told = false;

	while (!(w->events = ctrd_events_open(w->engine, &e))) {
		if (!told && !w->engine->ending)
			log_warn_of(&e, "subscribe to containerd's events");
		told = true;
		usleep(RETRY_US);
	}
	recover_missed_exits(w->engine, false);
}

static void *watch_thread(void *arg)
{
	struct watch *w = arg;

	for (;;) {
		if (!w->events)
			subscribe(w);
		loop_post(w->engine->loop, look_again_later, w->engine);
		read_events(w);
		usleep(RETRY_US);
	}
	return NULL;
}

void watch_start(struct engine *g, struct grpc_stream *events)
{
	struct watch *w = xalloc(sizeof(*w));

	*w = (struct watch){ g, events };
	engine_thread(watch_thread, w);
}
