/* See nft.h. */
#include "netlink/nft.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include "netlink/socket.h"

#define NFT_TYPE(message) (NFNL_SUBSYS_NFTABLES << 8 | (message))

static uint32_t begin(struct nft_tx *tx, int message, uint16_t flags)
{
	struct nfgenmsg g = { .nfgen_family = tx->family, .version = NFNETLINK_V0 };

	return nl_begin(&tx->m, NFT_TYPE(message), flags | NLM_F_ACK, &g, sizeof(g));
}

static void frame(struct nft_tx *tx, uint16_t type)
{
	struct nfgenmsg g = { .version = NFNETLINK_V0, .res_id = htons(NFNL_SUBSYS_NFTABLES) };

	nl_begin(&tx->m, type, 0, &g, sizeof(g));
	nl_end(&tx->m);
}

void nft_tx_begin(struct nft_tx *tx, uint8_t family)
{
	*tx = (struct nft_tx){ .family = family };
	frame(tx, NFNL_MSG_BATCH_BEGIN);
}

void nft_tx_free(struct nft_tx *tx)
{
	nl_batch_free(&tx->m);
}

void nft_tx_table(struct nft_tx *tx, const char *table)
{
	begin(tx, NFT_MSG_NEWTABLE, NLM_F_CREATE);
	nl_put_str(&tx->m, NFTA_TABLE_NAME, table);
	nl_end(&tx->m);
}

void nft_tx_chain(struct nft_tx *tx, const char *table, const char *chain)
{
	begin(tx, NFT_MSG_NEWCHAIN, NLM_F_CREATE);
	nl_put_str(&tx->m, NFTA_CHAIN_TABLE, table);
	nl_put_str(&tx->m, NFTA_CHAIN_NAME, chain);
	nl_end(&tx->m);
}

void nft_tx_base_chain(struct nft_tx *tx, const struct nft_base_chain *c, int policy)
{
	size_t hook;

	begin(tx, NFT_MSG_NEWCHAIN, NLM_F_CREATE);
	nl_put_str(&tx->m, NFTA_CHAIN_TABLE, c->table);
	nl_put_str(&tx->m, NFTA_CHAIN_NAME, c->chain);
	hook = nl_nest(&tx->m, NFTA_CHAIN_HOOK);
	nl_put_be32(&tx->m, NFTA_HOOK_HOOKNUM, c->hook);
	nl_put_be32(&tx->m, NFTA_HOOK_PRIORITY, (uint32_t)c->priority);
	nl_nest_end(&tx->m, hook);
	if (policy >= 0)
		nl_put_be32(&tx->m, NFTA_CHAIN_POLICY, (uint32_t)policy);
	nl_put_str(&tx->m, NFTA_CHAIN_TYPE, c->type);
	nl_end(&tx->m);
}

static void put_compat(struct nft_tx *tx, uint8_t proto)
{
	size_t nest = nl_nest(&tx->m, NFTA_RULE_COMPAT);

	nl_put_be32(&tx->m, NFTA_RULE_COMPAT_PROTO, proto);
	nl_put_be32(&tx->m, NFTA_RULE_COMPAT_FLAGS, 0);
	nl_nest_end(&tx->m, nest);
}

uint32_t nft_tx_rule(struct nft_tx *tx, const struct nft_rule *r)
{
	uint16_t append = r->place == NFT_FIRST ? 0 : NLM_F_APPEND;
	uint32_t number = begin(tx, NFT_MSG_NEWRULE, NLM_F_CREATE | NLM_F_ECHO | append);
	size_t nest;

	nl_put_str(&tx->m, NFTA_RULE_TABLE, r->table);
	nl_put_str(&tx->m, NFTA_RULE_CHAIN, r->chain);
	nest = nl_nest(&tx->m, NFTA_RULE_EXPRESSIONS);
	nl_put_raw(&tx->m, r->expressions.data, r->expressions.len);
	nl_nest_end(&tx->m, nest);
	put_compat(tx, r->compat_proto);
	if (r->place == NFT_AFTER)
		nl_put_be64(&tx->m, NFTA_RULE_POSITION, r->after);
	nl_end(&tx->m);
	return number;
}

void nft_tx_flush_chain(struct nft_tx *tx, const char *table, const char *chain)
{
	begin(tx, NFT_MSG_DELRULE, 0);
	nl_put_str(&tx->m, NFTA_RULE_TABLE, table);
	nl_put_str(&tx->m, NFTA_RULE_CHAIN, chain);
	nl_end(&tx->m);
}

