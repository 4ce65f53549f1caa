/*
 * The networks of a new container: each --network, with --ip, --network-alias and their kin, which
 * belong to the first one.
 */
#include "cli/container/create_parts.h"

#include "cli/spec/network.h"

static bool user_defined(const char *name)
{
	return *name && !name_listed("default bridge host none", name) &&
	       !str_starts(name, "container:");
}

static int twice(const char *flag, const char *key, struct err *e)
{
	return err_set(e, ERR_INVALID,
	               "conflicting options: cannot specify both --%s and "
	               "per-network %s",
	               flag, key);
}

/* One setting, by the flags of its own or inside --network, not by both. */
static int check_twice(const struct create_options *o, const struct api_endpoint *ep, struct err *e)
{
	const struct {
		bool flag, inside;
		const char *name, *key;
	} all[] = {
		{ o->network_alias.n > 0, ep->aliases.n > 0, "network-alias", "alias" },
		{ o->ip != NULL, ep->ipam_config && ep->ipam_config->ipv4_address, "ip",
		  "IPv4 address" },
		{ o->ip6 != NULL, ep->ipam_config && ep->ipam_config->ipv6_address, "ip6",
		  "IPv6 address" },
		{ o->mac_address != NULL, ep->mac_address != NULL, "mac-address", "MAC address" },
		{ o->link_local_ip.n > 0, ep->ipam_config && ep->ipam_config->link_local_ips.n > 0,
		  "link-local-ip", "link-local IP addresses" },
	};

	for (size_t i = 0; i < ARRAY_LEN(all); i++)
		if (all[i].flag && all[i].inside)
			return twice(all[i].name, all[i].key, e);
	return 0;
}

static int first_network(struct arena *a, const struct create_options *o, struct network_spec *spec,
                         struct err *e)
{
	struct api_endpoint *ep = &spec->endpoint;

	if (check_twice(o, ep, e) < 0)
		return -1;
	if (o->network_alias.n && !user_defined(spec->name))
		return err_set(
		        e, ERR_INVALID,
		        "network-scoped aliases are only supported for user-defined networks");
	for (size_t i = 0; i < o->network_alias.n; i++)
		arena_push(a, &ep->aliases, o->network_alias.v[i]);
	if (o->ip)
		network_ipam(a, ep)->ipv4_address = o->ip;
	if (o->ip6)
		network_ipam(a, ep)->ipv6_address = o->ip6;
	if (o->link_local_ip.n)
		network_ipam(a, ep)->link_local_ips = o->link_local_ip;
	if (o->mac_address)
		ep->mac_address = o->mac_address;
	if (user_defined(spec->name))
		ep->links = o->link;
	return 0;
}

static int check_mix(const struct api_networking_config *net, const char *name, struct err *e)
{
	for (size_t i = 0; i < net->endpoints.n; i++) {
		if (str_eq(net->endpoints.v[i].key, name))
			return err_set(e, ERR_INVALID, "network \"%s\" is specified multiple times",
			               name);
		if (user_defined(net->endpoints.v[i].key) != user_defined(name))
			return err_set(e, ERR_INVALID,
			               "conflicting options: cannot attach both user-defined and "
			               "non-user-defined network-modes");
	}
	return 0;
}

int create_networks(struct arena *a, const struct call *call, struct api_create *out, struct err *e)
{
	const struct create_options *o = call->options;

	for (size_t i = 0; i < MAX(o->network.n, (size_t)1); i++) {
		__typeof__(*out->networking->endpoints.v) entry = { 0 };
		struct network_spec spec = { .name = "default" };

		if ((o->network.n && network_parse(a, o->network.v[i], &spec, e) < 0) ||
		    (i == 0 && first_network(a, o, &spec, e) < 0) ||
		    check_mix(out->networking, spec.name, e) < 0)
			return -1;
		entry.key = spec.name;
		entry.value = arena_memdup(a, &spec.endpoint, sizeof(spec.endpoint));
		arena_push(a, &out->networking->endpoints, entry);
	}
	out->host_config->network_mode = out->networking->endpoints.v[0].key;
	return 0;
}
