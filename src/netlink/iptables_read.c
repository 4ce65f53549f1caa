/* Rules as iptables-nft writes them: the reader, strict. See iptables.h. */
#include "netlink/iptables.h"

#include <arpa/inet.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <string.h>
#include "netlink/iptables_form.h"

/* The longest form has 20 expressions. */
#define EXPRESSIONS_MAX 24
#define ATTRS_MAX       8 /* of one expression */

struct expression {
	char name[16];
	struct slice a[ATTRS_MAX];
};

struct reader {
	struct expression v[EXPRESSIONS_MAX];
	size_t n, at;
	bool bad;
};

static bool split(struct slice list, struct reader *r)
{
	struct nl_attr element;

	while (nl_next_attr(&list, &element)) {
		struct slice t[NFTA_EXPR_DATA + 1];

		if (r->n == EXPRESSIONS_MAX)
			return false;
		nl_attrs(element.value, t, ARRAY_LEN(t));
		if (!nl_str(t[NFTA_EXPR_NAME], r->v[r->n].name, sizeof(r->v[r->n].name)))
			return false;
		nl_attrs(t[NFTA_EXPR_DATA], r->v[r->n].a, ATTRS_MAX);
		r->n++;
	}
	return true;
}

/* The expression `ahead` of the current one when it has that name. */
static struct expression *look(struct reader *r, size_t ahead, const char *name)
{
	if (r->at + ahead >= r->n || !str_eq(r->v[r->at + ahead].name, name))
		return NULL;
	return &r->v[r->at + ahead];
}

static struct slice data_value(struct slice nested)
{
	struct slice t[NFTA_DATA_VALUE + 1];

	nl_attrs(nested, t, ARRAY_LEN(t));
	return t[NFTA_DATA_VALUE];
}

/* A comparison of register 1, which must be the current expression; its operand goes to *value. */
static bool take_cmp(struct reader *r, bool * not, struct slice *value)
{
	struct expression *x = look(r, 0, "cmp");
	uint32_t op;

	if (!x || nl_be32(x->a[NFTA_CMP_SREG]) != NFT_REG_1)
		return !(r->bad = true);
	op = nl_be32(x->a[NFTA_CMP_OP]);
	*not = op == NFT_CMP_NEQ;
	*value = data_value(x->a[NFTA_CMP_DATA]);
	r->at++;
	if ((op != NFT_CMP_EQ && op != NFT_CMP_NEQ) || !value->data)
		r->bad = true;
	return !r->bad;
}

static bool take_meta(struct reader *r, uint32_t key)
{
	struct expression *x = look(r, 0, "meta");

	if (!x || nl_be32(x->a[NFTA_META_KEY]) != key)
		return false;
	r->at++;
	if (nl_be32(x->a[NFTA_META_DREG]) != NFT_REG_1)
		r->bad = true;
	return true;
}

static bool take_payload(struct reader *r, uint32_t base, uint32_t offset, uint32_t *len)
{
	struct expression *x = look(r, 0, "payload");

	if (!x || nl_be32(x->a[NFTA_PAYLOAD_BASE]) != base ||
	    nl_be32(x->a[NFTA_PAYLOAD_OFFSET]) != offset)
		return false;
	*len = nl_be32(x->a[NFTA_PAYLOAD_LEN]);
	r->at++;
	if (nl_be32(x->a[NFTA_PAYLOAD_DREG]) != NFT_REG_1)
		r->bad = true;
	return true;
}

static void take_iface(struct reader *r, uint32_t key, struct ipt_iface *out)
{
	struct slice value;

	if (!take_meta(r, key) || !take_cmp(r, &out->not, &value))
		return;
	if (!nl_str(value, out->name, sizeof(out->name)) || strlen(out->name) + 1 != value.len)
		r->bad = true; /* a wildcard has no NUL */
}

static void take_proto(struct reader *r, uint8_t *proto)
{
	struct slice value;
	bool not ;

	if (!take_meta(r, NFT_META_L4PROTO) || !take_cmp(r, &not, &value))
		return;
	*proto = nl_u8(value);
	if (not || value.len != 1 || *proto == 0)
		r->bad = true;
}

