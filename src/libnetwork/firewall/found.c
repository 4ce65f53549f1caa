/* See found.h. */
#include "libnetwork/firewall/found.h"

#include <linux/netfilter.h>
#include <stdlib.h>

static void *grow(void *p, size_t n)
{
	void *q = realloc(p, n);

	if (!q)
		abort();
	return q;
}

void found_free(struct found_list *l)
{
	free(l->v);
	free(l->chains);
	*l = (struct found_list){ 0 };
}

static int take_rule(void *arg, const struct nft_rule_info *info)
{
	struct found_list *l = arg;
	struct found *f;

	l->v = grow(l->v, (l->n + 1) * sizeof(*l->v));
	f = &l->v[l->n++];
	*f = (struct found){ .info = *info };
	f->info.expressions = (struct slice){ 0 };
	f->readable = ipt_read(info, &f->rule);
	return 0;
}

static int take_chain(void *arg, const struct nft_chain_info *c)
{
	struct found_list *l = arg;

	l->chains = grow(l->chains, (l->nchains + 1) * sizeof(*l->chains));
	l->chains[l->nchains++] = *c;
	return 0;
}

int found_read(int nl, struct found_list *l, struct err *e)
{
	*l = (struct found_list){ 0 };
	if (nft_each_chain(nl, NFPROTO_IPV4, take_chain, l, e) == 0 &&
	    nft_each_rule(nl, NFPROTO_IPV4, take_rule, l, e) == 0)
		return 0;
	found_free(l);
	return -1;
}

bool found_has_chain(const struct found_list *l, const char *table, const char *chain)
{
	for (size_t i = 0; i < l->nchains; i++)
		if (str_eq(l->chains[i].table, table) && str_eq(l->chains[i].chain, chain))
			return true;
	return false;
}

static bool is_jump_in_forward(const struct found *f)
{
	return f->readable && str_eq(f->rule.table, "filter") && str_eq(f->rule.chain, "FORWARD") &&
	       f->rule.target == IPT_JUMP && !f->rule.in.name[0] && !f->rule.out.name[0] &&
	       fw_rule_is_ours(&f->rule);
}

void found_arrange_forward(struct found_list *l)
{
	static const char *const order[] = { "DOCKER-USER", "DOCKER-ISOLATION-STAGE-1" };
	size_t position = 0;
	bool good = true;

	for (size_t i = 0; i < l->n && position < ARRAY_LEN(order); i++) {
		if (!str_eq(l->v[i].info.table, "filter") || !str_eq(l->v[i].info.chain, "FORWARD"))
			continue;
		good = good && is_jump_in_forward(&l->v[i]) &&
		       str_eq(l->v[i].rule.jump, order[position]);
		position++;
	}
	for (size_t i = 0; i < l->n && !good; i++)
		l->v[i].movable = is_jump_in_forward(&l->v[i]);
}

uint64_t found_claim(struct found_list *l, const struct ipt_rule *rule)
{
	for (size_t i = 0; i < l->n; i++) {
		struct found *f = &l->v[i];

		if (!f->readable || f->claimed || f->movable || !ipt_equal(&f->rule, rule))
			continue;
		f->claimed = true;
		return f->info.handle;
	}
	return 0;
}

bool found_is_left_over(const struct found *f)
{
	if (f->claimed)
		return false;
	return fw_chain_is_ours(f->info.table, f->info.chain) ||
	       (f->readable && fw_rule_is_ours(&f->rule));
}
