/* See firewall.h. */
#include "libnetwork/firewall/firewall.h"

#include <errno.h>
#include <linux/netfilter.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include "base/fd.h"
#include "base/mem.h"
#include "libnetwork/firewall/found.h"
#include "libnetwork/lock.h"
#include "netlink/socket.h"

struct firewall {
	unsigned flags;
	pthread_mutex_t lock; /* guards base; held while the base is repaired */
	struct fw_rules base;
	bool restoring;
	struct found_list found; /* while restoring; one thread */
};

static void *grow(void *p, size_t n)
{
	void *q = realloc(p, n);

	if (!q)
		abort();
	return q;
}

void fw_rules_free(struct fw_rules *r)
{
	free(r->v);
	*r = (struct fw_rules){ 0 };
}

static void record(struct fw_rules *set, const struct ipt_rule *rule, uint64_t handle)
{
	set->v = grow(set->v, (set->n + 1) * sizeof(*set->v));
	set->v[set->n++] = (struct fw_rule){ *rule, handle };
}

/* ---- adding ---- */

static uint64_t isolation_handle(struct firewall *f)
{
	_cleanup_unlock_ pthread_mutex_t *held = lock_take(&f->lock);

	for (size_t i = 0; i < f->base.n; i++)
		if (str_eq(f->base.v[i].rule.chain, "FORWARD") &&
		    str_eq(f->base.v[i].rule.jump, "DOCKER-ISOLATION-STAGE-1"))
			return f->base.v[i].handle;
	return 0;
}

static uint32_t put_rule(struct nft_tx *tx, const struct fw_want *w, uint64_t isolation)
{
	static const enum nft_place places[] = {
		[FW_LAST] = NFT_LAST, [FW_FIRST] = NFT_FIRST, [FW_BELOW_ISOLATION] = NFT_AFTER
	};
	_cleanup_nl_batch_ struct nl_batch m = { 0 };
	struct nft_rule r = { .table = w->rule.table,
		              .chain = w->rule.chain,
		              .compat_proto = w->rule.proto,
		              .place = places[w->place],
		              .after = isolation };

	ipt_write(&m, &w->rule);
	r.expressions = (struct slice){ m.b.data, m.b.len };
	return nft_tx_rule(tx, &r);
}

/* Rules that go to the top of a chain are put there last one first. */
static void put_rules(struct nft_tx *tx, const struct fw_want *want, size_t n, uint64_t isolation,
                      uint32_t *numbers)
{
	for (size_t i = n; i-- > 0;)
		if (want[i].place != FW_LAST)
			numbers[i] = put_rule(tx, &want[i], isolation);
	for (size_t i = 0; i < n; i++)
		if (want[i].place == FW_LAST)
			numbers[i] = put_rule(tx, &want[i], isolation);
}

/* One transaction: what the caller has begun (chains, ...) and these rules. */
static int commit_rules(int nl, struct nft_tx *tx, struct fw_rules *set, const struct fw_want *want,
                        size_t n, uint64_t isolation, struct err *e)
{
	uint32_t *numbers = xalloc((n + 1) * sizeof(*numbers));
	uint64_t *handles;
	int result;

	put_rules(tx, want, n, isolation, numbers);
	handles = xalloc((tx->m.count + 2) * sizeof(*handles));
	result = nft_tx_commit(nl, tx, handles, NULL, e);
	for (size_t i = 0; i < n && result == 0; i++)
		record(set, &want[i].rule, handles[numbers[i]]);
	free(numbers);
	free(handles);
	return result;
}

/* ---- the base ---- */

static void put_chains(struct nft_tx *tx, const struct found_list *l)
{
	nft_tx_table(tx, "nat");
	nft_tx_table(tx, "filter");
	for (size_t i = 0; i < fw_base_chain_count; i++)
		if (!found_has_chain(l, fw_base_chains[i].table, fw_base_chains[i].chain))
			nft_tx_base_chain(tx, &fw_base_chains[i], NF_ACCEPT);
	for (size_t i = 0; i < fw_chain_count; i++)
		if (!found_has_chain(l, fw_chains[i].table, fw_chains[i].chain))
			nft_tx_chain(tx, fw_chains[i].table, fw_chains[i].chain);
}

/* Takes what is wanted and there; moves the rest to the front of `want`. Returns how many that is. */
static size_t adopt(struct found_list *l, struct fw_rules *set, struct fw_want *want, size_t n)
{
	size_t missing = 0;

	for (size_t i = 0; i < n; i++) {
		uint64_t handle = found_claim(l, &want[i].rule);

		if (handle)
			record(set, &want[i].rule, handle);
		else
			want[missing++] = want[i];
	}
	return missing;
}

static int ensure_base(struct firewall *f, int nl, struct found_list *l, struct err *e)
{
	_cleanup_unlock_ pthread_mutex_t *held = lock_take(&f->lock);
	_cleanup_nft_tx_ struct nft_tx tx;
	struct fw_want want[FW_BASE_MAX];
	size_t n = fw_base_rules(f->flags, want);

	fw_rules_free(&f->base);
	found_arrange_forward(l);
	n = adopt(l, &f->base, want, n);
	nft_tx_begin(&tx, NFPROTO_IPV4);
	put_chains(&tx, l);
	return commit_rules(nl, &tx, &f->base, want, n, 0, e);
}

struct firewall *firewall_new(unsigned flags, struct err *e)
{
	struct firewall *f = xalloc(sizeof(*f));
	_cleanup_close_ int nl = -1;