/* The length of the prefix in a bitwise expression, when it is one; 0 otherwise. */
static uint8_t mask_prefix(const struct expression *x)
{
	uint32_t mask = nl_be32(data_value(x->a[NFTA_BITWISE_MASK]));
	uint32_t xor = nl_be32(data_value(x->a[NFTA_BITWISE_XOR]));
	unsigned prefix = mask ? (unsigned)__builtin_popcount(mask) : 0;

	if (xor != 0 || prefix == 0 || mask != ~0u << (32 - prefix))
		return 0;
	return (uint8_t)prefix;
}

static void take_net(struct reader *r, uint32_t offset, struct ipt_net *out)
{
	struct expression *mask;
	struct slice value;
	uint32_t len, be = 0;

	if (!take_payload(r, NFT_PAYLOAD_NETWORK_HEADER, offset, &len))
		return;
	mask = look(r, 0, "bitwise");
	if (mask)
		r->at++;
	if (!take_cmp(r, &out->not, &value))
		return;
	out->prefix = mask ? mask_prefix(mask) : (uint8_t)MIN(len * 8, 33u);
	if (len > sizeof(be) || value.len != len || out->prefix == 0 ||
	    (mask && len != sizeof(be))) {
		r->bad = true;
		return;
	}
	memcpy(&be, value.data, len);
	out->address = ntohl(be);
}

static void take_port(struct reader *r, uint32_t offset, uint16_t *port)
{
	struct slice value;
	uint32_t len;
	bool not ;

	if (!take_payload(r, NFT_PAYLOAD_TRANSPORT_HEADER, offset, &len) ||
	    !take_cmp(r, &not, &value))
		return;
	*port = nl_be16(value);
	if (not || len != sizeof(*port) || value.len != len || *port == 0)
		r->bad = true;
}

/*
 * An xtables match or target of that name and revision. Its info is compared with what the writer
 * would write, so nothing that the model lacks slips through.
 */
static bool take_extension(struct reader *r, const char *what, const char *name, uint32_t revision,
                           void *info, size_t n)
{
	struct expression *x = look(r, 0, what);
	char found[32];

	if (!x || !nl_str(x->a[NFTA_MATCH_NAME], found, sizeof(found)) || !str_eq(found, name))
		return false;
	r->at++;
	if (nl_be32(x->a[NFTA_MATCH_REV]) != revision || x->a[NFTA_MATCH_INFO].len != n) {
		r->bad = true;
		return false;
	}
	memcpy(info, x->a[NFTA_MATCH_INFO].data, n);
	return true;
}

static void take_addrtype(struct reader *r, struct ipt_rule *out)
{
	struct ipt_addrtype info, same = { 0 };

	if (!take_extension(r, "match", "addrtype", IPT_ADDRTYPE_REV, &info, sizeof(info)))
		return;
	out->src_type = same.info.source = info.info.source;
	out->dst_type = same.info.dest = info.info.dest;
	if (memcmp(&info, &same, sizeof(info)) != 0)
		r->bad = true;
}

static void take_conntrack(struct reader *r, struct ipt_rule *out)
{
	struct ipt_conntrack info, same = { .info = { .match_flags = XT_CONNTRACK_STATE } };

	if (!take_extension(r, "match", "conntrack", IPT_CONNTRACK_REV, &info, sizeof(info)))
		return;
	out->states = same.info.state_mask = info.info.state_mask;
	if (memcmp(&info, &same, sizeof(info)) != 0)
		r->bad = true;
}

