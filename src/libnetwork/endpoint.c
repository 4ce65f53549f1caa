/* Endpoints: making, deleting, finding. See libnetwork.h, objects.h; joining is in join.c. */
#include "libnetwork/objects.h"

#include <stdlib.h>
#include "base/id.h"

struct endpoint *endpoint_ref(struct endpoint *ep)
{
	atomic_fetch_add(&ep->refs, 1);
	return ep;
}

void endpoint_unref(struct endpoint *ep)
{
	if (!ep || atomic_fetch_sub(&ep->refs, 1) != 1)
		return;
	if (ep->state)
		ep->network->driver->free_endpoint(ep->state);
	network_unref(ep->network);
	pthread_mutex_destroy(&ep->change);
	pthread_mutex_destroy(&ep->lock);
	arena_free(&ep->arena);
	free(ep);
}

void endpoint_cleanup(struct endpoint **ep)
{
	endpoint_unref(*ep);
}

int endpoint_put_row(struct endpoint *ep, const struct endpoint_info *info, struct err *e)
{
	return row_put(ep->network->c, NET_ROW_ENDPOINT, info->id, &endpoint_info_type, info, false,
	               e);
}

/* ---- making ---- */

/* What a row says is bound is wanted again: the same numbers. */
static void note_ports(struct endpoint *ep)
{
	struct endpoint_info *i = &ep->info;

	if (i->ports.n && i->wanted.n == 0)
		memcpy(&i->wanted, &i->ports, sizeof(i->wanted));
	ep->wanted.n = i->ports.n ? i->ports.n : i->wanted.n;
	ep->wanted.v = i->ports.n ? i->ports.v : i->wanted.v;
	i->ports.n = 0;
	i->ports.v = NULL;
}

static void complete(struct endpoint *ep, const struct endpoint_info *want)
{
	struct endpoint_info *i = &ep->info;
	char id[ID_SIZE];

	*i = *(struct endpoint_info *)json_copy(&ep->arena, &endpoint_info_type, want);
	if (str_empty(i->id)) {
		id_new(id);
		i->id = arena_strdup(&ep->arena, id);
	}
	i->network_id = ep->network->info.id;
	i->network_name = ep->network->info.name;
	i->sandbox_id = NULL;
	note_ports(ep);
}

static int take_address(struct endpoint *ep, struct err *e)
{
	struct network *n = ep->network;
	struct inet wanted = { 0 };
	char text[INET_TEXT_SIZE];

	if (!n->pool.net.family)
		return 0;
	if (!str_empty(ep->info.ipv4) && !inet_parse(ep->info.ipv4, &wanted))
		return err_set(e, ERR_INVALID, "invalid IPv4 address: %s", ep->info.ipv4);
	if (n->ipam->request_address(n->c->ipam, n->pool.id, &wanted, &n->info.ipam->options,
	                             &ep->address, e) < 0)
		return -1;
	ep->info.ipv4 = arena_strdup(&ep->arena, inet_format(text, &ep->address));
	ep->info.ipv4_prefix = ep->address.prefix;
	return 0;
}

static void give_address(struct endpoint *ep)
{
	struct network *n = ep->network;
	struct err e = { 0 };

	if (ep->address.family &&
	    n->ipam->release_address(n->c->ipam, n->pool.id, &ep->address, &e) < 0)
		net_warn(n->c, &e);
	ep->address = (struct inet){ 0 };
}

/* The network stays as long as it counts us. */
static int enlist(struct endpoint *ep, struct err *e)
{
	struct net_controller *c = ep->network->c;
	_cleanup_unlock_ pthread_mutex_t *held = lock_take(&c->lock);

	if (!ep->network->ready)
		return err_set(e, ERR_NOT_FOUND, "network %s not found", ep->network->info.name);
	ep->network->endpoints++;
	return 0;
}

static void make_findable(struct endpoint *ep)
{
	struct net_controller *c = ep->network->c;

	pthread_mutex_lock(&c->lock);
	map_set(&c->endpoints, ep->info.id, endpoint_ref(ep));
	pthread_mutex_unlock(&c->lock);
}

static void strike_off(struct endpoint *ep)
{
	struct net_controller *c = ep->network->c;

	pthread_mutex_lock(&c->lock);
	ep->network->endpoints--;
	endpoint_unref(map_remove(&c->endpoints, ep->info.id));
	pthread_mutex_unlock(&c->lock);
}