void nft_tx_delete_rule(struct nft_tx *tx, const char *table, const char *chain, uint64_t handle)
{
	begin(tx, NFT_MSG_DELRULE, 0);
	nl_put_str(&tx->m, NFTA_RULE_TABLE, table);
	nl_put_str(&tx->m, NFTA_RULE_CHAIN, chain);
	nl_put_be64(&tx->m, NFTA_RULE_HANDLE, handle);
	nl_end(&tx->m);
}

struct commit {
	uint64_t *handles;
	uint32_t count;
};

static int take_echo(void *arg, const struct nlmsghdr *h, struct slice body)
{
	struct commit *c = arg;
	struct nft_rule_info r;

	if (c->handles && h->nlmsg_seq <= c->count && nft_read_rule(h, body, &r))
		c->handles[h->nlmsg_seq] = r.handle;
	return 0;
}

int nft_tx_commit(int nl, struct nft_tx *tx, uint64_t *handles, uint32_t *failed, struct err *e)
{
	struct commit c = { handles, tx->m.count };

	frame(tx, NFNL_MSG_BATCH_END);
	if (nl_exchange(nl, &tx->m, take_echo, &c, failed, e) == 0)
		return 0;
	if (e && (e->errnum == EOPNOTSUPP || e->errnum == EPROTONOSUPPORT))
		err_wrap(e, "this kernel has no nf_tables");
	return err_wrap(e, "change firewall");
}

bool nft_read_rule(const struct nlmsghdr *h, struct slice body, struct nft_rule_info *out)
{
	struct nfgenmsg g;
	struct slice t[NFTA_RULE_EXPRESSIONS + 1];

	if (h->nlmsg_type != NFT_TYPE(NFT_MSG_NEWRULE))
		return false;
	nl_attrs(nl_body(body, &g, sizeof(g)), t, ARRAY_LEN(t));
	out->handle = nl_be64(t[NFTA_RULE_HANDLE]);
	out->expressions = t[NFTA_RULE_EXPRESSIONS];
	return nl_str(t[NFTA_RULE_TABLE], out->table, sizeof(out->table)) &&
	       nl_str(t[NFTA_RULE_CHAIN], out->chain, sizeof(out->chain));
}

static bool read_chain(const struct nlmsghdr *h, struct slice body, struct nft_chain_info *out)
{
	struct nfgenmsg g;
	struct slice t[NFTA_CHAIN_POLICY + 1];

	if (h->nlmsg_type != NFT_TYPE(NFT_MSG_NEWCHAIN))
		return false;
	nl_attrs(nl_body(body, &g, sizeof(g)), t, ARRAY_LEN(t));
	out->base = t[NFTA_CHAIN_HOOK].data != NULL;
	out->policy = (int)nl_be32(t[NFTA_CHAIN_POLICY]);
	return nl_str(t[NFTA_CHAIN_TABLE], out->table, sizeof(out->table)) &&
	       nl_str(t[NFTA_CHAIN_NAME], out->chain, sizeof(out->chain));
}

struct each {
	nft_rule_fn *rule;
	nft_chain_fn *chain;
	void *arg;
};

static int take_rule(void *arg, const struct nlmsghdr *h, struct slice body)
{
	struct each *x = arg;
	struct nft_rule_info r;

	return nft_read_rule(h, body, &r) ? x->rule(x->arg, &r) : 0;
}

static int take_chain(void *arg, const struct nlmsghdr *h, struct slice body)
{
	struct each *x = arg;
	struct nft_chain_info c;

	return read_chain(h, body, &c) ? x->chain(x->arg, &c) : 0;
}

static int dump(int nl, uint8_t family, int message, nl_message_fn *fn, struct each *x,
                struct err *e)
{
	_cleanup_nl_batch_ struct nl_batch m = { 0 };
	struct nfgenmsg g = { .nfgen_family = family, .version = NFNETLINK_V0 };

	nl_begin(&m, NFT_TYPE(message), 0, &g, sizeof(g));
	nl_end(&m);
	return nl_dump(nl, &m, fn, x, e) < 0 ? err_wrap(e, "list firewall rules") : 0;
}

int nft_each_rule(int nl, uint8_t family, nft_rule_fn *fn, void *arg, struct err *e)
{
	struct each x = { .rule = fn, .arg = arg };

	return dump(nl, family, NFT_MSG_GETRULE, take_rule, &x, e);
}

int nft_each_chain(int nl, uint8_t family, nft_chain_fn *fn, void *arg, struct err *e)
{
	struct each x = { .chain = fn, .arg = arg };

	return dump(nl, family, NFT_MSG_GETCHAIN, take_chain, &x, e);
}
