/*
 * The default IPAM: pools in memory, the first free address of a pool.
 *
 * Thread-safe by one lock, held for memory work only; the networks of the host are listed before.
 * IPv4 only: IPv6 pools come with IPv6 networks.
 */
#include "libnetwork/ipam/ipam.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include "libnetwork/lock.h"
#include "base/mem.h"

struct pool {
	char id[IPAM_POOL_ID_SIZE];
	struct inet net, range;
	uint64_t *used; /* one bit an address, from the first of the net; grows */
	size_t words;
};

/* Where pools are picked from: `base` cut into networks of `size` bits. */
struct supply {
	struct inet base;
	unsigned size;
};

struct ipam {
	pthread_mutex_t lock;
	ipam_taken_fn *taken;
	void *taken_ctx;
	size_t npools, nsupplies;
	struct pool **pools; /* owned */
	struct supply *supplies;
	bool supplies_given;
};

static const struct {
	const char *base;
	unsigned size;
} builtin[] = {
	{ "172.17.0.0/16", 16 },  { "172.18.0.0/16", 16 }, { "172.19.0.0/16", 16 },
	{ "172.20.0.0/14", 16 },  { "172.24.0.0/14", 16 }, { "172.28.0.0/14", 16 },
	{ "192.168.0.0/16", 20 },
};

static void *grow(void *p, size_t n)
{
	void *q = realloc(p, n);

	if (!q)
		abort();
	return q;
}

static void add_supply(struct ipam *i, const struct inet *base, unsigned size)
{
	i->supplies = grow(i->supplies, (i->nsupplies + 1) * sizeof(*i->supplies));
	i->supplies[i->nsupplies++] = (struct supply){ inet_subnet(base), size };
}

struct ipam *ipam_new(ipam_taken_fn *taken, void *ctx)
{
	struct ipam *i = xalloc(sizeof(*i));
	struct inet base;

	pthread_mutex_init(&i->lock, NULL);
	i->taken = taken;
	i->taken_ctx = ctx;
	for (size_t k = 0; k < ARRAY_LEN(builtin); k++)
		if (inet_parse(builtin[k].base, &base))
			add_supply(i, &base, builtin[k].size);
	return i;
}

static void pool_free(struct pool *p)
{
	free(p->used);
	free(p);
}

void ipam_free(struct ipam *i)
{
	if (!i)
		return;
	for (size_t k = 0; k < i->npools; k++)
		pool_free(i->pools[k]);
	free(i->pools);
	free(i->supplies);
	pthread_mutex_destroy(&i->lock);
	free(i);
}

int ipam_add_default(struct ipam *i, const char *text, struct err *e)
{
	char base_text[INET_TEXT_SIZE];
	const char *comma = strchr(text, ','), *base = str_after(text, "base=");
	const char *size_text = comma ? str_after(comma + 1, "size=") : NULL;
	struct inet net;
	uint64_t size;
	size_t n;

	if (!base || !size_text || (n = (size_t)(comma - base)) >= sizeof(base_text))
		return err_set(e, ERR_INVALID, "invalid default address pool \"%s\"", text);
	memcpy(base_text, base, n);
	base_text[n] = '\0';
	if (!inet_parse(base_text, &net) || net.family != AF_INET || !str_u64(size_text, &size) ||
	    size < net.prefix || size > 30)
		return err_set(e, ERR_INVALID, "invalid default address pool \"%s\"", text);
	if (!i->supplies_given)
		i->nsupplies = 0;
	i->supplies_given = true;
	add_supply(i, &net, (unsigned)size);
	return 0;
}

/* ---- pools ---- */

struct nets {
	size_t n;
	struct inet *v;
};

static int collect(void *arg, const struct inet *net)
{
	struct nets *l = arg;

	l->v = grow(l->v, (l->n + 1) * sizeof(*l->v));
	l->v[l->n++] = *net;
	return 0;
}

static bool overlaps_any(const struct nets *l, const struct inet *net)
{
	for (size_t k = 0; k < l->n; k++)
		if (inet_overlap(&l->v[k], net))
			return true;
	return false;
}

