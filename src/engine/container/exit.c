/*
 * The end of a container: its streams are drained, its task and network given back, then the new
 * state is shown and those who wait are told; then it is removed or started again if it asked
 * for that. See run.h.
 */
#include "engine/container/run.h"

#include <signal.h>
#include <stdlib.h>
#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "engine/container/io.h"
#include "engine/container/store.h"
#include "engine/container/exec.h"
#include "engine/container/health.h"
#include "engine/network/networking.h"
#include "engine/volume/volume.h"

#define BACKOFF_FIRST_MS 100
#define BACKOFF_MAX_MS   60000
#define STABLE_NS        (10 * NS_PER_S) /* running this long forgets earlier failures */

/* ---- restart policies ---- */

bool container_wants_restart(const struct container_record *r, const struct container_state *s)
{
	const struct api_restart_policy *p = r->host->restart_policy;

	if (!p || s->stopped_by_user || s->removing)
		return false;
	if (str_eq(p->name, "always") || str_eq(p->name, "unless-stopped"))
		return true;
	return str_eq(p->name, "on-failure") && s->exit_code != 0 &&
	       (p->maximum_retry_count == 0 || s->restart_count < p->maximum_retry_count);
}

/* 100 ms, doubled for each restart in a row, at most a minute. */
static int64_t backoff_ms(int restarts)
{
	return restarts > 9 ? BACKOFF_MAX_MS : MIN(BACKOFF_FIRST_MS << restarts, BACKOFF_MAX_MS);
}

struct restart {
	struct container *c; /* a reference */
	int64_t ms, finished_at;
};

static void *restart_thread(void *arg)
{
	struct restart *r = arg;
	_cleanup_container_ struct container *c = r->c;
	struct container_state s;
	struct err e = { 0 };

	container_begin(c);
	container_get_state(c, &s);
	/* Another end than the one that asked for this: stopped and started by hand meanwhile. */
	if (s.finished_at != r->finished_at)
		s.status = CONTAINER_EXITED;
	if (s.status == CONTAINER_RESTARTING && container_do_start(c, &e) < 0) {
		log_error_of(&e, "restart container %s", c->id);
		container_do_exited(c, &(struct ctrd_exit){ .code = 128, .at = clock_now_ns() });
	}
	container_end(c);
	free(r);
	return NULL;
}

static void restart_due(void *arg)
{
	engine_thread(restart_thread, arg);
}

static void restart_later(void *arg)
{
	struct restart *r = arg;

	loop_timer(r->c->engine->loop, r->ms, restart_due, r);
}

/* Timers belong to the loop's thread. */
static void schedule_restart(struct container *c, int64_t ms, int64_t finished_at)
{
	struct restart *r = malloc(sizeof(*r));

	if (!r)
		abort();
	*r = (struct restart){ container_ref(c), ms, finished_at };
	loop_post(c->engine->loop, restart_later, r);
}

void container_restart_after_boot(struct container *c)
{
	struct container_state s;

	container_get_state(c, &s);
	schedule_restart(c, BACKOFF_FIRST_MS, s.finished_at);
}

/* ---- the end ---- */

#define EXIT_UNKNOWN 255 /* as Docker: it ran when the machine went down */
#define EXIT_KILLED  (128 + SIGKILL)

/*
 * Its streams lie on a tmpfs: while they are there the machine has not gone down. Then its shim has
 * died, and what a shim leaves is killed.
 */
struct ctrd_exit container_end_untold(struct container *c, int pid)
{
	_cleanup_arena_ struct arena a = { 0 };
	bool up = path_exists(container_io_dir(c->engine, &a, c->id, NULL));

	return (struct ctrd_exit){ pid, up ? EXIT_KILLED : EXIT_UNKNOWN, clock_now_ns() };
}

static void give_back(struct container *c, struct ctrd_exit *exit)
{
	_cleanup_view_ struct container_view v = { 0 };
	struct ctrd_exit told = { 0 };
	struct err e = { 0 };

	/* Who deletes the task forgets how it ended; the next engine may have to know. */
	if (container_save_exit(c, exit->code, exit->at, &e) < 0)
		log_warn_of(&e, "container %s has ended", c->id);
	err_clear(&e);
	if (ctrd_task_delete(c->engine, c->id, NULL, &told, &e) == 0 && told.at && told.pid)
		*exit = told; /* what the shim says weighs more than what we guessed */
	else if (e.kind && e.kind != ERR_NOT_FOUND)
		log_warn_of(&e, "container %s: delete its task", c->id);
	err_clear(&e);
	if (ctrd_container_delete(c->engine, c->id, &e) < 0)
		log_warn_of(&e, "container %s", c->id);
	container_io_close(c);
	err_clear(&e);
	if (networking_disconnect(c->engine, c->id, &e) < 0)
		log_warn_of(&e, "container %s: its network", c->id);
	container_set_net(c, NULL);
	container_view(c, &v);
	volumes_unmount(c->engine, &v.desc->r);
}

static void publish_die(struct container *c, int code)
{
	_cleanup_arena_ struct arena a = { 0 };
	struct json_map more = { 0 };

	json_map_set(&a, &more, "exitCode", arena_printf(&a, "%d", code));
	container_event(c, "die", &more);
}

void container_do_exited(struct container *c, const struct ctrd_exit *exit)
{
	_cleanup_view_ struct container_view v;
	struct ctrd_exit x = *exit;
	struct container_state s;
	struct err e = { 0 };
	bool again;

	health_end(c);
	execs_container_exited(c->engine->execs, c->id);
	give_back(c, &x);
	container_view(c, &v);
	s = v.state;
	s.pid = 0;
	s.exit_code = x.code;
	s.finished_at = x.at ? x.at : clock_now_ns();
	if (s.finished_at - s.started_at >= STABLE_NS)
		s.backoff = 0;
	/* An engine that ends leaves it to the next one. */
	again = !c->engine->ending && container_wants_restart(&v.desc->r, &s);
	s.status = again ? CONTAINER_RESTARTING : CONTAINER_EXITED;
	if (again) {
		schedule_restart(c, backoff_ms(s.backoff++), s.finished_at);
		s.restart_count++;
	}
	if (container_set_state(c, &s, container_durability(&v.desc->r), &e) < 0)
		log_error_of(&e, "container %s has ended", c->id);
	publish_die(c, x.code);
	container_wake(c, WAIT_NEXT_EXIT);
	if (!again && v.desc->r.host->auto_remove && container_do_remove(c, true, &e) < 0)
		log_error_of(&e, "remove container %s", c->id);
}

/* ---- in a thread of its own ---- */

struct ended {
	struct container *c;
	struct ctrd_exit exit;
};

static void *exit_thread(void *arg)
{
	struct ended *x = arg;
	struct container_state s;

	container_begin(x->c); /* after a start that is not done yet */
	container_get_state(x->c, &s);
	if (container_is_running(&s) && s.pid == x->exit.pid)
		container_do_exited(x->c, &x->exit);
	container_end(x->c);
	container_unref(x->c);
	free(x);
	return NULL;
}

void container_exited(struct container *c, const struct ctrd_exit *exit)
{
	struct ended *x = malloc(sizeof(*x));

	if (!x)
		abort();
	*x = (struct ended){ container_ref(c), *exit };
	engine_thread(exit_thread, x);
}
