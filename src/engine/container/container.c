/* The object of container.h: references, views, the changer, waiting. The registry: containers.c. */
#include "engine/container/container.h"

#include <stdlib.h>
#include "base/clock.h"
#include "base/mem.h"
#include "engine/container/store.h"
#include "engine/events.h"
#include "engine/container/health.h"

JSON_TYPE(container_mount, CONTAINER_MOUNT)
JSON_TYPE(container_record, CONTAINER_RECORD)
JSON_TYPE(container_net_record, CONTAINER_NET)

/* ---- desc and net ---- */

struct container_desc *container_desc_new(const struct container_record *r)
{
	struct container_desc *d = xalloc(sizeof(*d));
	struct container_record *copy;

	d->refs = 1;
	copy = json_copy(&d->arena, &container_record_type, r);
	d->r = *copy;
	return d;
}

struct container_desc *container_desc_ref(struct container_desc *d)
{
	atomic_fetch_add(&d->refs, 1);
	return d;
}

void container_desc_unref(struct container_desc *d)
{
	if (!d || atomic_fetch_sub(&d->refs, 1) != 1)
		return;
	arena_free(&d->arena);
	free(d);
}

struct container_net *container_net_new(const struct container_net_record *r)
{
	struct container_net *n = xalloc(sizeof(*n));
	struct container_net_record *copy;

	n->refs = 1;
	copy = json_copy(&n->arena, &container_net_record_type, r);
	n->r = *copy;
	return n;
}

struct container_net *container_net_ref(struct container_net *n)
{
	if (n)
		atomic_fetch_add(&n->refs, 1);
	return n;
}

void container_net_unref(struct container_net *n)
{
	if (!n || atomic_fetch_sub(&n->refs, 1) != 1)
		return;
	arena_free(&n->arena);
	free(n);
}

/* ---- status ---- */

static const char *const status_names[] = {
	[CONTAINER_CREATED] = "created", [CONTAINER_RUNNING] = "running",
	[CONTAINER_PAUSED] = "paused",   [CONTAINER_RESTARTING] = "restarting",
	[CONTAINER_EXITED] = "exited",   [CONTAINER_DEAD] = "dead",
};

const char *container_status_name(enum container_status s)
{
	return status_names[s];
}

bool container_status_parse(const char *name, enum container_status *out)
{
	for (size_t i = 0; i < ARRAY_LEN(status_names); i++) {
		if (str_eq(status_names[i], name)) {
			*out = (enum container_status)i;
			return true;
		}
	}
	return false;
}

/* ---- the object ---- */

struct container *container_new(struct engine *g, const struct container_record *r)
{
	struct container *c = xalloc(sizeof(*c));
	pthread_condattr_t attr;

	c->refs = 1;
	c->engine = g;
	str_copy(c->id, sizeof(c->id), r->id);
	c->created = r->created;
	c->desc = container_desc_new(r);
	pthread_mutex_init(&c->lock, NULL);
	pthread_mutex_init(&c->io_lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&c->changed, &attr);
	pthread_condattr_destroy(&attr);
	return c;
}

struct container *container_ref(struct container *c)
{
	atomic_fetch_add(&c->refs, 1);
	return c;
}

void container_unref(struct container *c)
{
	if (!c || atomic_fetch_sub(&c->refs, 1) != 1)
		return;
	container_desc_unref(c->desc);
	container_net_unref(c->net);
	health_free(c->health);
	pthread_cond_destroy(&c->changed);
	pthread_mutex_destroy(&c->lock);
	pthread_mutex_destroy(&c->io_lock);
	free(c);
}

void container_cleanup(struct container **c)
{
	container_unref(*c);
}

void container_view(struct container *c, struct container_view *v)
{
	pthread_mutex_lock(&c->lock);
	v->desc = container_desc_ref(c->desc);
	v->net = container_net_ref(c->net);
	v->state = c->state;
	pthread_mutex_unlock(&c->lock);
}

void container_view_release(struct container_view *v)
{
	container_desc_unref(v->desc);
	container_net_unref(v->net);
	v->desc = NULL;
	v->net = NULL;
}

void container_begin(struct container *c)
{
	pthread_mutex_lock(&c->lock);
	while (c->busy)
		pthread_cond_wait(&c->changed, &c->lock);
	c->busy = true;
	pthread_mutex_unlock(&c->lock);
}

void container_end(struct container *c)
{
	pthread_mutex_lock(&c->lock);
	c->busy = false;
	pthread_cond_broadcast(&c->changed);
	pthread_mutex_unlock(&c->lock);
}

void container_end_cleanup(struct container **c)
{
	if (*c)
		container_end(*c);
}

void container_get_state(struct container *c, struct container_state *s)
{
	pthread_mutex_lock(&c->lock);
	*s = c->state;
	pthread_mutex_unlock(&c->lock);
}

