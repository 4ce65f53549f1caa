/* See rules.h. A template is a rule with blanks for the bridge and its subnet. */
#include "libnetwork/firewall/rules.h"

#include <linux/netfilter_ipv4.h>
#include <string.h>
#include "base/str.h"

#define ISOLATION_1 "DOCKER-ISOLATION-STAGE-1"
#define ISOLATION_2 "DOCKER-ISOLATION-STAGE-2"

/* A blank in a template: does the rule name the bridge (the subnet), anything but it, or neither? */
enum blank { ANY, IS, NOT };

struct template
{
	const char *table, *chain;
	enum ipt_target target;
	const char *jump;
	enum blank in, out;  /* the bridge */
	enum blank src, dst; /* the subnet */
	enum blank loopback; /* -d 127.0.0.0/8 */
	uint16_t src_type, dst_type, states;
	unsigned when; /* all of these flags */
	enum fw_place place;
};

const struct nft_base_chain fw_base_chains[] = {
	{ "nat", "PREROUTING", "nat", NF_INET_PRE_ROUTING, NF_IP_PRI_NAT_DST },
	{ "nat", "OUTPUT", "nat", NF_INET_LOCAL_OUT, NF_IP_PRI_NAT_DST },
	{ "nat", "POSTROUTING", "nat", NF_INET_POST_ROUTING, NF_IP_PRI_NAT_SRC },
	{ "filter", "FORWARD", "filter", NF_INET_FORWARD, NF_IP_PRI_FILTER },
};
const size_t fw_base_chain_count = ARRAY_LEN(fw_base_chains);

const struct fw_chain fw_chains[] = {
	{ "nat", "DOCKER" },       { "filter", "DOCKER" },      { "filter", ISOLATION_1 },
	{ "filter", ISOLATION_2 }, { "filter", "DOCKER-USER" },
};
const size_t fw_chain_count = ARRAY_LEN(fw_chains);

static const struct template base_templates[] = {
	{ "nat", "PREROUTING", IPT_JUMP, "DOCKER", .dst_type = IPT_TYPE_LOCAL },
	{ "nat", "OUTPUT", IPT_JUMP, "DOCKER", .dst_type = IPT_TYPE_LOCAL, .loopback = NOT,
	  .when = FW_PROXY },
	{ "nat", "OUTPUT", IPT_JUMP, "DOCKER", .dst_type = IPT_TYPE_LOCAL, .when = FW_NO_PROXY },
	{ "filter", "FORWARD", IPT_JUMP, "DOCKER-USER", .place = FW_FIRST },
	{ "filter", "FORWARD", IPT_JUMP, ISOLATION_1, .place = FW_FIRST },
	{ "filter", ISOLATION_1, IPT_RETURN },
	{ "filter", ISOLATION_2, IPT_RETURN },
	{ "filter", "DOCKER-USER", IPT_RETURN },
};

