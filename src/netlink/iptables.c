/* Rules as iptables-nft writes them: the writer. See iptables.h; the reader is iptables_read.c. */
#include "netlink/iptables.h"

#include <arpa/inet.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <string.h>
#include "netlink/iptables_form.h"

static size_t expression(struct nl_batch *m, const char *name, size_t *data)
{
	size_t element = nl_nest(m, NFTA_LIST_ELEM);

	nl_put_str(m, NFTA_EXPR_NAME, name);
	*data = nl_nest(m, NFTA_EXPR_DATA);
	return element;
}

static void expression_end(struct nl_batch *m, size_t element, size_t data)
{
	nl_nest_end(m, data);
	nl_nest_end(m, element);
}

static void put_value(struct nl_batch *m, uint16_t type, const void *value, size_t n)
{
	size_t nest = nl_nest(m, type);

	nl_put(m, NFTA_DATA_VALUE, value, n);
	nl_nest_end(m, nest);
}

static void put_cmp(struct nl_batch *m, bool not, const void *value, size_t n)
{
	size_t data, element = expression(m, "cmp", &data);

	nl_put_be32(m, NFTA_CMP_SREG, NFT_REG_1);
	nl_put_be32(m, NFTA_CMP_OP, not ? NFT_CMP_NEQ : NFT_CMP_EQ);
	put_value(m, NFTA_CMP_DATA, value, n);
	expression_end(m, element, data);
}

static void put_meta(struct nl_batch *m, uint32_t key)
{
	size_t data, element = expression(m, "meta", &data);

	nl_put_be32(m, NFTA_META_KEY, key);
	nl_put_be32(m, NFTA_META_DREG, NFT_REG_1);
	expression_end(m, element, data);
}

static void put_payload(struct nl_batch *m, uint32_t base, uint32_t offset, uint32_t len)
{
	size_t data, element = expression(m, "payload", &data);

	nl_put_be32(m, NFTA_PAYLOAD_DREG, NFT_REG_1);
	nl_put_be32(m, NFTA_PAYLOAD_BASE, base);
	nl_put_be32(m, NFTA_PAYLOAD_OFFSET, offset);
	nl_put_be32(m, NFTA_PAYLOAD_LEN, len);
	expression_end(m, element, data);
}

static void put_mask(struct nl_batch *m, uint32_t mask)
{
	size_t data, element = expression(m, "bitwise", &data);
	uint32_t be = htonl(mask), zero = 0;

	nl_put_be32(m, NFTA_BITWISE_SREG, NFT_REG_1);
	nl_put_be32(m, NFTA_BITWISE_DREG, NFT_REG_1);
	nl_put_be32(m, NFTA_BITWISE_LEN, sizeof(be));
	put_value(m, NFTA_BITWISE_MASK, &be, sizeof(be));
	put_value(m, NFTA_BITWISE_XOR, &zero, sizeof(zero));
	expression_end(m, element, data);
}

static void put_iface(struct nl_batch *m, uint32_t key, const struct ipt_iface *i)
{
	if (!i->name[0])
		return;
	put_meta(m, key);
	put_cmp(m, i->not, i->name, strlen(i->name) + 1);
}

static void put_proto(struct nl_batch *m, uint8_t proto)
{
	if (!proto)
		return;
	put_meta(m, NFT_META_L4PROTO);
	put_cmp(m, false, &proto, sizeof(proto));
}

/* A prefix of whole bytes is a shorter load; any other needs a mask. */
static void put_net(struct nl_batch *m, uint32_t offset, const struct ipt_net *n)
{
	uint32_t be = htonl(n->address);
	unsigned len = n->prefix % 8 ? sizeof(be) : n->prefix / 8;

	if (n->prefix == 0)
		return;
	put_payload(m, NFT_PAYLOAD_NETWORK_HEADER, offset, len);
	if (n->prefix % 8)
		put_mask(m, ~0u << (32 - n->prefix));
	put_cmp(m, n->not, &be, len);
}

static void put_port(struct nl_batch *m, uint32_t offset, uint16_t port)
{
	uint16_t be = htons(port);

	if (!port)
		return;
	put_payload(m, NFT_PAYLOAD_TRANSPORT_HEADER, offset, sizeof(be));
	put_cmp(m, false, &be, sizeof(be));
}

/* `what` is match or target: they have the same attributes. */
static void put_extension(struct nl_batch *m, const char *what, const char *name, uint32_t revision,
                          const void *info, size_t n)
{
	size_t data, element = expression(m, what, &data);

	nl_put_str(m, NFTA_MATCH_NAME, name);
	nl_put_be32(m, NFTA_MATCH_REV, revision);
	nl_put(m, NFTA_MATCH_INFO, info, n);
	expression_end(m, element, data);
}

