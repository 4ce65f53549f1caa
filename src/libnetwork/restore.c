/*
 * Starting is recovering: what the rows say is put back or adopted, what no row owns is removed.
 * One thread; nobody else has the controller yet.
 *
 * Rows of sandboxes decide: a sandbox whose namespace is gone (the host has restarted) takes its
 * endpoints with it. Then come the networks, then the endpoints of living sandboxes, then the rest
 * of the world is looked through: ports, namespaces, interfaces, rules.
 */
#include "libnetwork/objects.h"

#include <fcntl.h>
#include "base/fd.h"
#include "base/file.h"
#include "libnetwork/drivers/bridge.h"
#include "libnetwork/netns.h"
#include "netlink/socket.h"

/* One kind of rows, decoded; those that make no sense are said and left out. */
struct rows {
	struct net_controller *c;
	const struct json_table *type;
	struct arena *a;
	size_t n;
	void **v;
};

static int take_row(void *arg, const char *id, struct slice json)
{
	struct rows *r = arg;
	void *row = arena_alloc(r->a, r->type->size);
	struct err e = { 0 };

	if (json_decode(r->a, r->type, json, row, &e) < 0) {
		err_wrap(&e, "read row %.12s", id);
		net_warn(r->c, &e);
		return 0;
	}
	arena_push(r->a, r, row);
	return 0;
}

static int read_rows(struct net_controller *c, struct arena *a, enum net_row kind,
                     const struct json_table *type, struct rows *out, struct err *e)
{
	*out = (struct rows){ .c = c, .type = type, .a = a };
	return c->o.store.each(c->o.store.ctx, kind, take_row, out, e);
}

static void warn_about(struct net_controller *c, struct err *e, const char *what, const char *name)
{
	err_wrap(e, "restore %s %s", what, name ? name : "");
	net_warn(c, e);
}

static void forget_row(struct net_controller *c, enum net_row kind, const char *id)
{
	struct err e = { 0 };

	if (row_remove(c, kind, id, &e) < 0)
		net_warn(c, &e);
}

/* ---- sandboxes ---- */

static void restore_sandboxes(struct net_controller *c, const struct rows *rows)
{
	for (size_t i = 0; i < rows->n; i++) {
		const struct sandbox_info *row = rows->v[i];
		_cleanup_sandbox_ struct sandbox *s = NULL;
		struct err e = { 0 };

		s = sandbox_make(c, row, true, &e);
		if (s)
			continue;
		if (e.kind != ERR_NOT_FOUND)
			warn_about(c, &e, "sandbox of container", row->container_id);
		forget_row(c, NET_ROW_SANDBOX, row->id);
	}
}

static struct sandbox *sandbox_by_id(struct net_controller *c, const char *id)
{
	const char *container;
	void *value;

	for (size_t i = 0; map_next(&c->sandboxes, &i, &container, &value);) {
		struct sandbox *s = value;

		if (s->ready && str_eq(s->info.id, id))
			return s;
	}
	return NULL;
}

/* ---- networks ---- */

static bool is_in_use(struct net_controller *c, const struct rows *endpoints, const char *network)
{
	for (size_t i = 0; i < endpoints->n; i++) {
		const struct endpoint_info *ep = endpoints->v[i];

		if (str_eq(ep->network_id, network) && sandbox_by_id(c, ep->sandbox_id))
			return true;
	}
	return false;
}

/* The row follows when the network has become another one. */
static int update_row(struct network *n, const struct network_info *row, struct err *e)
{
	_cleanup_buf_ struct buf was = { 0 }, is = { 0 };

	json_encode(&was, &network_info_type, row);
	json_encode(&is, &network_info_type, &n->info);
	if (str_eq(was.data, is.data))
		return 0;
	return row_put(n->c, NET_ROW_NETWORK, n->info.id, &network_info_type, &n->info, true, e);
}

/* The daemon's flags decide what the default network is, unless living containers are on it. */
static int restore_network(struct net_controller *c, const struct rows *endpoints,
                           const struct network_info *row, struct err *e)
{
	_cleanup_arena_ struct arena a = { 0 };
	_cleanup_network_ struct network *n = NULL;
	struct network_info want = *row;

	if (str_eq(row->name, "bridge") && !is_in_use(c, endpoints, row->id))
		predefined_bridge(c, &a, row, &want);
	n = network_make(c, &want, true, e);
	return n ? update_row(n, row, e) : -1;
}

static void restore_networks(struct net_controller *c, const struct rows *rows,
                             const struct rows *endpoints)
{
	for (size_t i = 0; i < rows->n; i++) {
		const struct network_info *row = rows->v[i];
		struct err e = { 0 };

		if (str_eq(row->name, "bridge") && str_eq(c->o.bridge, "none"))
			continue;
		if (restore_network(c, endpoints, row, &e) < 0)
			warn_about(c, &e, "network", row->name);
	}
}

/* ---- endpoints ---- */

static int restore_endpoint(struct net_controller *c, const struct endpoint_info *row,
                            struct sandbox *s, struct err *e)
{
	_cleanup_network_ struct network *n = network_find(c, row->network_id, e);
	_cleanup_endpoint_ struct endpoint *ep = n ? endpoint_make(n, row, true, e) : NULL;

	if (!ep)
		return -1;
	if (endpoint_join_held(ep, s, true, e) == 0)
		return 0;
	if (endpoint_delete(ep, NULL) < 0)
		err_wrap(e, "(and its row stays)");
	return -1;
}

