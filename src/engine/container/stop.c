/* Signals, stopping, restarting, pausing. See run.h. */
#include "engine/container/run.h"

#include <errno.h>
#include "base/clock.h"
#include "base/log.h"
#include "base/proc.h"
#include "engine/container/health.h"

#define DEFAULT_STOP_SECONDS 10
#define KILL_WAIT_MS         10000

static int not_running(struct container *c, const char *doing, struct err *e)
{
	return err_set(e, ERR_PRECONDITION, "%s: container %s is not running", doing, c->id);
}

/* True when the failure means that the process is gone already. */
static bool is_gone(const struct err *e)
{
	return e->kind == ERR_NOT_FOUND || strstr(e->text, "process already finished") ||
	       strstr(e->text, "no such process") || strstr(e->text, "not running");
}

static void publish_kill(struct container *c, int signo)
{
	_cleanup_arena_ struct arena a = { 0 };
	struct json_map more = { 0 };

	json_map_set(&a, &more, "signal", arena_printf(&a, "%d", signo));
	container_event(c, "kill", &more);
}

static int send_signal(struct container *c, int signo, struct err *e)
{
	struct container_state s;
	struct err ignored = { 0 };

	container_get_state(c, &s);
	if (!container_is_running(&s))
		return not_running(c, "cannot kill container", e);
	if (ctrd_task_kill(c->engine, c->id, NULL, signo, false, e) < 0)
		return -1;
	publish_kill(c, signo);
	/* A frozen process does not die. */
	if (s.status == CONTAINER_PAUSED && signo == SIGKILL &&
	    ctrd_task_pause(c->engine, c->id, false, &ignored) < 0)
		log_debug("container %s: %s", c->id, ignored.text);
	return 0;
}

static int kill_and_wait(struct container *c, struct err *e)
{
	/* A shim that does not answer is about to go, and the container with it. */
	if (send_signal(c, SIGKILL, e) < 0 && !is_gone(e) && e->kind != ERR_UNAVAILABLE)
		return -1;
	if (container_wait_stopped(c, KILL_WAIT_MS))
		return 0;
	return err_set(e, ERR_DEADLINE,
	               "tried to kill container, but did not receive an exit event");
}

/* An engine that ends stops containers as well, and the next one starts them again. */
static void mark_stopped(struct container *c)
{
	if (!c->engine->ending)
		container_mark_stopped_by_user(c, true);
}

static int own_stop_signal(struct container *c)
{
	_cleanup_view_ struct container_view v;
	const char *name;
	int signo;

	container_view(c, &v);
	name = v.desc->r.config->stop_signal;
	signo = str_empty(name) ? 0 : signal_parse(name);
	return signo ? signo : SIGTERM;
}

int container_kill(struct container *c, int signo, struct err *e)
{
	struct container_state s;

	container_get_state(c, &s);
	if (!container_is_running(&s))
		return not_running(c, "cannot kill container", e);
	if (signo == SIGKILL || signo == own_stop_signal(c))
		mark_stopped(c);
	if (signo == SIGKILL)
		return kill_and_wait(c, e);
	if (send_signal(c, signo, e) == 0)
		return 0;
	return is_gone(e) ? not_running(c, "cannot kill container", e) : -1;
}

/* A container between two restarts is stopped by not being started again. */
static bool stop_restarting(struct container *c)
{
	struct container_state s;
	struct err e = { 0 };
	bool waiting;

	container_begin(c);
	container_get_state(c, &s);
	waiting = s.status == CONTAINER_RESTARTING;
	if (waiting) {
		s.status = CONTAINER_EXITED;
		if (container_set_state(c, &s, STORE_DURABLE, &e) < 0)
			log_error_of(&e, "container %s", c->id);
		container_wake(c, WAIT_NEXT_EXIT);
	}
	container_end(c);
	return waiting;
}

static void stop_words(struct container *c, int *signo, int64_t *seconds)
{
	_cleanup_view_ struct container_view v;
	const struct api_config *config;

	container_view(c, &v);
	config = v.desc->r.config;
	if (*signo == 0)
		*signo = own_stop_signal(c);
	if (*seconds == STOP_TIMEOUT_OWN)
		*seconds = config->stop_timeout.set ? config->stop_timeout.value
		                                    : DEFAULT_STOP_SECONDS;
}

static int do_stop(struct container *c, int signo, int64_t seconds, struct err *e)
{
	stop_words(c, &signo, &seconds);
	mark_stopped(c);
	if (send_signal(c, signo, e) < 0) {
		if (!is_gone(e))
			log_warn_of(e, "container %s: stop signal", c->id);
		err_clear(e);
	}
	if (container_wait_stopped(c, seconds < 0 ? -1 : seconds * 1000))
		return 0;
	log_info("container %s did not stop within %lld s of signal %d: SIGKILL", c->id,
	         (long long)seconds, signo);
	return kill_and_wait(c, e);
}

int container_stop(struct container *c, int signo, int64_t seconds, struct err *e)
{
	struct container_state s;

	mark_stopped(c);
	if (stop_restarting(c))
		return 0;
	container_get_state(c, &s);
	if (!container_is_running(&s))
		return err_set(e, ERR_NOT_MODIFIED, "container already stopped");
	if (do_stop(c, signo, seconds, e) < 0)
		return err_wrap(e, "cannot stop container: %s", c->id);
	container_begin(c); /* its exit has been handled to the end */
	container_end(c);
	container_event(c, "stop", NULL);
	return 0;
}

int container_restart(struct container *c, int signo, int64_t seconds, struct err *e)
{
	if (container_stop(c, signo, seconds, e) < 0 && e->kind != ERR_NOT_MODIFIED)
		return -1;
	err_clear(e);
	if (container_start(c, e) < 0)
		return err_wrap(e, "Cannot restart container %s", c->id);
	container_event(c, "restart", NULL);
	return 0;
}

/* A call that failed may have done it all the same: its answer was lost, or its runc was killed. */
static bool is_paused(struct container *c, bool wanted)
{
	struct ctrd_task t;
	struct err e = { 0 };

	return ctrd_task_get(c->engine, c->id, NULL, &t, &e) == 0 &&
	       t.status == (wanted ? CTRD_TASK_PAUSED : CTRD_TASK_RUNNING);
}

int container_pause(struct container *c, bool pause, struct err *e)
{
	_cleanup_changer_ struct container *changing = c;
	struct container_state s;

	container_begin(c);
	container_get_state(c, &s);
	if (!container_is_running(&s))
		return err_set(e, ERR_PRECONDITION, "Container %s is not running", c->id);
	if (pause == (s.status == CONTAINER_PAUSED))
		return err_set(e, ERR_PRECONDITION, "Container %s is %s paused", c->id,
		               pause ? "already" : "not");
	if (ctrd_task_pause(c->engine, c->id, pause, e) < 0 && !is_paused(c, pause))
		return err_wrap(e, "cannot %s container %s", pause ? "pause" : "unpause", c->id);
	s.status = pause ? CONTAINER_PAUSED : CONTAINER_RUNNING;
	if (container_set_state(c, &s, STORE_FAST, e) < 0)
		return -1;
	(pause ? health_end : health_resume)(c);
	container_event(c, pause ? "pause" : "unpause", NULL);
	return 0;
}
