/*
 * The bridge driver: a network is a bridge on the host, an endpoint a veth pair with one end on it.
 * Options and objects are here; the device is in bridge_device.c, published ports in bridge_port.c.
 */
#include "libnetwork/drivers/bridge.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include "base/fd.h"
#include "base/id.h"
#include "base/mem.h"
#include "netlink/socket.h"

#define MTU_DEFAULT 1500

/* ---- options ---- */

static int set_flag(unsigned *flags, unsigned flag, const char *key, const char *value,
                    struct err *e)
{
	if (str_eq(value, "true") || str_eq(value, "1"))
		*flags |= flag;
	else if (str_eq(value, "false") || str_eq(value, "0"))
		*flags &= ~flag;
	else
		return err_set(e, ERR_INVALID, "failed to parse %s value: %s (no boolean)", key,
		               value);
	return 0;
}

static int set_name(struct bridge_network *n, const char *value, struct err *e)
{
	if (!*value || strchr(value, '/') || !str_copy(n->fw.bridge, sizeof(n->fw.bridge), value))
		return err_set(e, ERR_INVALID, "invalid bridge name \"%s\"", value);
	return 0;
}

static int set_mtu(struct bridge_network *n, const char *value, struct err *e)
{
	uint64_t mtu;

	if (!str_u64(value, &mtu) || mtu > 65535 || (mtu && mtu < 68))
		return err_set(e, ERR_INVALID, "failed to parse %s value: %s (no MTU)",
		               BRIDGE_OPT_MTU, value);
	n->mtu = mtu ? (unsigned)mtu : MTU_DEFAULT;
	return 0;
}

static int set_host_ip(struct bridge_network *n, const char *value, struct err *e)
{
	struct inet ip;

	if (!inet_parse(value, &ip))
		return err_set(e, ERR_INVALID, "failed to parse %s value: %s (no address)",
		               BRIDGE_OPT_HOST_IP, value);
	str_copy(n->host_ip, sizeof(n->host_ip), inet_is_any(&ip) ? "" : value);
	return 0;
}

/* Unknown keys are ignored, as Docker does. */
static int set_option(struct bridge_network *n, const char *key, const char *value, struct err *e)
{
	if (str_eq(key, BRIDGE_OPT_NAME))
		return set_name(n, value, e);
	if (str_eq(key, BRIDGE_OPT_MTU))
		return set_mtu(n, value, e);
	if (str_eq(key, BRIDGE_OPT_HOST_IP))
		return set_host_ip(n, value, e);
	if (str_eq(key, BRIDGE_OPT_MASQUERADE))
		return set_flag(&n->fw.flags, FW_MASQUERADE, key, value, e);
	if (str_eq(key, BRIDGE_OPT_ICC))
		return set_flag(&n->fw.flags, FW_ICC, key, value, e);
	return 0;
}

static int set_address(struct bridge_network *n, const struct network_info *in, struct err *e)
{
	const struct net_ipam_pool *pool =
	        in->ipam && in->ipam->config.n ? in->ipam->config.v : NULL;
	const char *aux;

	if (!pool || !inet_parse(pool->subnet, &n->fw.subnet) ||
	    !inet_parse(pool->gateway, &n->address))
		return err_set(e, ERR_INVALID, "a bridge network needs a subnet and a gateway");
	n->address.prefix = n->fw.subnet.prefix;
	n->gateway = n->address;
	aux = json_map_get(&pool->aux, BRIDGE_AUX_GATEWAY);
	if (aux && (!inet_parse(aux, &n->gateway) || !inet_contains(&n->fw.subnet, &n->gateway)))
		return err_set(e, ERR_INVALID, "default gateway %s is not in %s", aux,
		               pool->subnet);
	return 0;
}

static int read_options(struct bridge_network *n, const struct network_info *in, struct err *e)
{
	snprintf(n->fw.bridge, sizeof(n->fw.bridge), "br-%.12s", in->id);
	n->mtu = MTU_DEFAULT;
	n->fw.flags = FW_MASQUERADE | FW_ICC;
	for (size_t i = 0; i < in->options.n; i++)
		if (set_option(n, in->options.v[i].key, in->options.v[i].value, e) < 0)
			return -1;
	if (!(n->fw.flags & FW_ICC))
		n->fw.flags |= FW_NO_ICC;
	n->fw.flags |= in->internal ? FW_INTERNAL : FW_EXTERNAL;
	n->fw.flags |= n->env->options->userland_proxy ? FW_PROXY : FW_NO_PROXY;
	return set_address(n, in, e);
}