static void put_addrtype(struct nl_batch *m, const struct ipt_rule *r)
{
	struct ipt_addrtype info = { .info = { .source = r->src_type, .dest = r->dst_type } };

	if (r->src_type || r->dst_type)
		put_extension(m, "match", "addrtype", IPT_ADDRTYPE_REV, &info, sizeof(info));
}

static void put_conntrack(struct nl_batch *m, uint16_t states)
{
	struct ipt_conntrack info = { .info = { .match_flags = XT_CONNTRACK_STATE,
		                                .state_mask = states } };

	if (states)
		put_extension(m, "match", "conntrack", IPT_CONNTRACK_REV, &info, sizeof(info));
}

static void put_counter(struct nl_batch *m)
{
	size_t data, element = expression(m, "counter", &data);

	nl_put_be64(m, NFTA_COUNTER_BYTES, 0);
	nl_put_be64(m, NFTA_COUNTER_PACKETS, 0);
	expression_end(m, element, data);
}

static void put_verdict(struct nl_batch *m, int code, const char *chain)
{
	size_t data, element = expression(m, "immediate", &data);
	size_t value, verdict;

	nl_put_be32(m, NFTA_IMMEDIATE_DREG, NFT_REG_VERDICT);
	value = nl_nest(m, NFTA_IMMEDIATE_DATA);
	verdict = nl_nest(m, NFTA_DATA_VERDICT);
	nl_put_be32(m, NFTA_VERDICT_CODE, (uint32_t)code);
	if (chain)
		nl_put_str(m, NFTA_VERDICT_CHAIN, chain);
	nl_nest_end(m, verdict);
	nl_nest_end(m, value);
	expression_end(m, element, data);
}

static void put_masquerade(struct nl_batch *m)
{
	struct ipt_masquerade info = { .info = { .rangesize = 1 } };

	put_extension(m, "target", "MASQUERADE", IPT_MASQUERADE_REV, &info, sizeof(info));
}

static void put_dnat(struct nl_batch *m, const struct ipt_rule *r)
{
	struct ipt_dnat info = { 0 };

	info.info.flags = NF_NAT_RANGE_MAP_IPS | (r->to_port ? NF_NAT_RANGE_PROTO_SPECIFIED : 0);
	info.info.min_addr.ip = info.info.max_addr.ip = htonl(r->to_address);
	info.info.min_proto.all = info.info.max_proto.all = htons(r->to_port);
	put_extension(m, "target", "DNAT", IPT_DNAT_REV, &info, sizeof(info));
}

static void put_snat(struct nl_batch *m, const struct ipt_rule *r)
{
	struct ipt_masquerade info = { .info = { .rangesize = 1 } };

	info.info.range[0].flags = NF_NAT_RANGE_PROTO_SPECIFIED;
	info.info.range[0].min.all = info.info.range[0].max.all = htons(r->to_port);
	put_extension(m, "target", "SNAT", IPT_SNAT_REV, &info, sizeof(info));
}

static void put_target(struct nl_batch *m, const struct ipt_rule *r)
{
	switch (r->target) {
	case IPT_NONE:
		break;
	case IPT_ACCEPT:
		put_verdict(m, NF_ACCEPT, NULL);
		break;
	case IPT_DROP:
		put_verdict(m, NF_DROP, NULL);
		break;
	case IPT_RETURN:
		put_verdict(m, NFT_RETURN, NULL);
		break;
	case IPT_JUMP:
		put_verdict(m, NFT_JUMP, r->jump);
		break;
	case IPT_MASQUERADE:
		put_masquerade(m);
		break;
	case IPT_DNAT:
		put_dnat(m, r);
		break;
	case IPT_SNAT:
		put_snat(m, r);
		break;
	}
}

void ipt_write(struct nl_batch *m, const struct ipt_rule *r)
{
	put_iface(m, NFT_META_IIFNAME, &r->in);
	put_iface(m, NFT_META_OIFNAME, &r->out);
	put_proto(m, r->proto);
	put_net(m, IPT_OFFSET_SADDR, &r->src);
	put_net(m, IPT_OFFSET_DADDR, &r->dst);
	put_port(m, IPT_OFFSET_SPORT, r->sport);
	put_port(m, IPT_OFFSET_DPORT, r->dport);
	put_addrtype(m, r);
	put_conntrack(m, r->states);
	put_counter(m);
	put_target(m, r);
}

bool ipt_equal(const struct ipt_rule *a, const struct ipt_rule *b)
{
	return memcmp(a, b, sizeof(*a)) == 0;
}
