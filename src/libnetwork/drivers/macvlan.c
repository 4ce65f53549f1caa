/*
 * The macvlan driver: a network is an interface of the host (its parent), an endpoint an interface
 * of its own with a MAC address on the same wire. Nothing is routed, translated or published.
 */
#include "libnetwork/driver.h"

#include <errno.h>
#include <linux/if_link.h>
#include "base/fd.h"
#include "base/mem.h"
#include "netlink/address.h"
#include "netlink/socket.h"

#define OPT_PARENT "parent"
#define OPT_MODE   "macvlan_mode"

static const struct {
	const char *name;
	unsigned mode;
} modes[] = {
	{ "", MACVLAN_MODE_BRIDGE },           { "bridge", MACVLAN_MODE_BRIDGE },
	{ "private", MACVLAN_MODE_PRIVATE },   { "vepa", MACVLAN_MODE_VEPA },
	{ "passthru", MACVLAN_MODE_PASSTHRU },
};

struct macvlan_network {
	char parent[IF_NAMESIZE];
	unsigned mode;
	bool internal;
	struct inet gateway;
};

struct macvlan_endpoint {
	struct macvlan_network *network; /* borrowed: a network outlives its endpoints */
	uint8_t mac[MAC_SIZE];
	struct inet address;
};

/* ---- networks ---- */

static const char *option(const struct network_info *in, const char *key)
{
	const char *value = json_map_get(&in->options, key);

	return value ? value : "";
}

static const char *conflict(const struct network_info *a, const struct network_info *b)
{
	return str_eq(option(a, OPT_PARENT), option(b, OPT_PARENT))
	               ? "both use the same parent interface"
	               : NULL;
}

static int find_mode(const char *name, unsigned *out, struct err *e)
{
	for (size_t i = 0; i < ARRAY_LEN(modes); i++)
		if (str_eq(modes[i].name, name)) {
			*out = modes[i].mode;
			return 0;
		}
	return err_set(e, ERR_INVALID,
	               "requested macvlan mode '%s' is not valid, 'bridge' mode is the macvlan "
	               "driver default",
	               name);
}

static int parent_index(const char *name, int *index, struct err *e)
{
	_cleanup_close_ int nl = nl_open(NETLINK_ROUTE, e);
	struct link l;

	if (nl < 0 || link_get(nl, name, &l, e) < 0)
		return err_wrap(e, "macvlan parent");
	*index = l.index;
	return 0;
}

/* A new network needs its parent; one of a row may wait for it until somebody joins. */
static int check_new(const struct network_info *in, struct err *e)
{
	const char *parent = option(in, OPT_PARENT);
	int index;

	if (str_empty(parent))
		return err_set(e, ERR_UNIMPLEMENTED,
		               "macvlan networks without a parent interface (-o parent=eth0) are "
		               "not there yet");
	if (str_eq(parent, "lo"))
		return err_set(e, ERR_INVALID,
		               "loopback interface is not a valid macvlan parent link");
	if (parent_index(parent, &index, e) == 0)
		return 0;
	if (strchr(parent, '.'))
		return err_set(e, ERR_UNIMPLEMENTED,
		               "VLAN interfaces are not made yet: %s must be there", parent);
	return err_kind_set(e, ERR_INVALID);
}

static int create_network(unused_arg struct net_env *env, const struct network_info *in, void **out,
                          struct err *e)
{
	struct macvlan_network *n = xnew(struct macvlan_network);

	n->internal = in->internal;
	if (find_mode(option(in, OPT_MODE), &n->mode, e) == 0 &&
	    str_copy(n->parent, sizeof(n->parent), option(in, OPT_PARENT)) && in->ipam->config.n &&
	    inet_parse(in->ipam->config.v[0].gateway, &n->gateway)) {
		*out = n;
		return 0;
	}
	free(n);
	return e && e->kind ? -1 : err_set(e, ERR_INVALID, "invalid macvlan parent or addresses");
}

static int delete_network(void *n, unused_arg struct err *e)
{
	free(n);
	return 0;
}

/* ---- endpoints ---- */

static int create_endpoint(void *network, struct arena *a, struct endpoint_info *info, void **out,
                           struct err *e)
{
	struct macvlan_endpoint *ep = xnew(struct macvlan_endpoint);
	char text[MAC_TEXT_SIZE], gateway[INET_TEXT_SIZE];

	ep->network = network;
	if (!inet_parse(info->ipv4, &ep->address) ||
	    (!str_empty(info->mac) && !mac_parse(info->mac, ep->mac))) {
		free(ep);
		return err_set(e, ERR_INVALID, "invalid address %s or MAC address \"%s\"",
		               info->ipv4 ? info->ipv4 : "", info->mac ? info->mac : "");
	}
	ep->address.prefix = (uint8_t)info->ipv4_prefix;
	if (str_empty(info->mac)) {
		mac_of_address(ep->mac, &ep->address);
		info->mac = arena_strdup(a, mac_format(text, ep->mac));
	}
	if (!ep->network->internal)
		info->gateway = arena_strdup(a, inet_format(gateway, &ep->network->gateway));
	*out = ep;
	return 0;
}

static int join(void *arg, const struct net_join *j, struct err *e)
{
	struct macvlan_endpoint *ep = arg;
	_cleanup_close_ int host = nl_open(NETLINK_ROUTE, e);
	struct macvlan v = { .name = j->interface, .mode = ep->network->mode, .netns = j->netns };
	struct link l;

	if (host < 0)
		return -1;
	if (link_get(j->nl, j->interface, &l, NULL) == 0)
		return 0; /* from before a restart */
	memcpy(v.mac, ep->mac, MAC_SIZE);
	if (parent_index(ep->network->parent, &v.parent, e) < 0 ||
	    link_add_macvlan(host, &v, e) < 0 || link_get(j->nl, j->interface, &l, e) < 0)
		return -1;
	if (address_configure(j->nl, l.index, &ep->address,
	                      j->default_route ? &ep->network->gateway : NULL, e) == 0)
		return 0;
	if (link_delete(j->nl, l.index, NULL) < 0)
		err_wrap(e, "(and %s stays)", j->interface);
	return -1;
}

static int take_default_route(void *arg, const struct net_join *j, struct err *e)
{
	struct macvlan_endpoint *ep = arg;
	struct link l;

	if (link_get(j->nl, j->interface, &l, e) < 0)
		return -1;
	return route_set_default(j->nl, l.index, &ep->network->gateway, e);
}

/* It goes with its namespace, or at once. */
static int leave(unused_arg void *arg, const struct net_join *j, struct err *e)
{
	struct err why = { 0 };
	struct link l;

	if (!j || (link_get(j->nl, j->interface, &l, &why) == 0 &&
	           link_delete(j->nl, l.index, &why) == 0))
		return 0;
	if (why.kind == ERR_NOT_FOUND || why.errnum == ENODEV)
		return 0;
	if (e)
		*e = why;
	return err_wrap(e, "remove interface %s", j->interface);
}

const struct net_driver net_driver_macvlan = {
	.name = "macvlan",
	.ipam = "default",
	.needs_netns = true,
	.conflict = conflict,
	.check_new = check_new,
	.create_network = create_network,
	.delete_network = delete_network,
	.free_network = free,
	.create_endpoint = create_endpoint,
	.free_endpoint = free,
	.join = join,
	.take_default_route = take_default_route,
	.leave = leave,
};
