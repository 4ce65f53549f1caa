/* The three networks that are always there: bridge, host, none. See objects.h. */
#include "libnetwork/objects.h"

#include <stdio.h>
#include "libnetwork/drivers/bridge.h"

/* ---- what the flags say about the default bridge ---- */

static void put(struct arena *a, struct network_info *i, const char *key, const char *value)
{
	json_map_set(a, &i->options, key, value);
}

static void set_options(struct net_controller *c, struct arena *a, struct network_info *i)
{
	put(a, i, BRIDGE_OPT_DEFAULT, "true");
	put(a, i, BRIDGE_OPT_ICC, c->o.icc ? "true" : "false");
	put(a, i, BRIDGE_OPT_MASQUERADE, c->o.ip_masq ? "true" : "false");
	put(a, i, BRIDGE_OPT_HOST_IP,
	    str_empty(c->o.default_host_ip) ? "0.0.0.0" : c->o.default_host_ip);
	put(a, i, BRIDGE_OPT_NAME, c->o.bridge);
	put(a, i, BRIDGE_OPT_MTU, arena_printf(a, "%d", c->o.mtu ? c->o.mtu : 1500));
}

/* --bip, else what the bridge has now, else what an earlier start picked, else IPAM's choice. */
static void set_pool(struct net_controller *c, struct arena *a, const struct network_info *current,
                     struct net_ipam_pool *p)
{
	struct inet address, net;
	char text[INET_TEXT_SIZE];

	if (str_empty(c->o.bip) && current && current->ipam && current->ipam->config.n) {
		p->subnet = arena_strdup(a, current->ipam->config.v[0].subnet);
		p->gateway = arena_strdup(a, current->ipam->config.v[0].gateway);
		return;
	}
	if (!inet_parse(c->o.bip, &address) && !bridge_device_address(c->o.bridge, &address))
		return;
	net = inet_subnet(&address);
	p->subnet = arena_strdup(a, inet_format_prefix(text, &net));
	p->gateway = arena_strdup(a, inet_format(text, &address));
}

void predefined_bridge(struct net_controller *c, struct arena *a,
                       const struct network_info *current, struct network_info *out)
{
	struct net_ipam_pool pool = { 0 };

	*out = (struct network_info){ .name = "bridge", .driver = "bridge" };
	if (current) {
		out->id = arena_strdup(a, current->id);
		out->created = current->created;
	}
	set_options(c, a, out);
	out->ipam = arena_new(a, struct net_ipam);
	out->ipam->driver = "default";
	set_pool(c, a, current, &pool);
	if (!str_empty(c->o.fixed_cidr))
		pool.ip_range = c->o.fixed_cidr;
	if (!str_empty(c->o.default_gateway))
		json_map_set(a, &pool.aux, BRIDGE_AUX_GATEWAY, c->o.default_gateway);
	if (pool.subnet || pool.ip_range || pool.aux.n)
		arena_push(a, &out->ipam->config, pool);
}

/* ---- making them ---- */

static int ensure(struct net_controller *c, const struct network_info *want, struct err *e)
{
	_cleanup_network_ struct network *n = network_find(c, want->name, NULL);

	if (n)
		return 0;
	n = network_make(c, want, false, e);
	return n ? 0 : err_wrap(e, "create network %s", want->name);
}

static int ensure_bridge(struct net_controller *c, struct err *e)
{
	_cleanup_arena_ struct arena a = { 0 };
	struct network_info want;
	struct inet bip;

	if (str_eq(c->o.bridge, "none"))
		return 0;
	if (!str_empty(c->o.bip) && !inet_parse(c->o.bip, &bip))
		return err_set(e, ERR_INVALID, "--bip: invalid CIDR address: %s", c->o.bip);
	predefined_bridge(c, &a, NULL, &want);
	return ensure(c, &want, e);
}

int predefined_ensure(struct net_controller *c, struct err *e)
{
	struct network_info host = { .name = "host", .driver = "host" };
	struct network_info none = { .name = "none", .driver = "null" };

	if (ensure(c, &none, e) < 0 || ensure(c, &host, e) < 0)
		return -1;
	return ensure_bridge(c, e);
}
