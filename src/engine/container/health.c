/* What is known of containers' health. See health.h; running the checks: health_probe.c. */
#include "engine/container/health_internal.h"

#include <fcntl.h>
#include <stdlib.h>
#include "base/clock.h"
#include "base/file.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/mem.h"

#define DEFAULT_INTERVAL       (30 * NS_PER_S)
#define DEFAULT_TIMEOUT        (30 * NS_PER_S)
#define DEFAULT_START_INTERVAL (5 * NS_PER_S)
#define DEFAULT_RETRIES        3
#define SHORTEST               NS_PER_MS

/* The file below the exec root. */
#define SAVED_HEALTH(F)                                \
	F(OBJ, health, "health", REQUIRED, api_health) \
	F(STR, running, "running", OMIT_EMPTY)
JSON_STRUCT(saved_health, SAVED_HEALTH)
JSON_TYPE(saved_health, SAVED_HEALTH)

static const char *const names[] = { [HEALTH_NONE] = "",
	                             [HEALTH_STARTING] = "starting",
	                             [HEALTH_HEALTHY] = "healthy",
	                             [HEALTH_UNHEALTHY] = "unhealthy" };

const char *health_status_name(enum health_status s)
{
	return names[s];
}

static enum health_status status_of(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (str_eq(names[i], name))
			return (enum health_status)i;
	return HEALTH_STARTING;
}

bool health_status_known(const char *name)
{
	return str_eq(name, "none") || (*name && str_eq(names[status_of(name)], name));
}

/* ---- the configuration ---- */

static int check_time(int64_t ns, const char *field, struct err *e)
{
	if (ns == 0 || ns >= SHORTEST)
		return 0;
	return err_set(e, ERR_INVALID, "%s in Healthcheck cannot be less than 1ms", field);
}

int health_validate(const struct api_healthcheck *h, struct err *e)
{
	if (!h)
		return 0;
	if (h->retries < 0)
		return err_set(e, ERR_INVALID, "Retries in Healthcheck cannot be negative");
	if (h->test.n == 1 && (str_eq(h->test.v[0], "CMD") || str_eq(h->test.v[0], "CMD-SHELL")))
		return err_set(e, ERR_INVALID, "Test in Healthcheck has no command");
	return check_time(h->interval, "Interval", e) < 0 ||
	                       check_time(h->timeout, "Timeout", e) < 0 ||
	                       check_time(h->start_period, "StartPeriod", e) < 0 ||
	                       check_time(h->start_interval, "StartInterval", e) < 0
	               ? -1
	               : 0;
}

const struct api_healthcheck *health_check_of(const struct container_record *r)
{
	const struct api_healthcheck *h = r->config->healthcheck;

	if (!h || h->test.n < 2)
		return NULL;
	return str_eq(h->test.v[0], "CMD") || str_eq(h->test.v[0], "CMD-SHELL") ? h : NULL;
}

int64_t health_timeout(const struct container_record *r)
{
	int64_t ns = r->config->healthcheck->timeout;

	return ns > 0 ? ns : DEFAULT_TIMEOUT;
}

static bool in_start_period(const struct container *c, const struct api_healthcheck *h, int64_t at)
{
	return c->state.health == HEALTH_STARTING && at - c->state.started_at < h->start_period;
}

int64_t health_delay(struct container *c, uint64_t round)
{
	int64_t now = clock_now_ns(), every, start, left = -1;
	const struct api_healthcheck *h;

	pthread_mutex_lock(&c->lock);
	h = health_check_of(&c->desc->r);
	if (c->health->on && c->health->round == round && h) {
		every = h->interval > 0 ? h->interval : DEFAULT_INTERVAL;
		start = h->start_interval > 0 ? h->start_interval
		                              : MIN(every, DEFAULT_START_INTERVAL);
		if (in_start_period(c, h, now))
			every = start;
		left = MAX(every - MAX(now - c->health->last, 0), 0);
	}
	pthread_mutex_unlock(&c->lock);
	return left;
}

/* ---- what was found; but for health_view with the container's lock held ---- */

static struct health *health_of(struct container *c)
{
	if (!c->health) {
		c->health = xalloc(sizeof(*c->health));
		pthread_mutex_init(&c->health->file_lock, NULL);
	}
	return c->health;
}

static void add_result(struct health *h, const struct health_result *r)
{
	if (h->n == HEALTH_LOG) {
		free(h->log[0].output);
		memmove(h->log, h->log + 1, sizeof(h->log[0]) * --h->n);
	}
	h->log[h->n++] = *r;
}

static void judge(struct container *c, const struct health_result *r)
{
	const struct api_healthcheck *check = health_check_of(&c->desc->r);
	struct health *h = c->health;

	if (r->exit_code == 0) {
		h->streak = 0;
		c->state.health = HEALTH_HEALTHY;
	} else if (!in_start_period(c, check, r->start)) {
		h->streak++;
		if (h->streak >= (check->retries > 0 ? check->retries : DEFAULT_RETRIES))
			c->state.health = HEALTH_UNHEALTHY;
	}
}

static struct api_health *copy_of(struct container *c, struct arena *a)
{
	const struct health *h = c->health;
	struct api_health *out;

