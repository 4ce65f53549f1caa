/*
 * Running health checks. See health.h.
 *
 *     loop: timer ─▶ thread: exec ─▶ loop: time limit ─▶ thread: kill
 *                          └▶ its end: report ─▶ loop: next timer
 *
 * Threads live for one call each and only where something blocks. A probe is shared by who starts
 * it, by its exec, and by the time limit: each holds a reference.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include "engine/container/io.h"
#include "engine/ctrd/ctrd.h"
#include "engine/container/exec.h"
#include "engine/container/health_internal.h"

#define RETRY_FIRST_MS 1000
#define RETRY_MAX_MS   60000

/* One check. */
struct probe {
	atomic_uint refs;
	struct container *c; /* a reference */
	uint64_t round;
	int64_t start; /* ns */
	char exec[ID_SIZE];
	atomic_bool over, timed_out;
	struct loop_source *timer; /* the loop's thread only; holds a reference */
	int64_t retry_ms;          /* until it is killed again */
	size_t n; /* of output; written by the pump's thread until the exec has ended */
	bool cut;
	char output[HEALTH_OUTPUT];
};

static struct probe *probe_ref(struct probe *p)
{
	atomic_fetch_add(&p->refs, 1);
	return p;
}

static void probe_unref(struct probe *p)
{
	if (atomic_fetch_sub(&p->refs, 1) != 1)
		return;
	container_unref(p->c);
	free(p);
}

/* ---- what it says ---- */

static void on_output(void *arg, const void *data, size_t n)
{
	struct probe *p = arg;
	size_t keep = MIN(n, sizeof(p->output) - p->n);

	memcpy(p->output + p->n, data, keep);
	p->n += keep;
	p->cut |= keep < n;
}

static char *text_of(const struct probe *p, const struct err *why)
{
	_cleanup_view_ struct container_view v;
	char limit[CLOCK_TEXT_SIZE];
	struct buf b = { 0 };

	container_view(p->c, &v);
	if (p->timed_out)
		buf_printf(&b, "Health check exceeded timeout (%s)%s",
		           clock_format_duration(limit, health_timeout(&v.desc->r)),
		           p->n ? ": " : "");
	if (why)
		buf_adds(&b, why->text);
	else
		buf_add(&b, p->output, p->n);
	if (p->cut)
		buf_adds(&b, "...");
	buf_reserve(&b, 1);
	return b.data; /* NUL-terminated */
}

static void ended_in_loop(void *arg);

static void on_end(void *arg, int code, const struct err *why)
{
	struct probe *p = arg;
	struct health_result r = { .start = p->start,
		                   .end = clock_now_ns(),
		                   .exit_code = why || p->timed_out ? -1 : code,
		                   .output = text_of(p, why) };

	/* A containerd that is away says nothing about the container. */
	health_report(p->c, p->round, why && why->kind == ERR_UNAVAILABLE ? NULL : &r);
	free(r.output);
	p->over = true;
	loop_post(p->c->engine->loop, ended_in_loop, p);
}

/* ---- threads ---- */

static struct strs command_of(struct arena *a, const struct container_record *r)
{
	const struct strs *test = &health_check_of(r)->test;
	struct strs argv = { 0 };

	if (str_eq(test->v[0], "CMD-SHELL")) {
		if (r->config->shell.n == 0) {
			arena_push(a, &argv, "/bin/sh");
			arena_push(a, &argv, "-c");
		}
		for (size_t i = 0; i < r->config->shell.n; i++)
			arena_push(a, &argv, r->config->shell.v[i]);
	}
	for (size_t i = 1; i < test->n; i++)
		arena_push(a, &argv, test->v[i]);
	return argv;
}

static struct exec *make_exec(struct probe *p, struct arena *a, struct err *e)
{
	_cleanup_view_ struct container_view v;
	struct api_exec_create config = { .attach_stdout = true, .attach_stderr = true };

	container_view(p->c, &v);
	config.cmd = command_of(a, &v.desc->r);
	return exec_create(p->c, &config, e);
}

static void arm_in_loop(void *arg);

static void *start_thread(void *arg)
{
	_cleanup_arena_ struct arena a = { 0 };
	struct probe *p = arg;
	struct err e = { 0 };
	_cleanup_exec_ struct exec *x = make_exec(p, &a, &e);

	if (!x) {
		on_end(p, -1, &e);
		return NULL;
	}
	str_copy(p->exec, sizeof(p->exec), x->id);
	if (!health_note_running(p->c, p->round, x->id)) {
		exec_forget(x);
		on_end(p, -1, &e);
		return NULL;
	}
	exec_created(x);
	probe_ref(p); /* the loop's, while on_end may come at any time */
	exec_run_heard(x, &(struct exec_listener){ on_output, on_end, p });
	loop_post(p->c->engine->loop, arm_in_loop, p);
	return NULL;
}

