/* From a container's record to endpoints in its sandbox, and back to what inspect shows. */
#include "engine/network/networking.h"

#include "base/log.h"
#include "engine/events.h"

void networking_event(struct engine *g, const char *action, const struct network_info *n,
                      const char *container)
{
	_cleanup_arena_ struct arena a = { 0 };
	struct json_map attributes = { 0 };

	if (container)
		json_map_set(&a, &attributes, "container", container);
	json_map_set(&a, &attributes, "name", n->name);
	json_map_set(&a, &attributes, "type", n->driver);
	events_publish(g->events, "network", action, n->id, &attributes);
}

/* An address may be wished for where the user has said what the addresses are. */
static int check_address(const struct network_info *n, const struct api_endpoint *want,
                         struct err *e)
{
	if (!want->ipam_config || str_empty(want->ipam_config->ipv4_address) || n->user_subnet)
		return 0;
	return err_set(e, ERR_INVALID,
	               "user specified IP address is supported only when connecting to networks "
	               "with user configured subnets");
}

static void fill_ports(const struct networking_ports *ports, struct endpoint_info *out)
{
	out->exposed.n = ports->exposed.n;
	out->exposed.v = ports->exposed.v;
	out->ports.n = ports->published.n;
	out->ports.v = ports->published.v;
}

/* What others ask for: its name first, then its aliases (the short id is one), then its host name. */
static struct strs names(struct arena *a, const struct container_record *r,
                         const struct api_endpoint *want)
{
	struct strs aliases = networking_aliases(a, r->id, want), out = { 0 };

	arena_push(a, &out, r->name);
	for (size_t i = 0; i < aliases.n; i++)
		arena_push(a, &out, aliases.v[i]);
	if (!str_empty(r->config->hostname) && !str_starts(r->id, r->config->hostname))
		arena_push(a, &out, r->config->hostname);
	return out;
}

/* A container in the host's network has its ports there: nothing is published. */
static int wanted_endpoint(struct arena *a, const struct container_record *r,
                           const struct network_info *n, struct endpoint_info *out, struct err *e)
{
	const struct api_endpoint *want = networking_settings(r, n->name);
	struct networking_ports ports;

	*out = (struct endpoint_info){
		.name = r->name,
		.mac = str_empty(want->mac_address) ? r->config->mac_address : want->mac_address,
		.ipv4 = want->ipam_config ? want->ipam_config->ipv4_address : NULL,
		.names = names(a, r, want),
		.links = want->links,
		.options = want->driver_opts,
	};
	if (check_address(n, want, e) < 0 || networking_ports(a, r->config, r->host, &ports, e) < 0)
		return -1;
	if (!str_eq(n->driver, "host"))
		fill_ports(&ports, out);
	return 0;
}

int networking_join(struct engine *g, const struct container_record *r, struct sandbox *s,
                    const char *network, struct err *e)
{
	_cleanup_arena_ struct arena a = { 0 };
	_cleanup_network_ struct network *n = network_find(g->net, network, e);
	_cleanup_endpoint_ struct endpoint *ep = NULL;
	struct err ignored = { 0 };
	struct network_info net;
	struct endpoint_info want;

	if (!n)
		return -1;
	network_info(n, &a, &net);
	if (wanted_endpoint(&a, r, &net, &want, e) < 0 || !(ep = endpoint_create(n, &want, e)))
		return -1;
	if (endpoint_join(ep, s, e) == 0) {
		networking_event(g, "connect", &net, r->id);
		return 0;
	}
	if (endpoint_delete(ep, &ignored) < 0) /* no sandbox has it, so nobody else would */
		log_warn_of(&ignored, "undo the network of container %.12s", r->id);
	return -1;
}

void networking_renamed(struct engine *g, const struct container_record *r)
{
	_cleanup_arena_ struct arena a = { 0 };
	_cleanup_sandbox_ struct sandbox *s = sandbox_find(g->net, r->id, NULL);
	struct endpoint_infos eps = { 0 };
	struct err e = { 0 };

	if (s)
		sandbox_endpoints(s, &a, &eps);
	for (size_t i = 0; i < eps.n; i++) {
		_cleanup_endpoint_ struct endpoint *ep = endpoint_find(g->net, eps.v[i].id, NULL);
		struct strs all = names(&a, r, networking_settings(r, eps.v[i].network_name));

		if (ep && endpoint_rename(ep, r->name, &all, &e) < 0)
			log_warn_of(&e, "rename container %.12s on network %s", r->id,
			            eps.v[i].network_name);
	}
}

int networking_join_all(struct engine *g, struct arena *a, const struct container_record *r,
                        struct sandbox *s, struct err *e)
{
	struct strs names = networking_names(a, r);

	for (size_t i = 0; i < names.n; i++)
		if (networking_join(g, r, s, names.v[i], e) < 0)
			return -1;
	return 0;
}

/* ---- what inspect shows ---- */

static struct api_endpoint *endpoint_report(struct arena *a, const struct container_record *r,
                                            const struct endpoint_info *ep)
{
	const struct api_endpoint *want = networking_settings(r, ep->network_name);
	struct api_endpoint *out = arena_memdup(a, want, sizeof(*out));

	if (networking_is_user_defined(ep->network_name))
		out->aliases = networking_aliases(a, r->id, want);
	out->network_id = ep->network_id;
	out->endpoint_id = ep->id;
	out->gateway = ep->gateway;
	out->ip_address = ep->ipv4;
	out->ip_prefix_len = (int64_t)ep->ipv4_prefix;
	out->mac_address = ep->mac;
	return out;
}

void networking_report(struct arena *a, const struct container_record *r, struct sandbox *s,
                       struct container_net_record *out)
{
	struct endpoint_infos eps;
	struct sandbox_info info;

	sandbox_info(s, a, &info);
	sandbox_endpoints(s, a, &eps);
	*out = (struct container_net_record){ .sandbox_id = info.id, .sandbox_key = info.key };
	for (size_t i = 0; i < eps.n; i++) {
		__typeof__(out->networks.v[0]) entry = { .key = eps.v[i].network_name };

		entry.value = endpoint_report(a, r, &eps.v[i]);
		arena_push(a, &out->networks, entry);
		networking_ports_report(a, &eps.v[i], out);
	}
}