static int build(struct endpoint *ep, bool restored, struct err *e)
{
	const struct net_driver *d = ep->network->driver;

	if (take_address(ep, e) < 0 ||
	    d->create_endpoint(ep->network->state, &ep->arena, &ep->info, &ep->state, e) < 0)
		return -1;
	return restored ? 0 : endpoint_put_row(ep, &ep->info, e);
}

struct endpoint *endpoint_make(struct network *n, const struct endpoint_info *want, bool restored,
                               struct err *e)
{
	struct endpoint *ep = net_alloc(sizeof(*ep));

	ep->refs = 1;
	ep->network = network_ref(n);
	pthread_mutex_init(&ep->change, NULL);
	pthread_mutex_init(&ep->lock, NULL);
	complete(ep, want);
	if (enlist(ep, e) < 0) {
		endpoint_unref(ep);
		return NULL;
	}
	if (build(ep, restored, e) == 0) {
		make_findable(ep);
		return ep;
	}
	give_address(ep);
	strike_off(ep);
	endpoint_unref(ep);
	return NULL;
}

struct endpoint *endpoint_create(struct network *n, const struct endpoint_info *want, struct err *e)
{
	return endpoint_make(n, want, false, e);
}

/* ---- renaming ---- */

static void set_name(struct endpoint *ep, const char *name, const struct strs *names)
{
	_cleanup_unlock_ pthread_mutex_t *held = lock_take(&ep->lock);

	ep->info.name = arena_strdup(&ep->arena, name);
	ep->info.names = (struct strs){ 0 };
	for (size_t i = 0; i < names->n; i++)
		arena_push(&ep->arena, &ep->info.names, arena_strdup(&ep->arena, names->v[i]));
}

int endpoint_rename(struct endpoint *ep, const char *name, const struct strs *names, struct err *e)
{
	_cleanup_unlock_ pthread_mutex_t *changing = lock_take(&ep->change);

	set_name(ep, name, names);
	if (endpoint_put_row(ep, &ep->info, e) < 0)
		return -1;
	return ep->sandbox ? resolver_name(ep, e) : 0;
}

/* ---- deleting ---- */

int endpoint_delete(struct endpoint *ep, struct err *e)
{
	struct net_controller *c = ep->network->c;
	_cleanup_unlock_ pthread_mutex_t *changing = lock_take(&ep->change);

	if (ep->gone)
		return 0;
	if (ep->sandbox)
		return err_set(e, ERR_PERMISSION, "endpoint %s of network %s is in use",
		               ep->info.name, ep->info.network_name);
	ep->gone = true;
	give_address(ep);
	strike_off(ep);
	return row_remove(c, NET_ROW_ENDPOINT, ep->info.id, e);
}

/* ---- finding ---- */

struct endpoint *endpoint_find(struct net_controller *c, const char *id, struct err *e)
{
	_cleanup_unlock_ pthread_mutex_t *held = lock_take(&c->lock);
	struct endpoint *ep = map_get(&c->endpoints, id);

	if (ep)
		return endpoint_ref(ep);
	err_set(e, ERR_NOT_FOUND, "endpoint %s not found", id);
	return NULL;
}

void endpoint_info(struct endpoint *ep, struct arena *a, struct endpoint_info *out)
{
	_cleanup_unlock_ pthread_mutex_t *held = lock_take(&ep->lock);

	*out = *(struct endpoint_info *)json_copy(a, &endpoint_info_type, &ep->info);
}

void network_endpoints(struct network *n, struct arena *a, struct endpoint_infos *out)
{
	struct {
		size_t n;
		struct endpoint **v;
	} all = { 0 };
	const char *id;
	void *value;

	*out = (struct endpoint_infos){ 0 };
	pthread_mutex_lock(&n->c->lock);
	for (size_t i = 0; map_next(&n->c->endpoints, &i, &id, &value);)
		if (((struct endpoint *)value)->network == n)
			arena_push(a, &all, endpoint_ref(value));
	pthread_mutex_unlock(&n->c->lock);
	for (size_t i = 0; i < all.n; i++) {
		struct endpoint_info info;

		endpoint_info(all.v[i], a, &info);
		arena_push(a, out, info);
		endpoint_unref(all.v[i]);
	}
}