/* ---- networks ---- */

static void bridge_name(const struct network_info *in, char name[IF_NAMESIZE])
{
	const char *given = json_map_get(&in->options, BRIDGE_OPT_NAME);

	snprintf(name, IF_NAMESIZE, "br-%.12s", in->id);
	if (given)
		str_copy(name, IF_NAMESIZE, given);
}

static const char *conflict(const struct network_info *a, const struct network_info *b)
{
	char of_a[IF_NAMESIZE], of_b[IF_NAMESIZE];

	bridge_name(a, of_a);
	bridge_name(b, of_b);
	return str_eq(of_a, of_b) ? "networks have same bridge name" : NULL;
}

static void free_network(void *arg)
{
	struct bridge_network *n = arg;

	fw_rules_free(&n->rules);
	free(n);
}

static int add_rules(struct bridge_network *n, struct err *e)
{
	struct fw_want want[FW_NETWORK_MAX];

	if (!n->env->firewall)
		return 0;
	return firewall_add(n->env->firewall, &n->rules, want, fw_network_rules(&n->fw, want), e);
}

static int create_network(struct net_env *env, const struct network_info *in, void **out,
                          struct err *e)
{
	struct bridge_network *n = xalloc(sizeof(*n));

	n->env = env;
	str_copy(n->id, sizeof(n->id), in->id);
	if (read_options(n, in, e) < 0 || bridge_device_up(n, e) < 0) {
		free_network(n);
		return -1;
	}
	if (add_rules(n, e) < 0) {
		if (bridge_device_delete(n, NULL) < 0)
			err_wrap(e, "(and the bridge %s stays)", n->fw.bridge);
		free_network(n);
		return -1;
	}
	*out = n;
	return 0;
}

static int delete_network(void *arg, struct err *e)
{
	struct bridge_network *n = arg;

	if (n->env->firewall && firewall_remove(n->env->firewall, &n->rules, e) < 0)
		return -1;
	if (bridge_device_delete(n, e) < 0)
		return -1;
	free_network(n);
	return 0;
}

/* ---- endpoints ---- */

static void free_endpoint(void *arg)
{
	struct bridge_endpoint *ep = arg;

	fw_rules_free(&ep->rules);
	free(ep->udp_ports);
	free(ep);
}

/* 02:42 and the IPv4 address, unless one is wanted. */
static int choose_mac(struct bridge_endpoint *ep, struct arena *a, struct endpoint_info *info,
                      struct err *e)
{
	char text[MAC_TEXT_SIZE];

	if (!str_empty(info->mac)) {
		if (!mac_parse(info->mac, ep->mac))
			return err_set(e, ERR_INVALID, "invalid MAC address \"%s\"", info->mac);
		return 0;
	}
	mac_of_address(ep->mac, &ep->address);
	info->mac = arena_strdup(a, mac_format(text, ep->mac));
	return 0;
}

static void choose_gateway(struct bridge_endpoint *ep, struct arena *a, struct endpoint_info *info)
{
	char text[INET_TEXT_SIZE];

	if (ep->network->fw.flags & FW_EXTERNAL)
		info->gateway = arena_strdup(a, inet_format(text, &ep->network->gateway));
}

static int create_endpoint(void *network, struct arena *a, struct endpoint_info *info, void **out,
                           struct err *e)
{
	struct bridge_endpoint *ep = xalloc(sizeof(*ep));
	char random[9];

	ep->network = network;
	str_copy(ep->id, sizeof(ep->id), info->id);
	if (str_empty(info->host_interface)) {
		id_random_hex(random, 4);
		info->host_interface = arena_printf(a, "veth%.7s", random);
	}
	str_copy(ep->host_interface, sizeof(ep->host_interface), info->host_interface);
	if (!inet_parse(info->ipv4, &ep->address)) {
		free_endpoint(ep);
		return err_set(e, ERR_INVALID, "an endpoint of a bridge needs an address");
	}
	ep->address.prefix = (uint8_t)info->ipv4_prefix;
	if (choose_mac(ep, a, info, e) < 0) {
		free_endpoint(ep);
		return -1;
	}
	choose_gateway(ep, a, info);
	*out = ep;
	return 0;
}

