/* The addresses of a network: its pool, its gateway, what is set aside. See objects.h. */
#include "libnetwork/objects.h"

static int reserve(struct network *n, const char *text, struct inet *out, struct err *e)
{
	struct inet wanted = { 0 };

	if (!str_empty(text) && !inet_parse(text, &wanted))
		return err_set(e, ERR_INVALID, "invalid address \"%s\"", text);
	return n->ipam->request_address(n->c->ipam, n->pool.id, &wanted, &n->info.ipam->options,
	                                out, e);
}

static int reserve_gateway(struct network *n, const char *text, struct inet *out, struct err *e)
{
	struct inet wanted;

	if (!str_empty(text) && (!inet_parse(text, &wanted) || wanted.family != AF_INET))
		return err_set(e, ERR_INVALID, "invalid gateway address %s in Ipam configuration",
		               text);
	if (!str_empty(text) && !inet_contains(&n->pool.net, &wanted))
		return err_set(e, ERR_INVALID,
		               "failed to allocate gateway (%s): Requested address is out of range",
		               text);
	if (reserve(n, text, out, e) < 0)
		return err_wrap(e, "failed to allocate gateway (%s)", text ? text : "");
	return 0;
}

static int reserve_aux(struct network *n, const struct net_ipam_pool *p, struct err *e)
{
	struct inet ip;

	for (size_t i = 0; i < p->aux.n; i++) {
		const char *name = p->aux.v[i].key, *text = p->aux.v[i].value;

		if (inet_parse(text, &ip) && !inet_contains(&n->pool.net, &ip))
			return err_set(e, ERR_PERMISSION,
			               "auxiliary address: (%s:%s) must belong to the master "
			               "pool: %s",
			               name, text, p->subnet);
		if (reserve(n, text, &ip, e) < 0)
			return err_wrap(e, "failed to allocate secondary ip address (%s:%s)", name,
			                text);
	}
	return 0;
}

int network_request_addresses(struct network *n, struct err *e)
{
	struct net_ipam *ipam = n->info.ipam;
	struct net_ipam_pool *p;
	struct ipam_pool_request r = { .options = &ipam->options };
	char text[INET_TEXT_SIZE];
	struct inet gateway;

	if (ipam->config.n) {
		r.pool = ipam->config.v[0].subnet;
		r.range = ipam->config.v[0].ip_range;
	}
	if (n->ipam->request_pool(n->c->ipam, &r, &n->pool, e) < 0)
		return -1;
	n->has_pool = true;
	if (!n->pool.net.family)
		return 0;
	if (ipam->config.n == 0)
		arena_push(&n->arena, &ipam->config, (struct net_ipam_pool){ 0 });
	p = ipam->config.v;
	p->subnet = arena_strdup(&n->arena, inet_format_prefix(text, &n->pool.net));
	if (reserve_gateway(n, p->gateway, &gateway, e) < 0)
		return -1;
	p->gateway = arena_strdup(&n->arena, inet_format(text, &gateway));
	return reserve_aux(n, p, e);
}

void network_release_addresses(struct network *n)
{
	struct err e = { 0 };

	if (n->has_pool && n->ipam->release_pool(n->c->ipam, n->pool.id, &e) < 0)
		net_warn(n->c, &e);
	n->has_pool = false;
}