	f->flags = flags;
	f->restoring = true;
	pthread_mutex_init(&f->lock, NULL);
	nl = nl_open(NETLINK_NETFILTER, e);
	if (nl >= 0 && found_read(nl, &f->found, e) == 0 && ensure_base(f, nl, &f->found, e) == 0)
		return f;
	err_wrap(e, "set up the firewall (nf_tables; --iptables=false does without)");
	firewall_free(f);
	return NULL;
}

void firewall_free(struct firewall *f)
{
	if (!f)
		return;
	fw_rules_free(&f->base);
	found_free(&f->found);
	pthread_mutex_destroy(&f->lock);
	free(f);
}

int firewall_settle(struct firewall *f, struct err *e)
{
	_cleanup_nft_tx_ struct nft_tx tx;
	_cleanup_close_ int nl = nl_open(NETLINK_NETFILTER, e);
	int result = nl < 0 ? -1 : 0;

	nft_tx_begin(&tx, NFPROTO_IPV4);
	for (size_t i = 0; i < f->found.n; i++) {
		const struct nft_rule_info *r = &f->found.v[i].info;

		if (found_is_left_over(&f->found.v[i]))
			nft_tx_delete_rule(&tx, r->table, r->chain, r->handle);
	}
	found_free(&f->found);
	f->restoring = false;
	if (result == 0 && tx.m.count > 1)
		result = nft_tx_commit(nl, &tx, NULL, NULL, e);
	return result;
}

/* Somebody has flushed what we stand on: puts the base back. */
static int repair(struct firewall *f, int nl, struct err *e)
{
	struct found_list l;
	int result;

	if (found_read(nl, &l, e) < 0)
		return -1;
	result = ensure_base(f, nl, &l, e);
	found_free(&l);
	return result;
}

static int add_missing(struct firewall *f, struct fw_rules *set, const struct fw_want *want,
                       size_t n, struct err *e)
{
	_cleanup_close_ int nl = nl_open(NETLINK_NETFILTER, e);
	struct err why = { 0 };

	for (int attempt = 0; nl >= 0 && attempt < 2; attempt++) {
		_cleanup_nft_tx_ struct nft_tx tx;

		nft_tx_begin(&tx, NFPROTO_IPV4);
		if (commit_rules(nl, &tx, set, want, n, isolation_handle(f), &why) == 0)
			return 0;
		if (why.errnum != ENOENT || (attempt == 0 && repair(f, nl, &why) < 0))
			break;
	}
	if (nl >= 0 && e)
		*e = why;
	return -1;
}

int firewall_add(struct firewall *f, struct fw_rules *set, const struct fw_want *want, size_t n,
                 struct err *e)
{
	struct fw_want *missing;
	int result = 0;

	if (!f->restoring)
		return add_missing(f, set, want, n, e);
	missing = grow(NULL, (n + 1) * sizeof(*missing));
	memcpy(missing, want, n * sizeof(*missing));
	n = adopt(&f->found, set, missing, n);
	if (n)
		result = add_missing(f, set, missing, n, e);
	free(missing);
	return result;
}

/* ---- removing ---- */

static bool is_in(const struct fw_rules *set, const struct found *f)
{
	for (size_t i = 0; i < set->n; i++)
		if (set->v[i].handle == f->info.handle && ipt_equal(&set->v[i].rule, &f->rule))
			return true;
	return false;
}

/* Some of the rules are gone already: deletes those that are not. */
static int remove_remaining(int nl, const struct fw_rules *set, struct err *e)
{
	_cleanup_nft_tx_ struct nft_tx tx;
	struct found_list l;

	if (found_read(nl, &l, e) < 0)
		return -1;
	nft_tx_begin(&tx, NFPROTO_IPV4);
	for (size_t i = 0; i < l.n; i++)
		if (l.v[i].readable && is_in(set, &l.v[i]))
			nft_tx_delete_rule(&tx, l.v[i].info.table, l.v[i].info.chain,
			                   l.v[i].info.handle);
	found_free(&l);
	return tx.m.count > 1 ? nft_tx_commit(nl, &tx, NULL, NULL, e) : 0;
}

int firewall_remove(unused_arg struct firewall *f, struct fw_rules *set, struct err *e)
{
	_cleanup_nft_tx_ struct nft_tx tx;
	_cleanup_close_ int nl = -1;
	struct err why = { 0 };
	int result = 0;

	nft_tx_begin(&tx, NFPROTO_IPV4);
	if (set->n == 0)
		return 0;
	nl = nl_open(NETLINK_NETFILTER, e);
	if (nl < 0)
		return -1;
	for (size_t i = 0; i < set->n; i++)
		nft_tx_delete_rule(&tx, set->v[i].rule.table, set->v[i].rule.chain,
		                   set->v[i].handle);
	if (nft_tx_commit(nl, &tx, NULL, NULL, &why) < 0)
		result = why.errnum == ENOENT ? remove_remaining(nl, set, &why) : -1;
	if (result < 0 && e)
		*e = why;
	fw_rules_free(set);
	return result;
}

int firewall_drop_forward(unused_arg struct firewall *f, struct err *e)
{
	_cleanup_nft_tx_ struct nft_tx tx;
	_cleanup_close_ int nl = nl_open(NETLINK_NETFILTER, e);

	nft_tx_begin(&tx, NFPROTO_IPV4);
	for (size_t i = 0; i < fw_base_chain_count; i++)
		if (str_eq(fw_base_chains[i].chain, "FORWARD"))
			nft_tx_base_chain(&tx, &fw_base_chains[i], NF_DROP);
	return nl < 0 ? -1 : nft_tx_commit(nl, &tx, NULL, NULL, e);
}
