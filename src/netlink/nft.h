/*
 * nf_tables: transactions on tables, chains and rules, and dumps. linux/netfilter/nf_tables.h.
 *
 * All changes of a transaction happen or none does. `nl` is a NETLINK_NETFILTER socket. Rules are
 * lists of expressions as bytes (see iptables.h for those which iptables writes); the kernel gives
 * each a handle, by which it is deleted: nothing is ever looked for before it is changed.
 */
#ifndef NETLINK_NFT_H
#define NETLINK_NFT_H

#include <stdbool.h>
#include <stdint.h>
#include "base/err.h"
#include "base/str.h"
#include "netlink/message.h"

#define NFT_NAME_SIZE 32 /* of tables and chains as iptables has them */

struct nft_tx {
	struct nl_batch m;
	uint8_t family; /* NFPROTO_IPV4, NFPROTO_IPV6 */
};
#define _cleanup_nft_tx_ cleanup_with(nft_tx_free)
void nft_tx_begin(struct nft_tx *tx, uint8_t family);
void nft_tx_free(struct nft_tx *tx);

/* What is there already is fine. */
void nft_tx_table(struct nft_tx *tx, const char *table);
void nft_tx_chain(struct nft_tx *tx, const char *table, const char *chain);

struct nft_base_chain {
	const char *table, *chain;
	const char *type; /* filter, nat */
	unsigned hook;    /* NF_INET_FORWARD, ... */
	int priority;     /* NF_IP_PRI_... */
};
/* policy: NF_ACCEPT, NF_DROP; -1 keeps what the chain has (accept when it is new). */
void nft_tx_base_chain(struct nft_tx *tx, const struct nft_base_chain *c, int policy);

enum nft_place { NFT_LAST, NFT_FIRST, NFT_AFTER };

struct nft_rule {
	const char *table, *chain;
	struct slice expressions; /* attributes NFTA_LIST_ELEM */
	uint8_t compat_proto;     /* what iptables' matches are told about -p */
	enum nft_place place;
	uint64_t after; /* handle, for NFT_AFTER */
};
/* Returns the rule's number in the transaction; its handle is known after the commit. */
uint32_t nft_tx_rule(struct nft_tx *tx, const struct nft_rule *r);
void nft_tx_flush_chain(struct nft_tx *tx, const char *table, const char *chain);
void nft_tx_delete_rule(struct nft_tx *tx, const char *table, const char *chain, uint64_t handle);

/*
 * Carries it out. handles[number] is set for each rule added (the array has tx->m.count + 1
 * elements, or is NULL). *failed, when not NULL, is the number of the change that was refused.
 */
int nft_tx_commit(int nl, struct nft_tx *tx, uint64_t *handles, uint32_t *failed, struct err *e)
        must_check;

struct nft_rule_info {
	char table[NFT_NAME_SIZE], chain[NFT_NAME_SIZE];
	uint64_t handle;
	struct slice expressions; /* borrowed */
};
struct nft_chain_info {
	char table[NFT_NAME_SIZE], chain[NFT_NAME_SIZE];
	bool base;
	int policy; /* of a base chain */
};
typedef int nft_rule_fn(void *arg, const struct nft_rule_info *r);
typedef int nft_chain_fn(void *arg, const struct nft_chain_info *c);

/* In the order of the chains; non-zero stops. Names longer than NFT_NAME_SIZE are left out. */
int nft_each_rule(int nl, uint8_t family, nft_rule_fn *fn, void *arg, struct err *e) must_check;
int nft_each_chain(int nl, uint8_t family, nft_chain_fn *fn, void *arg, struct err *e) must_check;

/* For the parser's fuzz target: one message of a rule dump. False when it is none. */
bool nft_read_rule(const struct nlmsghdr *h, struct slice body, struct nft_rule_info *out);

#endif