/* Without the proxy a container reaches its own published ports through the bridge and back. */
static int set_hairpin(struct bridge_endpoint *ep, int nl, struct err *e)
{
	struct link l;

	if (ep->network->fw.flags & FW_PROXY)
		return 0;
	if (link_get(nl, ep->host_interface, &l, e) < 0)
		return -1;
	return link_port_hairpin(nl, l.index, true, e);
}

static int plug(struct bridge_endpoint *ep, int host, const struct net_join *j, struct err *e)
{
	struct veth v = { .name = ep->host_interface,
		          .master = ep->network->index,
		          .mtu = ep->network->mtu,
		          .peer_name = j->interface,
		          .peer_netns = j->netns };
	bool route = j->default_route && !(ep->network->fw.flags & FW_INTERNAL);
	struct link inside;

	memcpy(v.peer_mac, ep->mac, MAC_SIZE);
	if (link_add_veth(host, &v, e) < 0 || link_get(j->nl, j->interface, &inside, e) < 0 ||
	    address_configure(j->nl, inside.index, &ep->address,
	                      route ? &ep->network->gateway : NULL, e) < 0)
		return -1;
	return set_hairpin(ep, host, e);
}

static int unplug(struct bridge_endpoint *ep, int host, struct err *e)
{
	struct err why = { 0 };
	struct link l;

	if (link_get(host, ep->host_interface, &l, &why) == 0 &&
	    link_delete(host, l.index, &why) == 0)
		return 0;
	if (why.kind == ERR_NOT_FOUND || why.errnum == ENODEV)
		return 0;
	if (e)
		*e = why;
	return err_wrap(e, "remove interface %s", ep->host_interface);
}

static int join(void *arg, const struct net_join *j, struct err *e)
{
	struct bridge_endpoint *ep = arg;
	_cleanup_close_ int host = nl_open(NETLINK_ROUTE, e);
	struct link l;

	if (host < 0)
		return -1;
	if (link_get(host, ep->host_interface, &l, NULL) == 0)
		return 0; /* from before a restart */
	if (plug(ep, host, j, e) == 0)
		return 0;
	if (unplug(ep, host, NULL) < 0)
		err_wrap(e, "(and %s stays)", ep->host_interface);
	return -1;
}

static int take_default_route(void *arg, const struct net_join *j, struct err *e)
{
	struct bridge_endpoint *ep = arg;
	struct link inside;

	if (link_get(j->nl, j->interface, &inside, e) < 0)
		return -1;
	return route_set_default(j->nl, inside.index, &ep->network->gateway, e);
}

/*
 * The port is switched off, so that what still answers there does not do so beside a new container
 * with the same address; the pair itself goes with the namespace, which costs us nothing.
 */
static int switch_off(struct bridge_endpoint *ep, int host, struct err *e)
{
	struct err why = { 0 };
	struct link l;

	if (link_get(host, ep->host_interface, &l, &why) == 0 &&
	    link_port_disable(host, l.index, &why) == 0)
		return 0;
	if (why.kind == ERR_NOT_FOUND || why.errnum == ENODEV)
		return 0;
	if (e)
		*e = why;
	return err_wrap(e, "switch off %s", ep->host_interface);
}

static int leave(void *arg, const struct net_join *j, struct err *e)
{
	struct bridge_endpoint *ep = arg;
	_cleanup_close_ int host = nl_open(NETLINK_ROUTE, e);

	if (host < 0)
		return -1;
	return j ? unplug(ep, host, e) : switch_off(ep, host, e);
}

const struct net_driver net_driver_bridge = {
	.name = "bridge",
	.ipam = "default",
	.needs_netns = true,
	.conflict = conflict,
	.create_network = create_network,
	.delete_network = delete_network,
	.free_network = free_network,
	.create_endpoint = create_endpoint,
	.free_endpoint = free_endpoint,
	.join = join,
	.take_default_route = take_default_route,
	.leave = leave,
	.program_external_connectivity = bridge_publish,
	.revoke_external_connectivity = bridge_unpublish,
};
