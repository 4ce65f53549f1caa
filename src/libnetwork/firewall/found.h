/*
 * What was in the firewall when the kernel was asked: chains, and rules as far as they can be read.
 * A start adopts from it what it wants and removes what is left over.
 */
#ifndef LIBNETWORK_FIREWALL_FOUND_H
#define LIBNETWORK_FIREWALL_FOUND_H

#include "libnetwork/firewall/rules.h"

struct found {
	struct nft_rule_info info; /* without its expressions */
	struct ipt_rule rule;      /* when readable */
	bool readable, claimed;
	bool movable; /* a base rule in the wrong place: not to be adopted */
};

struct found_list {
	size_t n;
	struct found *v;
	size_t nchains;
	struct nft_chain_info *chains;
};

/* `nl` is a NETLINK_NETFILTER socket. The list is the caller's, to be freed by found_free. */
int found_read(int nl, struct found_list *l, struct err *e) must_check;
void found_free(struct found_list *l);

bool found_has_chain(const struct found_list *l, const char *table, const char *chain);

/*
 * DOCKER-USER and the isolation come first in FORWARD. Where somebody has put a rule above them,
 * neither can be claimed: both are made anew, and the old ones are left over.
 */
void found_arrange_forward(struct found_list *l);

/* The handle of a rule that equals this one, which then is claimed; 0 when there is none. */
uint64_t found_claim(struct found_list *l, const struct ipt_rule *rule);

/* Ours, and nobody has claimed it. */
bool found_is_left_over(const struct found *f);

#endif
