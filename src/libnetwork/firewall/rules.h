/*
 * Docker's firewall rules, as data: which rules a host, a network and a published port have.
 *
 * The layout is that of Docker 20.10 (reference: `iptables-save` there). Another layout is another
 * set of tables in rules.c.
 */
#ifndef LIBNETWORK_FIREWALL_RULES_H
#define LIBNETWORK_FIREWALL_RULES_H

#include "netlink/inet.h"
#include "netlink/iptables.h"

enum fw_place {
	FW_LAST,
	FW_FIRST,
	FW_BELOW_ISOLATION, /* in FORWARD: right behind the jump to DOCKER-ISOLATION-STAGE-1 */
};

struct fw_want {
	struct ipt_rule rule;
	enum fw_place place;
};

/* What a rule depends on. */
enum fw_flags {
	FW_MASQUERADE = 1 << 0,
	FW_ICC = 1 << 1,
	FW_NO_ICC = 1 << 2,
	FW_INTERNAL = 1 << 3,
	FW_EXTERNAL = 1 << 4,
	FW_PROXY = 1 << 5, /* docker-proxy serves what comes from the host itself */
	FW_NO_PROXY = 1 << 6,
};

struct fw_network {
	char bridge[IF_NAMESIZE];
	struct inet subnet;
	unsigned flags;
};

struct fw_port {
	uint8_t proto;
	struct inet host; /* family 0 or the any address: every address of the host */
	uint16_t host_port;
	struct inet container;
	uint16_t container_port;
};

#define FW_BASE_MAX    8
#define FW_NETWORK_MAX 12
#define FW_PORT_MAX    3

/* Each fills `out` in the order in which iptables-save shows them per chain; returns how many. */
size_t fw_base_rules(unsigned flags, struct fw_want out[FW_BASE_MAX]);
size_t fw_network_rules(const struct fw_network *n, struct fw_want out[FW_NETWORK_MAX]);
size_t fw_port_rules(const struct fw_network *n, const struct fw_port *p,
                     struct fw_want out[FW_PORT_MAX]);

/* Chains that belong to us alone: whatever is in them and not wanted is removed. */
bool fw_chain_is_ours(const char *table, const char *chain);

/* A rule that this or an earlier engine made, in a chain that is also other people's. */
bool fw_rule_is_ours(const struct ipt_rule *r);

/* "docker0", or "br-" and 12 hex digits. */
bool fw_bridge_is_ours(const char *name);

extern const struct nft_base_chain fw_base_chains[];
extern const size_t fw_base_chain_count;
/* Tables with chains of our own. */
struct fw_chain {
	const char *table, *chain;
};
extern const struct fw_chain fw_chains[];
extern const size_t fw_chain_count;

#endif