	if (!h || c->state.health == HEALTH_NONE)
		return NULL;
	out = arena_new(a, struct api_health);
	out->status = names[c->state.health];
	out->failing_streak = h->streak;
	for (size_t i = 0; i < h->n; i++) {
		const struct health_result *r = &h->log[i];
		struct api_health_result x = { r->start, r->end, r->exit_code,
			                       arena_strdup(a, r->output) };

		arena_push(a, &out->log, x);
	}
	return out;
}

struct api_health *health_view(struct container *c, struct arena *a)
{
	struct api_health *out;

	pthread_mutex_lock(&c->lock);
	out = copy_of(c, a);
	pthread_mutex_unlock(&c->lock);
	return out;
}

void health_free(struct health *h)
{
	if (!h)
		return;
	for (size_t i = 0; i < h->n; i++)
		free(h->log[i].output);
	pthread_mutex_destroy(&h->file_lock);
	free(h);
}

/* ---- the file ---- */

static char *file_path(struct container *c, struct arena *a)
{
	return engine_exec_path(c->engine, a, "containerd/%s/health.json", c->id);
}

/* Whoever writes last writes what is true by then. */
static void save(struct container *c)
{
	_cleanup_arena_ struct arena a = { 0 };
	_cleanup_buf_ struct buf b = { 0 };
	struct saved_health doc;
	struct err e = { 0 };

	pthread_mutex_lock(&c->health->file_lock);
	pthread_mutex_lock(&c->lock);
	doc.health = copy_of(c, &a);
	doc.running = arena_strdup(&a, c->health->running);
	pthread_mutex_unlock(&c->lock);
	json_encode(&b, &saved_health_type, &doc);
	if (file_replace_path(file_path(c, &a), b.data, b.len, 0600, FILE_VOLATILE, &e) < 0)
		log_debug("container %s: keep its health: %s", c->id, e.text);
	pthread_mutex_unlock(&c->health->file_lock);
}

/* The container's lock is held. */
static void restore(struct container *c, const struct api_health *from)
{
	struct health *h = health_of(c);

	c->state.health = status_of(from->status);
	h->streak = (int)from->failing_streak;
	for (size_t i = 0; i < from->log.n; i++) {
		const struct api_health_result *r = &from->log.v[i];

		add_result(h, &(struct health_result){ r->start, r->end, (int)r->exit_code,
		                                       strdup(r->output ? r->output : "") });
		h->last = r->end;
	}
}

void health_adopt(struct container *c)
{
	_cleanup_arena_ struct arena a = { 0 };
	struct saved_health doc = { 0 };
	struct slice text;
	struct err e = { 0 };

	if (!health_check_of(&c->desc->r) ||
	    file_read(&a, AT_FDCWD, file_path(c, &a), LIMIT_CONFIG_FILE, &text, NULL) < 0)
		return;
	if (json_decode(&a, &saved_health_type, text, &doc, &e) < 0) {
		log_warn_of(&e, "the health of container %s", c->id);
		return;
	}
	pthread_mutex_lock(&c->lock);
	restore(c, doc.health);
	pthread_mutex_unlock(&c->lock);
	if (!str_empty(doc.running))
		health_put_away(c, doc.running);
}

/* ---- rounds ---- */

/* Begins or ends a round; `s` HEALTH_NONE leaves the status that there is. */
static void turn(struct container *c, bool on, enum health_status s)
{
	struct health *h;

	pthread_mutex_lock(&c->lock);
	h = health_of(c);
	h->on = on;
	h->round++;
	h->running[0] = '\0';
	if (s == HEALTH_NONE && c->state.health == HEALTH_NONE)
		s = HEALTH_STARTING;
	if (s != HEALTH_NONE)
		c->state.health = s;
	if (s == HEALTH_STARTING)
		h->streak = 0;
	if (s == HEALTH_STARTING || !h->last)
		h->last = clock_now_ns();
	pthread_mutex_unlock(&c->lock);
	save(c);
	loop_post(c->engine->loop, health_sync, container_ref(c));
}

void health_begin(struct container *c)
{
	if (health_check_of(&c->desc->r))
		turn(c, true, HEALTH_STARTING);
}

void health_resume(struct container *c)
{
	if (health_check_of(&c->desc->r))
		turn(c, true, HEALTH_NONE);
}

void health_end(struct container *c)
{
	if (health_check_of(&c->desc->r) && c->health)
		turn(c, false, HEALTH_UNHEALTHY);
}

/* ---- from the checks ---- */

bool health_note_running(struct container *c, uint64_t round, const char *id)
{
	bool ours;

	pthread_mutex_lock(&c->lock);
	ours = c->health->on && c->health->round == round;
	if (ours)
		str_copy(c->health->running, sizeof(c->health->running), id);
	pthread_mutex_unlock(&c->lock);
	if (ours)
		save(c);
	return ours;
}

void health_report(struct container *c, uint64_t round, struct health_result *result)
{
	enum health_status before, after;
	struct health *h = c->health;
	bool ours;

	pthread_mutex_lock(&c->lock);
	before = after = c->state.health;
	ours = h->on && h->round == round;
	if (ours) {
		h->running[0] = '\0';
		h->last = clock_now_ns();
	}
	if (ours && result) {
		add_result(h, result);
		result->output = NULL;
		judge(c, result);
		after = c->state.health;
	}
	pthread_mutex_unlock(&c->lock);
	if (ours)
		save(c);
	if (before != after) {
		_cleanup_arena_ struct arena a = { 0 };

		container_event(c, arena_printf(&a, "health_status: %s", names[after]), NULL);
	}
}
