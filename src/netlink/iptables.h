/*
 * Firewall rules in iptables' model, and their form as nf_tables expressions: exactly what
 * iptables-nft 1.8.9 writes, so that iptables-save prints them and iptables -D deletes them.
 *
 * Only what Docker's rules need exists here. Reading is the strict inverse of writing: a rule with
 * anything else in it is somebody else's and is not read at all.
 *
 * The form, in this order: -i, -o, -p, -s, -d, --sport, --dport as loads and comparisons of their
 * own; addrtype and conntrack as xtables matches; a counter; a verdict or an xtables target.
 */
#ifndef NETLINK_IPTABLES_H
#define NETLINK_IPTABLES_H

#include <net/if.h>
#include <stdbool.h>
#include <stdint.h>
#include "netlink/nft.h"

enum ipt_target {
	IPT_NONE,
	IPT_ACCEPT,
	IPT_DROP,
	IPT_RETURN,
	IPT_JUMP,
	IPT_MASQUERADE,
	IPT_DNAT,
	IPT_SNAT, /* of the port alone: --to-source :53 */
};

struct ipt_iface {
	char name[IF_NAMESIZE]; /* "": any */
	bool not ;
};

struct ipt_net {
	uint32_t address; /* host order */
	uint8_t prefix;   /* 0: any */
	bool not ;
};

/* Conntrack states, addrtype types: the bits of xt_conntrack.h and xt_addrtype.h. */
#define IPT_STATE_ESTABLISHED (1 << 1)
#define IPT_STATE_RELATED     (1 << 2)
#define IPT_TYPE_LOCAL        (1 << 2)

/* A value: two are equal when their bytes are. Start from { 0 }. */
struct ipt_rule {
	char table[NFT_NAME_SIZE], chain[NFT_NAME_SIZE];
	struct ipt_iface in, out;
	struct ipt_net src, dst;
	uint8_t proto;         /* IPPROTO_TCP, ...; 0: any */
	uint16_t sport, dport; /* 0: any */
	uint16_t src_type, dst_type;
	uint16_t states;
	enum ipt_target target;
	char jump[NFT_NAME_SIZE];
	uint32_t to_address; /* DNAT */
	uint16_t to_port;
};

/* Appends the expressions, as nft_rule.expressions takes them. */
void ipt_write(struct nl_batch *m, const struct ipt_rule *r);

/* False when the rule is not of the form above. */
bool ipt_read(const struct nft_rule_info *info, struct ipt_rule *out);

bool ipt_equal(const struct ipt_rule *a, const struct ipt_rule *b);

#endif