void container_await_start(struct container *c)
{
	pthread_mutex_lock(&c->lock);
	while (c->busy && !container_is_running(&c->state))
		pthread_cond_wait(&c->changed, &c->lock);
	pthread_mutex_unlock(&c->lock);
}

int container_set_state(struct container *c, const struct container_state *s,
                        enum store_durability d, struct err *e)
{
	pthread_mutex_lock(&c->lock);
	/* These change without the changer; a copy that he took earlier may be behind. */
	bool stopped = c->state.stopped_by_user, oom = c->state.oom_killed;
	enum health_status health = c->state.health;

	c->state = *s;
	c->state.stopped_by_user = stopped;
	c->state.oom_killed = oom;
	c->state.health = health;
	pthread_cond_broadcast(&c->changed);
	pthread_mutex_unlock(&c->lock);
	return container_save_state(c, d, e);
}

void container_set_net(struct container *c, struct container_net *n)
{
	struct container_net *old;

	pthread_mutex_lock(&c->lock);
	old = c->net;
	c->net = n;
	pthread_mutex_unlock(&c->lock);
	container_net_unref(old);
}

int container_set_desc(struct container *c, struct container_desc *d, struct err *e)
{
	struct container_desc *old;

	pthread_mutex_lock(&c->lock);
	old = c->desc;
	c->desc = d;
	pthread_mutex_unlock(&c->lock);
	container_desc_unref(old);
	return container_save(c, e);
}

void container_mark_stopped_by_user(struct container *c, bool stopped)
{
	pthread_mutex_lock(&c->lock);
	c->state.stopped_by_user = stopped;
	pthread_mutex_unlock(&c->lock);
}

void container_mark_oom(struct container *c)
{
	pthread_mutex_lock(&c->lock);
	c->state.oom_killed = true;
	pthread_mutex_unlock(&c->lock);
}

void container_event(struct container *c, const char *action, const struct json_map *more)
{
	_cleanup_arena_ struct arena a = { 0 };
	_cleanup_view_ struct container_view v;
	struct json_map attributes = { 0 };

	container_view(c, &v);
	for (size_t i = 0; i < v.desc->r.config->labels.n; i++)
		json_map_set(&a, &attributes, v.desc->r.config->labels.v[i].key,
		             v.desc->r.config->labels.v[i].value);
	json_map_set(&a, &attributes, "image", v.desc->r.image);
	json_map_set(&a, &attributes, "name", v.desc->r.name);
	for (size_t i = 0; more && i < more->n; i++)
		json_map_set(&a, &attributes, more->v[i].key, more->v[i].value);
	events_publish(c->engine->events, "container", action, c->id, &attributes);
}

/* ---- waiting ---- */

bool container_wait(struct container *c, struct container_waiter *w, int *exit_code)
{
	bool already;

	pthread_mutex_lock(&c->lock);
	already = w->until == WAIT_NOT_RUNNING && !container_is_running(&c->state) &&
	          c->state.status != CONTAINER_RESTARTING;
	*exit_code = c->state.exit_code;
	if (!already) {
		w->next = c->waiters;
		c->waiters = w;
	}
	pthread_mutex_unlock(&c->lock);
	return already;
}

bool container_wait_cancel(struct container *c, struct container_waiter *w)
{
	bool found = false;

	pthread_mutex_lock(&c->lock);
	for (struct container_waiter **at = &c->waiters; *at && !found; at = &(*at)->next) {
		if (*at != w)
			continue;
		*at = w->next;
		found = true;
		break;
	}
	pthread_mutex_unlock(&c->lock);
	return found;
}

/* An exit ends all but those that wait for the removal; a removal ends all. */
static void wake(struct container *c, enum container_wait what, const char *error)
{
	struct container_waiter **at = &c->waiters;

	pthread_mutex_lock(&c->lock);
	while (*at) {
		struct container_waiter *w = *at;

		if (w->until == WAIT_REMOVED && what != WAIT_REMOVED) {
			at = &w->next;
			continue;
		}
		*at = w->next;
		w->error = error;
		w->fn(w, c->state.exit_code);
	}
	pthread_mutex_unlock(&c->lock);
}

void container_wake(struct container *c, enum container_wait what)
{
	wake(c, what, NULL);
}

void container_wake_failed(struct container *c, const char *error)
{
	wake(c, WAIT_REMOVED, error);
}

bool container_wait_stopped(struct container *c, int64_t timeout_ms)
{
	int64_t end = clock_mono_ms() + timeout_ms;
	struct timespec until = { .tv_sec = end / 1000, .tv_nsec = end % 1000 * NS_PER_MS };
	int r = 0;
	bool stopped;

	pthread_mutex_lock(&c->lock);
	while (container_is_running(&c->state) && r == 0)
		r = timeout_ms < 0 ? pthread_cond_wait(&c->changed, &c->lock)
		                   : pthread_cond_timedwait(&c->changed, &c->lock, &until);
	stopped = !container_is_running(&c->state);
	pthread_mutex_unlock(&c->lock);
	return stopped;
}