static const struct template network_templates[] = {
	{ "nat", "POSTROUTING", IPT_MASQUERADE, .src = IS, .out = NOT,
	  .when = FW_MASQUERADE | FW_EXTERNAL, .place = FW_FIRST },
	{ "nat", "POSTROUTING", IPT_MASQUERADE, .out = IS, .src_type = IPT_TYPE_LOCAL,
	  .when = FW_NO_PROXY | FW_EXTERNAL, .place = FW_FIRST },
	{ "nat", "DOCKER", IPT_RETURN, .in = IS, .when = FW_MASQUERADE | FW_PROXY | FW_EXTERNAL,
	  .place = FW_FIRST },
	{ "filter", "FORWARD", IPT_ACCEPT, .out = IS,
	  .states = IPT_STATE_RELATED | IPT_STATE_ESTABLISHED, .when = FW_EXTERNAL,
	  .place = FW_BELOW_ISOLATION },
	{ "filter", "FORWARD", IPT_JUMP, "DOCKER", .out = IS, .when = FW_EXTERNAL,
	  .place = FW_BELOW_ISOLATION },
	{ "filter", "FORWARD", IPT_ACCEPT, .in = IS, .out = NOT, .when = FW_EXTERNAL,
	  .place = FW_BELOW_ISOLATION },
	{ "filter", "FORWARD", IPT_ACCEPT, .in = IS, .out = IS, .when = FW_ICC,
	  .place = FW_BELOW_ISOLATION },
	{ "filter", "FORWARD", IPT_DROP, .in = IS, .out = IS, .when = FW_NO_ICC },
	{ "filter", ISOLATION_1, IPT_JUMP, ISOLATION_2, .in = IS, .out = NOT, .when = FW_EXTERNAL,
	  .place = FW_FIRST },
	{ "filter", ISOLATION_2, IPT_DROP, .out = IS, .when = FW_EXTERNAL, .place = FW_FIRST },
	{ "filter", ISOLATION_1, IPT_DROP, .src = NOT, .out = IS, .when = FW_INTERNAL,
	  .place = FW_FIRST },
	{ "filter", ISOLATION_1, IPT_DROP, .dst = NOT, .in = IS, .when = FW_INTERNAL,
	  .place = FW_FIRST },
};

static void fill_iface(struct ipt_iface *i, enum blank b, const char *bridge)
{
	if (b == ANY)
		return;
	str_copy(i->name, sizeof(i->name), bridge);
	i->not = b == NOT;
}

static void fill_net(struct ipt_net *n, enum blank b, const struct inet *net)
{
	struct inet base = inet_subnet(net);

	if (b == ANY)
		return;
	n->address = inet4_number(&base);
	n->prefix = net->prefix;
	n->not = b == NOT;
}

/* What the strings are copied to was zero: two rules are equal when their bytes are. */
static struct ipt_rule fill(const struct template *t, const char *bridge, const struct inet *subnet)
{
	static const struct inet loopback = { .family = AF_INET, .prefix = 8, .ip = { 127 } };
	struct ipt_rule r;

	memset(&r, 0, sizeof(r));
	str_copy(r.table, sizeof(r.table), t->table);
	str_copy(r.chain, sizeof(r.chain), t->chain);
	fill_iface(&r.in, t->in, bridge);
	fill_iface(&r.out, t->out, bridge);
	fill_net(&r.src, t->src, subnet);
	fill_net(&r.dst, t->dst, subnet);
	fill_net(&r.dst, t->loopback, &loopback);
	r.src_type = t->src_type;
	r.dst_type = t->dst_type;
	r.states = t->states;
	r.target = t->target;
	if (t->jump)
		str_copy(r.jump, sizeof(r.jump), t->jump);
	return r;
}

static size_t fill_all(const struct template *t, size_t n, const char *bridge,
                       const struct inet *subnet, unsigned flags, struct fw_want *out)
{
	size_t used = 0;

	for (size_t i = 0; i < n; i++)
		if ((t[i].when & ~flags) == 0)
			out[used++] = (struct fw_want){ fill(&t[i], bridge, subnet), t[i].place };
	return used;
}

size_t fw_base_rules(unsigned flags, struct fw_want out[FW_BASE_MAX])
{
	static const struct inet none;

	_Static_assert(ARRAY_LEN(base_templates) <= FW_BASE_MAX, "FW_BASE_MAX");
	return fill_all(base_templates, ARRAY_LEN(base_templates), "", &none, flags, out);
}

size_t fw_network_rules(const struct fw_network *n, struct fw_want out[FW_NETWORK_MAX])
{
	_Static_assert(ARRAY_LEN(network_templates) <= FW_NETWORK_MAX, "FW_NETWORK_MAX");
	return fill_all(network_templates, ARRAY_LEN(network_templates), n->bridge, &n->subnet,
	                n->flags, out);
}

/* ---- a published port: where it leads, that it may, and that its own container may use it ---- */

