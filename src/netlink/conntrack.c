/* See conntrack.h. */
#include "netlink/conntrack.h"

#include <errno.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>
#include "netlink/socket.h"

#define CT_TYPE(message) (NFNL_SUBSYS_CTNETLINK << 8 | (message))

struct forget {
	const struct inet *ip;
	const uint16_t *ports;
	size_t nports;
	struct nl_batch deletions;
};

struct tuple {
	struct slice source; /* address */
	uint8_t proto;
	uint16_t dport;
};

static struct tuple read_tuple(struct slice nested)
{
	struct slice t[CTA_TUPLE_PROTO + 1], ip[CTA_IP_V4_DST + 1], proto[CTA_PROTO_DST_PORT + 1];

	nl_attrs(nested, t, ARRAY_LEN(t));
	nl_attrs(t[CTA_TUPLE_IP], ip, ARRAY_LEN(ip));
	nl_attrs(t[CTA_TUPLE_PROTO], proto, ARRAY_LEN(proto));
	return (struct tuple){ ip[CTA_IP_V4_SRC], nl_u8(proto[CTA_PROTO_NUM]),
		               nl_be16(proto[CTA_PROTO_DST_PORT]) };
}

static bool concerns(const struct forget *f, const struct slice *t)
{
	struct tuple original = read_tuple(t[CTA_TUPLE_ORIG]),
	             reply = read_tuple(t[CTA_TUPLE_REPLY]);

	if (original.proto != IPPROTO_UDP)
		return false;
	if (f->ip && reply.source.len == 4 && memcmp(reply.source.data, f->ip->ip, 4) == 0)
		return true;
	for (size_t i = 0; i < f->nports; i++)
		if (f->ports[i] == original.dport)
			return true;
	return false;
}

/* An entry is named by its original tuple and its id, so a later one is not hit by mistake. */
static int take_entry(void *arg, unused_arg const struct nlmsghdr *h, struct slice body)
{
	struct forget *f = arg;
	struct nfgenmsg g;
	struct slice t[CTA_ID + 1];

	nl_attrs(nl_body(body, &g, sizeof(g)), t, ARRAY_LEN(t));
	if (g.nfgen_family != AF_INET || !concerns(f, t))
		return 0;
	nl_begin(&f->deletions, CT_TYPE(IPCTNL_MSG_CT_DELETE), NLM_F_ACK, &g, sizeof(g));
	nl_put(&f->deletions, CTA_TUPLE_ORIG | NLA_F_NESTED, t[CTA_TUPLE_ORIG].data,
	       t[CTA_TUPLE_ORIG].len);
	nl_put(&f->deletions, CTA_ID, t[CTA_ID].data, t[CTA_ID].len);
	nl_end(&f->deletions);
	return 0;
}

static int delete_entries(int nl, struct nl_batch *deletions, struct err *e)
{
	struct err why;

	if (deletions->count == 0)
		return 0;
	/* One that has ended by itself meanwhile is as good. */
	if (nl_exchange(nl, deletions, NULL, NULL, NULL, &why) < 0 && why.errnum != ENOENT) {
		if (e)
			*e = why;
		return err_wrap(e, "delete tracked connections");
	}
	return (int)deletions->count;
}

int conntrack_forget_udp(int nl, const struct inet *ip, const uint16_t *ports, size_t nports,
                         struct err *e)
{
	_cleanup_nl_batch_ struct nl_batch m = { 0 };
	struct nfgenmsg g = { .nfgen_family = AF_INET, .version = NFNETLINK_V0 };
	struct forget f = { .ip = ip, .ports = ports, .nports = nports };
	int n = -1;

	nl_begin(&m, CT_TYPE(IPCTNL_MSG_CT_GET), 0, &g, sizeof(g));
	nl_end(&m);
	if (nl_dump(nl, &m, take_entry, &f, e) < 0)
		err_wrap(e, "list tracked connections");
	else
		n = delete_entries(nl, &f.deletions, e);
	nl_batch_free(&f.deletions);
	return n;
}
