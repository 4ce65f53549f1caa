/* GET /networks, GET /networks/{id}. Docker Engine API, "Network". */
#include "engine/routes/api.h"
#include "api/network.h"
#include "engine/filters.h"
#include "engine/network/networking.h"

/* The IPAM tables of libnetwork and of the API have one shape; what differs is who owns them. */
static struct api_ipam *ipam_answer(struct arena *a, const struct net_ipam *in)
{
	struct api_ipam *out = arena_new(a, struct api_ipam);

	if (!in)
		return out;
	out->driver = in->driver;
	out->options = in->options;
	for (size_t i = 0; i < in->config.n; i++) {
		const struct net_ipam_pool *p = &in->config.v[i];

		arena_push(a, &out->config,
		           ((struct api_ipam_pool){ .subnet = p->subnet,
		                                    .ip_range = p->ip_range,
		                                    .gateway = p->gateway,
		                                    .aux_addresses = p->aux }));
	}
	return out;
}

/* The id of the container that a sandbox belongs to is the key of its member. */
static const char *owner_of(const struct sandbox_infos *sandboxes, const struct endpoint_info *ep)
{
	for (size_t i = 0; i < sandboxes->n; i++)
		if (str_eq(sandboxes->v[i].id, ep->sandbox_id))
			return sandboxes->v[i].container_id;
	return ep->id;
}

static void add_members(struct api_call *c, struct network *n, struct api_network *out)
{
	struct sandbox_infos sandboxes;
	struct endpoint_infos eps;

	net_controller_sandboxes(c->engine->net, c->arena, &sandboxes);
	network_endpoints(n, c->arena, &eps);
	for (size_t i = 0; i < eps.n; i++) {
		const struct endpoint_info *ep = &eps.v[i];
		struct api_network_member *m = arena_new(c->arena, struct api_network_member);
		__typeof__(out->containers.v[0]) entry = { owner_of(&sandboxes, ep), m };

		m->name = ep->name;
		m->endpoint_id = ep->id;
		m->mac_address = ep->mac;
		if (!str_empty(ep->ipv4))
			m->ipv4_address = arena_printf(c->arena, "%s/%llu", ep->ipv4,
			                               (unsigned long long)ep->ipv4_prefix);
		arena_push(c->arena, &out->containers, entry);
	}
}

static void fill(struct api_call *c, const struct network_info *in, struct api_network *out)
{
	*out = (struct api_network){
		.name = in->name,
		.id = in->id,
		.created = in->created,
		.scope = in->scope,
		.driver = in->driver,
		.enable_ipv4 = true,
		.enable_ipv6 = in->enable_ipv6,
		.ipam = ipam_answer(c->arena, in->ipam),
		.internal = in->internal,
		.attachable = in->attachable,
		.ingress = in->ingress,
		.config_from = arena_new(c->arena, struct api_config_from),
		.options = in->options,
		.labels = in->labels,
	};
}

static bool is_predefined(const char *name)
{
	return str_eq(name, "bridge") || str_eq(name, "host") || str_eq(name, "none");
}

static int type_matches(const struct filters *f, const struct network_info *n, struct err *e)
{
	struct strs types = filters_get(f, "type");

	for (size_t i = 0; i < types.n; i++) {
		bool builtin = str_eq(types.v[i], "builtin");

		if (!builtin && !str_eq(types.v[i], "custom"))
			return err_set(e, ERR_INVALID, "invalid filter: 'type'='%s'", types.v[i]);
		if (builtin == is_predefined(n->name))
			return 1;
	}
	return types.n == 0;
}

/* 1 when the network is asked for, 0 when not. */
static int wanted(struct api_call *c, const struct filters *f, const struct network_info *info,
                  struct err *e)
{
	_cleanup_network_ struct network *n = NULL;
	struct endpoint_infos eps = { 0 };
	int dangling = filters_bool(f, "dangling", 2, e), type = type_matches(f, info, e);

	if (dangling < 0 || type < 0)
		return -1;
	if (dangling < 2 && (n = network_find(c->engine->net, info->id, NULL)))
		network_endpoints(n, c->arena, &eps);
	if (dangling < 2 && (dangling == 1) != (eps.n == 0 && !is_predefined(info->name)))
		return 0;
	return type && filters_equal(f, "driver", info->driver) &&
	       filters_equal(f, "scope", info->scope) && filters_prefix(f, "id", info->id) &&
	       filters_match(f, "name", info->name) && filters_labels(f, "label", &info->labels);
}

int api_networks_list(struct api_call *c, struct err *e)
{
	static const char *const allowed[] = { "dangling", "driver", "id",   "label",
		                               "name",     "scope",  "type", NULL };
	struct network_infos all;
	struct filters f;
	struct {
		size_t n;
		struct api_network *v;
	} out = { 0 };

	if (filters_parse(c->arena, api_query(c, "filters"), allowed, &f, e) < 0)
		return -1;
	net_controller_networks(c->engine->net, c->arena, &all);
	for (size_t i = 0; i < all.n; i++) {
		struct api_network answer;
		int r = wanted(c, &f, &all.v[i], e);

		if (r < 0)
			return -1;
		if (r == 0)
			continue;
		fill(c, &all.v[i], &answer);
		arena_push(c->arena, &out, answer);
	}
	return api_answer_list(c, &api_network_type, out.v, out.n);
}

int api_network_inspect(struct api_call *c, struct err *e)
{
	_cleanup_network_ struct network *n = network_find(c->engine->net, api_param(c, "id"), e);
	struct network_info info;
	struct api_network answer;

	if (!n)
		return -1;
	network_info(n, c->arena, &info);
	fill(c, &info, &answer);
	add_members(c, n, &answer);
	return api_answer(c, 200, &api_network_type, &answer);
}