static bool overlaps_pool(const struct ipam *i, const struct inet *net)
{
	for (size_t k = 0; k < i->npools; k++)
		if (inet_overlap(&i->pools[k]->net, net))
			return true;
	return false;
}

/* The next free network of one supply. */
static bool pick_from(const struct ipam *i, const struct supply *s, const struct nets *host,
                      struct inet *out)
{
	uint32_t count = 1u << (s->size - s->base.prefix), step = 1u << (32 - s->size);

	for (uint32_t k = 0; k < count; k++) {
		*out = inet4_from(inet4_number(&s->base) + k * step, s->size);
		if (!overlaps_pool(i, out) && !overlaps_any(host, out))
			return true;
	}
	return false;
}

static int pick(const struct ipam *i, const struct nets *host, struct inet *out, struct err *e)
{
	for (size_t k = 0; k < i->nsupplies; k++)
		if (pick_from(i, &i->supplies[k], host, out))
			return 0;
	return err_set(e, ERR_INVALID,
	               "could not find an available, non-overlapping IPv4 address pool among the "
	               "defaults to assign to the network");
}

static void mark(struct pool *p, uint32_t offset)
{
	size_t word = offset / 64;

	if (word >= p->words) {
		p->used = grow(p->used, (word + 1) * sizeof(*p->used));
		memset(p->used + p->words, 0, (word + 1 - p->words) * sizeof(*p->used));
		p->words = word + 1;
	}
	p->used[word] |= 1ull << (offset % 64);
}

static bool marked(const struct pool *p, uint32_t offset)
{
	size_t word = offset / 64;

	return word < p->words && (p->used[word] >> (offset % 64) & 1);
}

static uint32_t hosts_mask(const struct inet *net)
{
	return net->prefix >= 32 ? 0 : ~0u >> net->prefix;
}

static void add_pool(struct ipam *i, const struct inet *net, const struct inet *range,
                     struct ipam_pool *out)
{
	struct pool *p = xalloc(sizeof(*p));
	char text[INET_TEXT_SIZE];

	p->net = *net;
	p->range = *range;
	snprintf(p->id, sizeof(p->id), "LocalDefault/%s", inet_format_prefix(text, net));
	i->pools = grow(i->pools, (i->npools + 1) * sizeof(*i->pools));
	i->pools[i->npools++] = p;
	*out = (struct ipam_pool){ .net = *net };
	str_copy(out->id, sizeof(out->id), p->id);
}

static int parse_pool(const struct ipam_pool_request *r, struct inet *net, struct inet *range,
                      struct err *e)
{
	if (!str_empty(r->pool)) {
		if (!inet_parse(r->pool, net) || net->family != AF_INET || net->prefix < 8)
			return err_set(e, ERR_INVALID,
			               "Invalid subnet %s : invalid CIDR address: %s", r->pool,
			               r->pool);
		*net = inet_subnet(net);
	}
	if (str_empty(r->range))
		return 0;
	if (!inet_parse(r->range, range) || range->family != AF_INET)
		return err_set(e, ERR_INVALID, "invalid address range \"%s\"", r->range);
	*range = inet_subnet(range);
	if (!net->family)
		return err_set(e, ERR_INVALID, "an address range needs a subnet");
	if (range->prefix < net->prefix || !inet_contains(net, range))
		return err_set(e, ERR_INVALID, "address range %s is not in subnet %s", r->range,
		               r->pool);
	return 0;
}

static int request_pool(struct ipam *i, const struct ipam_pool_request *r, struct ipam_pool *out,
                        struct err *e)
{
	struct inet net = { 0 }, range = { 0 };
	struct nets host = { 0 };
	int result = 0;