static void take_verdict(struct reader *r, struct ipt_rule *out)
{
	static const struct {
		int code;
		enum ipt_target target;
	} codes[] = {
		{ NF_ACCEPT, IPT_ACCEPT },
		{ NF_DROP, IPT_DROP },
		{ NFT_RETURN, IPT_RETURN },
		{ NFT_JUMP, IPT_JUMP },
	};
	struct expression *x = look(r, 0, "immediate");
	struct slice data[NFTA_DATA_VERDICT + 1], t[NFTA_VERDICT_CHAIN + 1];

	if (!x || !x->a[NFTA_IMMEDIATE_DREG].data || nl_be32(x->a[NFTA_IMMEDIATE_DREG]) != 0)
		return;
	r->at++;
	nl_attrs(x->a[NFTA_IMMEDIATE_DATA], data, ARRAY_LEN(data));
	nl_attrs(data[NFTA_DATA_VERDICT], t, ARRAY_LEN(t));
	if (!t[NFTA_VERDICT_CODE].data)
		return;
	for (size_t i = 0; i < ARRAY_LEN(codes); i++)
		if (codes[i].code == (int)nl_be32(t[NFTA_VERDICT_CODE]))
			out->target = codes[i].target;
	if (out->target == IPT_JUMP && !nl_str(t[NFTA_VERDICT_CHAIN], out->jump, sizeof(out->jump)))
		r->bad = true;
}

static void take_masquerade(struct reader *r, struct ipt_rule *out)
{
	struct ipt_masquerade info, same = { .info = { .rangesize = 1 } };

	if (!take_extension(r, "target", "MASQUERADE", IPT_MASQUERADE_REV, &info, sizeof(info)))
		return;
	out->target = IPT_MASQUERADE;
	if (memcmp(&info, &same, sizeof(info)) != 0)
		r->bad = true;
}

static void take_dnat(struct reader *r, struct ipt_rule *out)
{
	struct ipt_dnat info, same = { 0 };

	if (!take_extension(r, "target", "DNAT", IPT_DNAT_REV, &info, sizeof(info)))
		return;
	out->target = IPT_DNAT;
	same.info.flags = info.info.flags & (NF_NAT_RANGE_MAP_IPS | NF_NAT_RANGE_PROTO_SPECIFIED);
	same.info.min_addr.ip = same.info.max_addr.ip = info.info.min_addr.ip;
	same.info.min_proto = same.info.max_proto = info.info.min_proto;
	out->to_address = ntohl(info.info.min_addr.ip);
	out->to_port = ntohs(info.info.min_proto.all);
	if (memcmp(&info, &same, sizeof(info)) != 0)
		r->bad = true;
}

static void take_snat(struct reader *r, struct ipt_rule *out)
{
	struct ipt_masquerade info, same = { .info = { .rangesize = 1 } };

	if (!take_extension(r, "target", "SNAT", IPT_SNAT_REV, &info, sizeof(info)))
		return;
	out->target = IPT_SNAT;
	same.info.range[0].flags = NF_NAT_RANGE_PROTO_SPECIFIED;
	same.info.range[0].min = same.info.range[0].max = info.info.range[0].min;
	out->to_port = ntohs(info.info.range[0].min.all);
	if (memcmp(&info, &same, sizeof(info)) != 0)
		r->bad = true;
}

bool ipt_read(const struct nft_rule_info *info, struct ipt_rule *out)
{
	struct reader r = { 0 };

	*out = (struct ipt_rule){ 0 };
	if (!str_copy(out->table, sizeof(out->table), info->table) ||
	    !str_copy(out->chain, sizeof(out->chain), info->chain) || !split(info->expressions, &r))
		return false;
	take_iface(&r, NFT_META_IIFNAME, &out->in);
	take_iface(&r, NFT_META_OIFNAME, &out->out);
	take_proto(&r, &out->proto);
	take_net(&r, IPT_OFFSET_SADDR, &out->src);
	take_net(&r, IPT_OFFSET_DADDR, &out->dst);
	take_port(&r, IPT_OFFSET_SPORT, &out->sport);
	take_port(&r, IPT_OFFSET_DPORT, &out->dport);
	take_addrtype(&r, out);
	take_conntrack(&r, out);
	if (look(&r, 0, "counter"))
		r.at++;
	take_verdict(&r, out);
	take_masquerade(&r, out);
	take_dnat(&r, out);
	take_snat(&r, out);
	return !r.bad && r.at == r.n;
}
