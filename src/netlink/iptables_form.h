/* What the writer and the reader of iptables' rules share: offsets, revisions, info structs. */
#ifndef NETLINK_IPTABLES_FORM_H
#define NETLINK_IPTABLES_FORM_H

#include <linux/netfilter/nf_nat.h>
#include <linux/netfilter/nf_tables_compat.h>
#include <linux/netfilter/x_tables.h>
#include <linux/netfilter/xt_addrtype.h>
#include <linux/netfilter/xt_conntrack.h>

/* In the IPv4 header, in the TCP or UDP header. */
#define IPT_OFFSET_SADDR 12
#define IPT_OFFSET_DADDR 16
#define IPT_OFFSET_SPORT 0
#define IPT_OFFSET_DPORT 2

#define IPT_ADDRTYPE_REV   1
#define IPT_CONNTRACK_REV  3
#define IPT_MASQUERADE_REV 0
#define IPT_DNAT_REV       2
#define IPT_SNAT_REV       0

/* xtables wants its structs padded to 8 bytes. */
struct ipt_addrtype {
	struct xt_addrtype_info_v1 info;
} __attribute__((aligned(8)));
struct ipt_conntrack {
	struct xt_conntrack_mtinfo3 info;
} __attribute__((aligned(8)));
/* MASQUERADE's and SNAT's. */
struct ipt_masquerade {
	struct nf_nat_ipv4_multi_range_compat info;
} __attribute__((aligned(8)));
struct ipt_dnat {
	struct nf_nat_range2 info;
} __attribute__((aligned(8)));

#endif
