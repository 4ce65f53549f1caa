/*
 * Names of endpoints and the name servers of sandboxes: what the port server must know so that it
 * can answer without us. Only networks of users have names; the default bridge has none.
 *
 * All with the sandbox's change held. See objects.h, port_protocol.h.
 */
#include "libnetwork/objects.h"

static bool has_names(const struct endpoint *ep)
{
	return ep->network->driver->needs_netns && !network_is_predefined(ep->network->info.name) &&
	       ep->address.family;
}

int resolver_name(struct endpoint *ep, struct err *e)
{
	_cleanup_arena_ struct arena a = { 0 };
	struct endpoint_info info;
	struct name_record r;

	if (!has_names(ep))
		return 0;
	endpoint_info(ep, &a, &info);
	r = (struct name_record){ .network = info.network_id,
		                  .network_name = info.network_name,
		                  .address = info.ipv4,
		                  .names = info.names };
	return port_server_name(ep->network->c->server, info.id, &r, e);
}

/* ---- what a resolver knows ---- */

static void add_links(struct arena *a, const struct endpoint *ep, struct name_resolver *out)
{
	for (size_t i = 0; i < ep->info.links.n; i++) {
		const char *text = ep->info.links.v[i], *colon = strchr(text, ':');
		size_t n = colon ? (size_t)(colon - text) : strlen(text);
		char *name = arena_strndup(a, text, n);
		struct name_link link = { .network = ep->network->info.id,
			                  .alias = colon ? colon + 1 : name,
			                  .name = name };

		arena_push(a, &out->links, link);
	}
}

static void add_servers(struct arena *a, const struct sandbox *s, struct name_resolver *out)
{
	for (size_t i = 0; i < s->info.servers.n; i++) {
		struct name_server server = { .address = s->info.servers.v[i].address,
			                      .of_host = s->info.servers.v[i].of_host };

		arena_push(a, &out->servers, server);
	}
}

int resolver_update(struct sandbox *s, struct err *e)
{
	_cleanup_arena_ struct arena a = { 0 };
	struct name_resolver r = { .netns = s->info.key,
		                   .internal = !s->gateway,
		                   .qualified = s->info.qualified };

	for (size_t i = 0; i < s->n; i++) {
		const struct endpoint *ep = s->endpoints[i];

		if (!ep->sandbox || !has_names(ep))
			continue;
		arena_push(&a, &r.networks, ep->network->info.id);
		add_links(&a, ep, &r);
	}
	/* One that was started stays: its sandbox's resolv.conf has it. */
	if (r.networks.n == 0 && !s->has_resolver)
		return 0;
	add_servers(&a, s, &r);
	if (port_server_resolve(s->c->server, s->info.id, &r, e) < 0)
		return -1;
	s->has_resolver = true;
	return 0;
}

int resolver_joined(struct sandbox *s, struct endpoint *ep, struct err *e)
{
	if (resolver_name(ep, e) < 0)
		return -1;
	return resolver_update(s, e);
}

int resolver_left(struct sandbox *s, struct endpoint *ep, struct err *e)
{
	return has_names(ep) ? port_server_take(s->c->server, PORT_KIND_NAME, ep->info.id, e) : 0;
}

int resolver_end(struct sandbox *s, struct err *e)
{
	return port_server_take(s->c->server, PORT_KIND_RESOLVER, s->info.id, e);
}

/* ---- after a restart ---- */

static bool sandbox_exists(struct net_controller *c, const char *id)
{
	const char *container;
	void *value;

	for (size_t i = 0; map_next(&c->sandboxes, &i, &container, &value);)
		if (str_eq(((struct sandbox *)value)->info.id, id))
			return true;
	return false;
}

static int sweep(struct net_controller *c, enum port_kind kind, struct err *e)
{
	_cleanup_arena_ struct arena a = { 0 };
	struct port_owners all;

	port_server_list(c->server, kind, &a, &all);
	for (size_t i = 0; i < all.n; i++) {
		const char *id = all.v[i].id;
		bool owned = kind == PORT_KIND_NAME ? map_get(&c->endpoints, id) != NULL
		                                    : sandbox_exists(c, id);

		if (!owned && port_server_take(c->server, kind, id, e) < 0)
			return -1;
	}
	return 0;
}

int resolver_sweep(struct net_controller *c, struct err *e)
{
	if (sweep(c, PORT_KIND_NAME, e) < 0)
		return -1;
	return sweep(c, PORT_KIND_RESOLVER, e);
}