	if (parse_pool(r, &net, &range, e) < 0)
		return -1;
	if (!net.family && i->taken && i->taken(i->taken_ctx, collect, &host, e) < 0) {
		free(host.v);
		return -1;
	}
	pthread_mutex_lock(&i->lock);
	if (net.family && overlaps_pool(i, &net))
		result = err_set(e, ERR_PERMISSION,
		                 "Pool overlaps with other one on this address space");
	else if (!net.family)
		result = pick(i, &host, &net, e);
	if (result == 0)
		add_pool(i, &net, range.family ? &range : &net, out);
	pthread_mutex_unlock(&i->lock);
	free(host.v);
	return result;
}

static struct pool *find_pool(struct ipam *i, const char *id, struct err *e)
{
	for (size_t k = 0; k < i->npools; k++)
		if (str_eq(i->pools[k]->id, id))
			return i->pools[k];
	err_set(e, ERR_NOT_FOUND, "address pool %s not found", id);
	return NULL;
}

static int release_pool(struct ipam *i, const char *pool_id, struct err *e)
{
	_cleanup_unlock_ pthread_mutex_t *held = lock_take(&i->lock);

	for (size_t k = 0; k < i->npools; k++) {
		if (!str_eq(i->pools[k]->id, pool_id))
			continue;
		pool_free(i->pools[k]);
		i->pools[k] = i->pools[--i->npools];
		return 0;
	}
	return err_set(e, ERR_NOT_FOUND, "address pool %s not found", pool_id);
}

/* ---- addresses ---- */

/* The net's own address and its broadcast address belong to nobody. */
static bool assignable(const struct pool *p, uint32_t offset)
{
	uint32_t last = hosts_mask(&p->net);

	return p->net.prefix >= 31 || (offset != 0 && offset != last);
}

static int take_wanted(struct pool *p, const struct inet *wanted, uint32_t *offset, struct err *e)
{
	char text[INET_TEXT_SIZE];

	if (!inet_contains(&p->net, wanted))
		return err_set(e, ERR_INVALID,
		               "Invalid address %s: It does not belong to any of this network's "
		               "subnets",
		               inet_format(text, wanted));
	*offset = inet4_number(wanted) - inet4_number(&p->net);
	if (marked(p, *offset) || !assignable(p, *offset))
		return err_set(e, ERR_PERMISSION, "Address already in use");
	return 0;
}

static int take_first(struct pool *p, uint32_t *offset, struct err *e)
{
	uint32_t first = inet4_number(&p->range) - inet4_number(&p->net);
	uint32_t count = hosts_mask(&p->range);

	for (uint32_t k = 0; k <= count; k++) {
		*offset = first + k;
		if (assignable(p, *offset) && !marked(p, *offset))
			return 0;
		if (k == count)
			break;
	}
	return err_set(e, ERR_UNAVAILABLE,
	               "no available IPv4 addresses on this network's address pools");
}

static int request_address(struct ipam *i, const char *pool_id, const struct inet *wanted,
                           unused_arg const struct json_map *options, struct inet *out,
                           struct err *e)
{
	_cleanup_unlock_ pthread_mutex_t *held = lock_take(&i->lock);
	struct pool *p = find_pool(i, pool_id, e);
	uint32_t offset = 0;

	if (!p)
		return -1;
	if ((wanted->family ? take_wanted(p, wanted, &offset, e) : take_first(p, &offset, e)) < 0)
		return -1;
	mark(p, offset);
	*out = inet4_from(inet4_number(&p->net) + offset, p->net.prefix);
	return 0;
}

static int release_address(struct ipam *i, const char *pool_id, const struct inet *ip,
                           struct err *e)
{
	_cleanup_unlock_ pthread_mutex_t *held = lock_take(&i->lock);
	struct pool *p = find_pool(i, pool_id, e);
	uint32_t offset;

	if (!p)
		return -1;
	offset = inet4_number(ip) - inet4_number(&p->net);
	if (inet_contains(&p->net, ip) && marked(p, offset))
		p->used[offset / 64] &= ~(1ull << (offset % 64));
	return 0;
}

const struct ipam_driver ipam_default = {
	.name = "default",
	.request_pool = request_pool,
	.release_pool = release_pool,
	.request_address = request_address,
	.release_address = release_address,
};