/* An endpoint without a living sandbox is over; its veth, ports and rules are swept below. */
static void restore_endpoints(struct net_controller *c, const struct rows *rows)
{
	for (size_t i = 0; i < rows->n; i++) {
		const struct endpoint_info *row = rows->v[i];
		struct sandbox *s = sandbox_by_id(c, row->sandbox_id);
		struct err e = { 0 };

		if (!s)
			forget_row(c, NET_ROW_ENDPOINT, row->id);
		else if (restore_endpoint(c, row, s, &e) < 0)
			warn_about(c, &e, "endpoint", row->name);
	}
}

/* The port server has it all, unless it has died together with the engine before. */
static int restore_names(struct sandbox *s, struct err *e)
{
	for (size_t i = 0; i < s->n; i++)
		if (resolver_joined(s, s->endpoints[i], e) < 0)
			return -1;
	return 0;
}

static void choose_gateways(struct net_controller *c)
{
	const char *container;
	void *value;

	for (size_t i = 0; map_next(&c->sandboxes, &i, &container, &value);) {
		struct sandbox *s = value;
		struct err e = { 0 };

		if (!s->ready)
			continue;
		if (gateway_choose(s, &e) < 0)
			warn_about(c, &e, "default route of container", container);
		if (restore_names(s, &e) < 0)
			warn_about(c, &e, "names of container", container);
	}
}

/* ---- the rest of the world ---- */

static bool endpoint_exists(void *ctx, const char *id)
{
	struct net_controller *c = ctx;

	return map_get(&c->endpoints, id) != NULL;
}

struct names {
	struct arena *a;
	size_t n;
	const char **v;
};

static int take_name(void *arg, unused_arg int dirfd, const char *name)
{
	struct names *l = arg;

	arena_push(l->a, l, arena_strdup(l->a, name));
	return 0;
}

static bool namespace_is_owned(struct net_controller *c, const char *path)
{
	const char *container;
	void *value;

	for (size_t i = 0; map_next(&c->sandboxes, &i, &container, &value);)
		if (str_eq(((struct sandbox *)value)->info.key, path))
			return true;
	return false;
}

static int sweep_namespaces(struct net_controller *c, struct err *e)
{
	_cleanup_arena_ struct arena a = { 0 };
	struct names names = { .a = &a };

	if (dir_each(AT_FDCWD, c->netns_dir, take_name, &names, e) < 0)
		return -1;
	for (size_t i = 0; i < names.n; i++) {
		const char *path = path_join(&a, c->netns_dir, names.v[i]);

		if (!str_is_hex(names.v[i], 12) || namespace_is_owned(c, path))
			continue;
		if (netns_drop(path, e) < 0)
			return -1;
	}
	return 0;
}

static bool interface_is_owned(struct net_controller *c, const char *name)
{
	const char *id;
	void *value;

	for (size_t i = 0; map_next(&c->endpoints, &i, &id, &value);)
		if (str_eq(((struct endpoint *)value)->info.host_interface, name))
			return true;
	return false;
}

/* Ports of our bridges: pairs whose endpoint is gone. */
struct strays {
	struct net_controller *c;
	struct arena *a;
	struct {
		size_t n;
		struct link *v;
	} bridges, veths;
};

static int take_link(void *arg, const struct link *l)
{
	struct strays *s = arg;

	if (str_eq(l->kind, "bridge") &&
	    (fw_bridge_is_ours(l->name) || str_eq(l->name, s->c->o.bridge)))
		arena_push(s->a, &s->bridges, *l);
	if (str_eq(l->kind, "veth") && str_starts(l->name, "veth") && l->master)
		arena_push(s->a, &s->veths, *l);
	return 0;
}

static bool is_stray(const struct strays *s, const struct link *veth)
{
	for (size_t i = 0; i < s->bridges.n; i++)
		if (s->bridges.v[i].index == veth->master)
			return str_is_hex(veth->name + 4, 7) &&
			       !interface_is_owned(s->c, veth->name);
	return false;
}

static int sweep_interfaces(struct net_controller *c, struct err *e)
{
	_cleanup_arena_ struct arena a = { 0 };
	_cleanup_close_ int nl = nl_open(NETLINK_ROUTE, e);
	struct strays s = { .c = c, .a = &a };

	if (nl < 0 || link_each(nl, take_link, &s, e) < 0)
		return -1;
	for (size_t i = 0; i < s.veths.n; i++) {
		struct err gone = { 0 };

		/* One that goes by itself meanwhile is as good. */
		if (is_stray(&s, &s.veths.v[i]) && link_delete(nl, s.veths.v[i].index, &gone) < 0 &&
		    gone.kind != ERR_NOT_FOUND)
			net_warn(c, &gone);
	}
	return 0;
}

int net_restore(struct net_controller *c, struct err *e)
{
	_cleanup_arena_ struct arena a = { 0 };
	struct rows networks, endpoints, sandboxes;

	if (read_rows(c, &a, NET_ROW_NETWORK, &network_info_type, &networks, e) < 0 ||
	    read_rows(c, &a, NET_ROW_ENDPOINT, &endpoint_info_type, &endpoints, e) < 0 ||
	    read_rows(c, &a, NET_ROW_SANDBOX, &sandbox_info_type, &sandboxes, e) < 0)
		return -1;
	restore_sandboxes(c, &sandboxes);
	restore_networks(c, &networks, &endpoints);
	if (predefined_ensure(c, e) < 0)
		return -1;
	restore_endpoints(c, &endpoints);
	choose_gateways(c);
	if (ports_sweep(c->env.ports, endpoint_exists, c, e) < 0 || resolver_sweep(c, e) < 0 ||
	    sweep_namespaces(c, e) < 0 || sweep_interfaces(c, e) < 0)
		return -1;
	return c->env.firewall ? firewall_settle(c->env.firewall, e) : 0;
}