static const struct ipt_rule port_shapes[FW_PORT_MAX] = {
	{ .table = "nat", .chain = "DOCKER", .target = IPT_DNAT },
	{ .table = "filter", .chain = "DOCKER", .target = IPT_ACCEPT },
	{ .table = "nat", .chain = "POSTROUTING", .target = IPT_MASQUERADE },
};

static struct ipt_rule port_dnat(const struct fw_network *n, const struct fw_port *p)
{
	struct ipt_rule r = port_shapes[0];

	if (p->host.family && !inet_is_any(&p->host))
		fill_net(&r.dst, IS, &p->host);
	if (n->flags & FW_PROXY)
		fill_iface(&r.in, NOT, n->bridge);
	r.dport = p->host_port;
	r.to_address = inet4_number(&p->container);
	r.to_port = p->container_port;
	return r;
}

static struct ipt_rule port_accept(const struct fw_network *n, const struct fw_port *p)
{
	struct ipt_rule r = port_shapes[1];

	fill_iface(&r.in, NOT, n->bridge);
	fill_iface(&r.out, IS, n->bridge);
	fill_net(&r.dst, IS, &p->container);
	r.dport = p->container_port;
	return r;
}

static struct ipt_rule port_hairpin(const struct fw_port *p)
{
	struct ipt_rule r = port_shapes[2];

	fill_net(&r.src, IS, &p->container);
	fill_net(&r.dst, IS, &p->container);
	r.dport = p->container_port;
	return r;
}

size_t fw_port_rules(const struct fw_network *n, const struct fw_port *p,
                     struct fw_want out[FW_PORT_MAX])
{
	struct fw_port host = *p;

	host.container.prefix = host.host.prefix = 32;
	out[0] = (struct fw_want){ port_dnat(n, &host), FW_LAST };
	out[1] = (struct fw_want){ port_accept(n, &host), FW_LAST };
	out[2] = (struct fw_want){ port_hairpin(&host), FW_LAST };
	for (size_t i = 0; i < FW_PORT_MAX; i++)
		out[i].rule.proto = p->proto;
	return FW_PORT_MAX;
}

/* ---- whose is it? ---- */

bool fw_chain_is_ours(const char *table, const char *chain)
{
	for (size_t i = 0; i < ARRAY_LEN(fw_chains); i++)
		if (str_eq(fw_chains[i].table, table) && str_eq(fw_chains[i].chain, chain))
			return !str_eq(chain, "DOCKER-USER");
	return false;
}

bool fw_bridge_is_ours(const char *name)
{
	const char *hex = str_after(name, "br-");

	return str_eq(name, "docker0") || (hex && str_is_hex(hex, 12));
}

static bool is_one_of(const struct ipt_rule *r, const struct template *t, size_t n)
{
	const char *bridge = r->in.name[0] ? r->in.name : r->out.name;
	const struct ipt_net *net = r->src.prefix ? &r->src : &r->dst;
	struct inet subnet = inet4_from(net->address, net->prefix);

	for (size_t i = 0; i < n; i++) {
		struct ipt_rule same = fill(&t[i], bridge, &subnet);

		if (ipt_equal(r, &same))
			return true;
	}
	return false;
}

/* -s A/32 -d A/32 -p P --dport N -j MASQUERADE: nobody else has a use for such a rule. */
static bool is_port_hairpin(const struct ipt_rule *r)
{
	struct fw_port p = { .proto = r->proto,
		             .container = inet4_from(r->src.address, 32),
		             .container_port = r->dport };
	struct ipt_rule same = port_hairpin(&p);

	same.proto = r->proto;
	return r->proto && r->dport && ipt_equal(r, &same);
}

bool fw_rule_is_ours(const struct ipt_rule *r)
{
	const char *bridge = r->in.name[0] ? r->in.name : r->out.name;

	if (is_one_of(r, base_templates, ARRAY_LEN(base_templates)))
		return !str_eq(r->chain, "DOCKER-USER");
	if (fw_bridge_is_ours(bridge) &&
	    is_one_of(r, network_templates, ARRAY_LEN(network_templates)))
		return true;
	return is_port_hairpin(r);
}
