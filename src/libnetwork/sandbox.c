/* Sandboxes: the network stack of one container. See libnetwork.h, objects.h. */
#include "libnetwork/objects.h"

#include <stdlib.h>
#include "base/fd.h"
#include "base/file.h"
#include "base/id.h"
#include "libnetwork/netns.h"

struct sandbox *sandbox_ref(struct sandbox *s)
{
	atomic_fetch_add(&s->refs, 1);
	return s;
}

void sandbox_unref(struct sandbox *s)
{
	if (!s || atomic_fetch_sub(&s->refs, 1) != 1)
		return;
	fd_close(&s->nl);
	pthread_mutex_destroy(&s->change);
	pthread_mutex_destroy(&s->lock);
	arena_free(&s->arena);
	free(s->endpoints);
	free(s);
}

void sandbox_cleanup(struct sandbox **s)
{
	sandbox_unref(*s);
}

/* ---- making ---- */

static void complete(struct sandbox *s, const struct sandbox_info *want)
{
	struct sandbox_info *i = &s->info;
	char id[ID_SIZE];

	*i = *(struct sandbox_info *)json_copy(&s->arena, &sandbox_info_type, want);
	i->endpoints = (struct strs){ 0 };
	if (str_empty(i->id)) {
		id_new(id);
		i->id = arena_strdup(&s->arena, id);
	}
	if (i->host_mode)
		i->key = "";
	else if (str_empty(i->key))
		i->key = arena_printf(&s->arena, "%s/%.12s", s->c->netns_dir, i->id);
}

static int claim(struct sandbox *s, struct err *e)
{
	_cleanup_unlock_ pthread_mutex_t *held = lock_take(&s->c->lock);

	if (map_get(&s->c->sandboxes, s->info.container_id))
		return err_set(e, ERR_ALREADY_EXISTS,
		               "container %.12s has a network sandbox already",
		               s->info.container_id);
	map_set(&s->c->sandboxes, s->info.container_id, sandbox_ref(s));
	return 0;
}

static void give_up(struct sandbox *s)
{
	pthread_mutex_lock(&s->c->lock);
	sandbox_unref(map_remove(&s->c->sandboxes, s->info.container_id));
	pthread_mutex_unlock(&s->c->lock);
}

static int build(struct sandbox *s, struct err *e)
{
	if (row_put(s->c, NET_ROW_SANDBOX, s->info.id, &sandbox_info_type, &s->info, false, e) < 0)
		return -1;
	if (s->info.host_mode || netns_create(s->info.key, &s->nl, e) == 0)
		return 0;
	if (row_remove(s->c, NET_ROW_SANDBOX, s->info.id, NULL) < 0)
		err_wrap(e, "(and its row stays)");
	return -1;
}

/* Of a row: the namespace must be there still. */
static int rebuild(struct sandbox *s, struct err *e)
{
	_cleanup_close_ int netns = -1;

	if (s->info.host_mode)
		return 0;
	netns = netns_open(s->info.key, e);
	return netns < 0 ? -1 : 0;
}

struct sandbox *sandbox_make(struct net_controller *c, const struct sandbox_info *want,
                             bool restored, struct err *e)
{
	struct sandbox *s = net_alloc(sizeof(*s));

	s->c = c;
	s->refs = 1;
	s->nl = -1;
	pthread_mutex_init(&s->change, NULL);
	pthread_mutex_init(&s->lock, NULL);
	complete(s, want);
	if (claim(s, e) < 0) {
		sandbox_unref(s);
		return NULL;
	}
	if ((restored ? rebuild(s, e) : build(s, e)) < 0) {
		give_up(s);
		sandbox_unref(s);
		return NULL;
	}
	pthread_mutex_lock(&c->lock);
	s->ready = true;
	pthread_mutex_unlock(&c->lock);
	return s;
}

struct sandbox *sandbox_create(struct net_controller *c, const struct sandbox_info *want,
                               struct err *e)
{
	if (str_empty(want->container_id)) {
		err_set(e, ERR_INVALID, "a sandbox needs a container");
		return NULL;
	}
	return sandbox_make(c, want, false, e);
}

/* ---- its endpoints ---- */

void sandbox_attach(struct sandbox *s, struct endpoint *ep)
{
	_cleanup_unlock_ pthread_mutex_t *held = lock_take(&s->lock);

	s->endpoints = realloc(s->endpoints, (s->n + 1) * sizeof(*s->endpoints));
	if (!s->endpoints)
		abort();
	s->endpoints[s->n++] = endpoint_ref(ep);
}