static void retry_in_loop(void *arg);

static void *kill_thread(void *arg)
{
	struct probe *p = arg;
	struct err e = { 0 };

	if (ctrd_task_kill(p->c->engine, p->c->id, p->exec, SIGKILL, false, &e) < 0)
		log_debug("container %s: end its health check: %s", p->c->id, e.text);
	loop_post(p->c->engine->loop, retry_in_loop, p);
	return NULL;
}

/* ---- the loop's thread: a probe's time limit ---- */

static void on_timeout(void *arg)
{
	struct probe *p = arg;

	p->timer = NULL;
	p->timed_out = true;
	engine_thread(kill_thread, p);
}

static void set_timer(struct probe *p, int64_t ms)
{
	if (p->timer)
		loop_remove(p->timer);
	else
		probe_ref(p);
	p->timer = loop_timer(p->c->engine->loop, ms, on_timeout, p);
}

static void drop_timer(struct probe *p)
{
	if (!p->timer)
		return;
	loop_remove(p->timer);
	p->timer = NULL;
	probe_unref(p);
}

/* What did not end is killed again: containerd may have been away, or the container is paused. */
static void retry_in_loop(void *arg)
{
	struct probe *p = arg;

	p->retry_ms = MIN(MAX(p->retry_ms * 2, RETRY_FIRST_MS), RETRY_MAX_MS);
	if (!p->over && !p->timer)
		set_timer(p, p->retry_ms);
	probe_unref(p);
}

/* Its process runs: from now on its time counts. One whose round is over ends at once. */
static void arm_in_loop(void *arg)
{
	_cleanup_view_ struct container_view v;
	struct probe *p = arg;

	container_view(p->c, &v);
	if (!p->over)
		set_timer(p, p->c->health->probe == p ? health_timeout(&v.desc->r) / NS_PER_MS : 0);
	probe_unref(p);
}

/* ---- the loop's thread: one check after the other ---- */

static void on_due(void *arg)
{
	struct container *c = arg; /* the timer's reference becomes the probe's */
	struct probe *p = xalloc(sizeof(*p));

	p->refs = 1;
	p->c = c;
	p->round = c->health->loop_round;
	p->start = clock_now_ns();
	c->health->next = NULL;
	c->health->probe = p;
	engine_thread(start_thread, p);
}

static void schedule(struct container *c)
{
	int64_t ns = health_delay(c, c->health->loop_round);

	if (ns >= 0)
		c->health->next = loop_timer(c->engine->loop, (ns + NS_PER_MS - 1) / NS_PER_MS,
		                             on_due, container_ref(c));
}

static void ended_in_loop(void *arg)
{
	struct probe *p = arg;
	struct health *h = p->c->health;

	drop_timer(p);
	if (h->probe == p) {
		h->probe = NULL;
		schedule(p->c);
	}
	probe_unref(p);
}

/* A new round: what belongs to the old one goes. */
static void clear(struct container *c)
{
	struct health *h = c->health;

	if (h->next) {
		loop_remove(h->next);
		h->next = NULL;
		container_unref(c);
	}
	if (h->probe && h->probe->timer)
		set_timer(h->probe, 0);
	h->probe = NULL;
}

void health_sync(void *container)
{
	_cleanup_container_ struct container *c = container;
	struct health *h = c->health;
	uint64_t round;

	pthread_mutex_lock(&c->lock);
	round = h->round;
	pthread_mutex_unlock(&c->lock);
	if (round == h->loop_round)
		return;
	h->loop_round = round;
	clear(c);
	schedule(c);
}

/* ---- what a former engine left ---- */

struct orphan {
	struct container *c; /* a reference */
	char exec[ID_SIZE];
};

static void *put_away_thread(void *arg)
{
	_cleanup_arena_ struct arena a = { 0 };
	struct orphan *o = arg;
	struct engine *g = o->c->engine;
	struct err e = { 0 };

	/* Its process is deleted when containerd tells of its end (watch.c). */
	if (ctrd_task_kill(g, o->c->id, o->exec, SIGKILL, false, &e) < 0)
		log_debug("container %s: end its health check: %s", o->c->id, e.text);
	if (tree_remove(AT_FDCWD, container_io_dir(g, &a, o->c->id, o->exec), &e) < 0)
		log_warn_of(&e, "container %s: what a health check left", o->c->id);
	container_unref(o->c);
	free(o);
	return NULL;
}

void health_put_away(struct container *c, const char *exec)
{
	struct orphan *o = xalloc(sizeof(*o));

	o->c = container_ref(c);
	str_copy(o->exec, sizeof(o->exec), exec);
	engine_thread(put_away_thread, o);
}
