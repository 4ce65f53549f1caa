/*
 * Published ports of an endpoint on a bridge: sockets first (they decide whether the port is free),
 * then the firewall's rules in one transaction, then what was tracked before is forgotten.
 */
#include "libnetwork/drivers/bridge.h"

#include <stdlib.h>
#include "base/fd.h"
#include "netlink/conntrack.h"
#include "netlink/socket.h"

static uint8_t proto_number(const char *proto)
{
	if (str_eq(proto, "udp"))
		return IPPROTO_UDP;
	return str_eq(proto, "sctp") ? IPPROTO_SCTP : IPPROTO_TCP;
}

/* Docker's order: high ports first, TCP before UDP. Stable, so a range stays together. */
static void sort_ports(struct net_ports *p)
{
	for (size_t i = 1; i < p->n; i++) {
		struct net_port x = p->v[i];
		size_t k = i;

		for (; k > 0; k--) {
			const struct net_port *y = &p->v[k - 1];
			bool before = x.port != y->port
			                      ? x.port > y->port
			                      : str_eq(x.proto, "tcp") && !str_eq(y->proto, "tcp");

			if (!before)
				break;
			p->v[k] = *y;
		}
		p->v[k] = x;
	}
}

/* The same container port may be published twice; its two rules of the container are one. */
static bool is_wanted(const struct fw_want *want, size_t n, const struct ipt_rule *r)
{
	for (size_t i = 0; i < n; i++)
		if (ipt_equal(&want[i].rule, r))
			return true;
	return false;
}

/* Rules for the ports on IPv4 addresses; the proxy alone serves those on IPv6 ones. */
static size_t collect_rules(const struct bridge_endpoint *ep, const struct net_ports *bound,
                            struct fw_want *want)
{
	size_t n = 0;

	for (size_t i = 0; i < bound->n; i++) {
		const struct net_port *b = &bound->v[i];
		struct fw_port p = { .proto = proto_number(b->proto),
			             .host_port = (uint16_t)b->host_port,
			             .container = ep->address,
			             .container_port = (uint16_t)b->port };
		struct fw_want rules[FW_PORT_MAX];
		size_t k;

		if (!inet_parse(b->host_ip, &p.host) || p.host.family != AF_INET)
			continue;
		k = fw_port_rules(&ep->network->fw, &p, rules);
		for (size_t r = 0; r < k; r++)
			if (!is_wanted(want, n, &rules[r].rule))
				want[n++] = rules[r];
	}
	return n;
}

static int add_rules(struct bridge_endpoint *ep, const struct net_ports *bound, struct err *e)
{
	struct fw_want *want;
	int result;

	if (!ep->network->env->firewall)
		return 0;
	want = calloc(bound->n * FW_PORT_MAX + 1, sizeof(*want));
	if (!want)
		abort();
	result = firewall_add(ep->network->env->firewall, &ep->rules, want,
	                      collect_rules(ep, bound, want), e);
	free(want);
	return result;
}

static void note_udp(struct bridge_endpoint *ep, const struct net_ports *bound)
{
	free(ep->udp_ports);
	ep->nudp = 0;
	ep->udp_ports = calloc(bound->n + 1, sizeof(*ep->udp_ports));
	if (!ep->udp_ports)
		abort();
	for (size_t i = 0; i < bound->n; i++)
		if (str_eq(bound->v[i].proto, "udp"))
			ep->udp_ports[ep->nudp++] = (uint16_t)bound->v[i].host_port;
}

/* A failure leaves traffic on its old way for a while: said, but no reason to undo the rest. */
static void forget_udp(struct bridge_endpoint *ep)
{
	const struct net_options *o = ep->network->env->options;
	_cleanup_close_ int nl = -1;
	struct err e = { 0 };

	if (ep->nudp == 0)
		return;
	nl = nl_open(NETLINK_NETFILTER, &e);
	if (nl < 0 || conntrack_forget_udp(nl, &ep->address, ep->udp_ports, ep->nudp, &e) < 0)
		if (o->warn)
			o->warn(o->warn_ctx, &e);
}

/* The network's own default address for ports that name none. */
static struct net_ports with_host_ip(const struct bridge_endpoint *ep, const struct net_ports *in,
                                     struct arena *a)
{
	struct net_ports out = { in->n, arena_memdup(a, in->v, in->n * sizeof(*in->v)) };

	for (size_t i = 0; i < out.n; i++)
		if (str_empty(out.v[i].host_ip) && ep->network->host_ip[0])
			out.v[i].host_ip = ep->network->host_ip;
	sort_ports(&out);
	return out;
}

int bridge_publish(void *arg, const struct net_ports *wanted, struct arena *a,
                   struct net_ports *bound, struct err *e)
{
	_cleanup_arena_ struct arena scratch = { 0 };
	struct bridge_endpoint *ep = arg;
	struct net_ports sorted = with_host_ip(ep, wanted, &scratch);
	char ip[INET_TEXT_SIZE];

	*bound = (struct net_ports){ 0 };
	if (wanted->n == 0 || ep->network->fw.flags & FW_INTERNAL)
		return 0;
	if (ports_publish(ep->network->env->ports, ep->id, inet_format(ip, &ep->address), &sorted,
	                  a, bound, e) < 0)
		return -1;
	ep->published = true;
	note_udp(ep, bound);
	if (add_rules(ep, bound, e) < 0) {
		if (bridge_unpublish(ep, NULL) < 0)
			err_wrap(e, "(and the ports stay bound)");
		return -1;
	}
	forget_udp(ep);
	return 0;
}

int bridge_unpublish(void *arg, struct err *e)
{
	struct bridge_endpoint *ep = arg;
	struct net_env *env = ep->network->env;
	int result = 0;

	if (!ep->published)
		return 0;
	if (env->firewall && firewall_remove(env->firewall, &ep->rules, e) < 0)
		result = -1;
	if (ports_unpublish(env->ports, ep->id, result < 0 ? NULL : e) < 0)
		result = -1;
	forget_udp(ep);
	ep->published = false;
	return result;
}