void sandbox_detach(struct sandbox *s, struct endpoint *ep)
{
	_cleanup_unlock_ pthread_mutex_t *held = lock_take(&s->lock);
	size_t kept = 0;

	for (size_t i = 0; i < s->n; i++)
		if (s->endpoints[i] == ep)
			endpoint_unref(ep);
		else
			s->endpoints[kept++] = s->endpoints[i];
	s->n = kept;
}

/* The last one to join, as a reference; NULL when there is none. */
static struct endpoint *last_endpoint(struct sandbox *s)
{
	_cleanup_unlock_ pthread_mutex_t *held = lock_take(&s->lock);

	return s->n ? endpoint_ref(s->endpoints[s->n - 1]) : NULL;
}

/* ---- deleting ---- */

/* Keeps the first error. */
static void keep_first(struct err *first, const struct err *e)
{
	if (first->kind == ERR_NONE)
		*first = *e;
}

static void delete_endpoints(struct sandbox *s, struct err *first)
{
	for (;;) {
		_cleanup_endpoint_ struct endpoint *ep = last_endpoint(s);
		struct err e = { 0 };

		if (!ep)
			return;
		if (endpoint_leave_held(ep, true, &e) < 0)
			keep_first(first, &e);
		sandbox_detach(s, ep);
		if (endpoint_delete(ep, &e) < 0)
			keep_first(first, &e);
	}
}

int sandbox_delete(struct sandbox *s, struct err *e)
{
	_cleanup_unlock_ pthread_mutex_t *changing = lock_take(&s->change);
	struct err first = { 0 }, next = { 0 };

	if (s->gone)
		return 0;
	s->gone = true;
	if (resolver_end(s, &next) < 0) /* its sockets would keep the namespace */
		keep_first(&first, &next);
	delete_endpoints(s, &first);
	fd_close(&s->nl);
	if (!s->info.host_mode && netns_drop(s->info.key, &next) < 0)
		keep_first(&first, &next);
	if (row_remove(s->c, NET_ROW_SANDBOX, s->info.id, &next) < 0)
		keep_first(&first, &next);
	give_up(s);
	if (first.kind == ERR_NONE)
		return 0;
	if (e)
		*e = first;
	return err_wrap(e, "delete network sandbox of container %.12s", s->info.container_id);
}

/* ---- finding ---- */

struct sandbox *sandbox_find(struct net_controller *c, const char *container_id, struct err *e)
{
	_cleanup_unlock_ pthread_mutex_t *held = lock_take(&c->lock);
	struct sandbox *s = map_get(&c->sandboxes, container_id);

	if (s && s->ready)
		return sandbox_ref(s);
	err_set(e, ERR_NOT_FOUND, "no network sandbox of container %.12s", container_id);
	return NULL;
}

/* References to all endpoints, in the arena: what is read of them is not read under our lock. */
static struct endpoint **endpoint_refs(struct sandbox *s, struct arena *a, size_t *n)
{
	_cleanup_unlock_ pthread_mutex_t *held = lock_take(&s->lock);
	struct endpoint **v = arena_array(a, struct endpoint *, s->n + 1);

	*n = s->n;
	for (size_t i = 0; i < s->n; i++)
		v[i] = endpoint_ref(s->endpoints[i]);
	return v;
}

void sandbox_endpoints(struct sandbox *s, struct arena *a, struct endpoint_infos *out)
{
	size_t n;
	struct endpoint **v = endpoint_refs(s, a, &n);

	*out = (struct endpoint_infos){ 0 };
	for (size_t i = 0; i < n; i++) {
		struct endpoint_info info;

		endpoint_info(v[i], a, &info);
		arena_push(a, out, info);
		endpoint_unref(v[i]);
	}
}

void sandbox_info(struct sandbox *s, struct arena *a, struct sandbox_info *out)
{
	struct endpoint_infos eps;

	*out = *(struct sandbox_info *)json_copy(a, &sandbox_info_type, &s->info);
	sandbox_endpoints(s, a, &eps);
	for (size_t i = 0; i < eps.n; i++)
		arena_push(a, &out->endpoints, eps.v[i].id);
}

void net_controller_sandboxes(struct net_controller *c, struct arena *a, struct sandbox_infos *out)
{
	struct {
		size_t n;
		struct sandbox **v;
	} all = { 0 };
	const char *id;
	void *value;

	*out = (struct sandbox_infos){ 0 };
	pthread_mutex_lock(&c->lock);
	for (size_t i = 0; map_next(&c->sandboxes, &i, &id, &value);)
		if (((struct sandbox *)value)->ready)
			arena_push(a, &all, sandbox_ref(value));
	pthread_mutex_unlock(&c->lock);
	for (size_t i = 0; i < all.n; i++) {
		struct sandbox_info info;

		sandbox_info(all.v[i], a, &info);
		arena_push(a, out, info);
		sandbox_unref(all.v[i]);
	}
}
