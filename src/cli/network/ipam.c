/* See ipam.h. Error texts are the original's. */
#include "cli/network/ipam.h"

#include <arpa/inet.h>
#include <stdlib.h>

struct cidr {
	unsigned char addr[16];
	size_t size; /* bytes of an address: 4 or 16 */
	unsigned bits;
};

/* An address, or with a prefix length behind a slash; a plain one has all its bits. */
static bool cidr_parse(const char *text, bool needs_prefix, struct cidr *out)
{
	size_t n = strcspn(text, "/");
	char addr[INET6_ADDRSTRLEN + 1];
	uint64_t bits;

	*out = (struct cidr){ 0 };
	if (n >= sizeof(addr) || (needs_prefix && !text[n]))
		return false;
	memcpy(addr, text, n);
	addr[n] = '\0';
	if (inet_pton(AF_INET, addr, out->addr) == 1)
		out->size = 4;
	else if (inet_pton(AF_INET6, addr, out->addr) == 1)
		out->size = 16;
	out->bits = (unsigned)out->size * 8;
	if (!out->size || !text[n])
		return out->size != 0;
	if (!str_u64(text + n + 1, &bits) || bits > out->bits)
		return false;
	out->bits = (unsigned)bits;
	return true;
}

static bool holds(const struct cidr *net, const struct cidr *other)
{
	unsigned whole = net->bits / 8, rest = net->bits % 8;

	if (net->size != other->size || memcmp(net->addr, other->addr, whole) != 0)
		return false;
	return !rest || (net->addr[whole] ^ other->addr[whole]) >> (8 - rest) == 0;
}

/* Does the subnet, given as text, hold this address or range? A subnet that is none holds nothing. */
static bool subnet_holds(const char *subnet, const char *text, bool range)
{
	struct cidr net, other;

	return cidr_parse(subnet, true, &net) && cidr_parse(text, range, &other) &&
	       holds(&net, &other);
}

static int check_overlap(const struct strs *subnets, struct err *e)
{
	for (size_t i = 0; i < subnets->n; i++)
		for (size_t k = 0; k < i; k++)
			if (subnet_holds(subnets->v[i], subnets->v[k], true) ||
			    subnet_holds(subnets->v[k], subnets->v[i], true))
				return err_set(e, ERR_INVALID,
				               "multiple overlapping subnet configuration is not "
				               "supported");
	return 0;
}

static struct api_ipam_pool *find_pool(const struct ipam_pools *pools, const char *text, bool range)
{
	for (size_t i = 0; i < pools->n; i++)
		if (subnet_holds(pools->v[i].subnet, text, range))
			return &pools->v[i];
	return NULL;
}

static int add_ranges(const struct strs *ranges, const struct ipam_pools *pools, struct err *e)
{
	for (size_t i = 0; i < ranges->n; i++) {
		struct api_ipam_pool *p = find_pool(pools, ranges->v[i], true);

		if (!p)
			return err_set(e, ERR_INVALID, "no matching subnet for range %s",
			               ranges->v[i]);
		if (p->ip_range)
			return err_set(e, ERR_INVALID,
			               "cannot configure multiple ranges (%s, %s) on the same "
			               "subnet (%s)",
			               ranges->v[i], p->ip_range, p->subnet);
		p->ip_range = ranges->v[i];
	}
	return 0;
}

static int add_gateways(const struct strs *gateways, const struct ipam_pools *pools, struct err *e)
{
	for (size_t i = 0; i < gateways->n; i++) {
		struct api_ipam_pool *p = find_pool(pools, gateways->v[i], false);

		if (!p)
			return err_set(e, ERR_INVALID, "no matching subnet for gateway %s",
			               gateways->v[i]);
		if (p->gateway)
			return err_set(e, ERR_INVALID,
			               "cannot configure multiple gateways (%s, %s) for the same "
			               "subnet (%s)",
			               gateways->v[i], p->gateway, p->subnet);
		p->gateway = gateways->v[i];
	}
	return 0;
}

static int add_aux(struct arena *a, const struct json_map *aux, const struct ipam_pools *pools,
                   struct err *e)
{
	for (size_t i = 0; i < aux->n; i++) {
		struct api_ipam_pool *p = find_pool(pools, aux->v[i].value, false);

		if (!p)
			return err_set(e, ERR_INVALID, "no matching subnet for aux-address %s",
			               aux->v[i].value);
		json_map_set(a, &p->aux_addresses, aux->v[i].key, aux->v[i].value);
	}
	return 0;
}

int ipam_pools_make(struct arena *a, const struct ipam_words *words, struct ipam_pools *out,
                    struct err *e)
{
	if (words->subnets.n < words->ranges.n || words->subnets.n < words->gateways.n)
		return err_set(e, ERR_INVALID,
		               "every ip-range or gateway must have a corresponding subnet");
	if (check_overlap(&words->subnets, e) < 0)
		return -1;
	for (size_t i = 0; i < words->subnets.n; i++)
		arena_push(a, out, ((struct api_ipam_pool){ .subnet = words->subnets.v[i] }));
	if (add_ranges(&words->ranges, out, e) < 0 || add_gateways(&words->gateways, out, e) < 0)
		return -1;
	return add_aux(a, &words->aux, out, e);
}
