/*
 * The networks that a container is to be on: its record's NetworkingConfig, with one entry each, by
 * the network's name. What a client leaves open is filled in when the container is created.
 */
#include "engine/network/networking.h"

#include "netlink/inet.h"

#define NOT_ON_PREDEFINED                                                        \
	"network-scoped alias is supported only for containers in user defined " \
	"networks"

static bool is_predefined(const char *name)
{
	return str_eq(name, "bridge") || str_eq(name, "host") || str_eq(name, "none");
}

bool networking_is_user_defined(const char *name)
{
	return !is_predefined(name);
}

/* "net1" for an id or a prefix of it; a network that is not there keeps the word. */
static const char *name_of(struct engine *g, struct arena *a, const char *word)
{
	const char *name = networking_mode_name(word);
	_cleanup_network_ struct network *n = network_find(g->net, name, NULL);
	struct network_info info;

	if (!n)
		return name;
	network_info(n, a, &info);
	return info.name;
}

/* ---- one entry ---- */

struct strs networking_aliases(struct arena *a, const char *container_id,
                               const struct api_endpoint *ep)
{
	char *short_id = arena_strndup(a, container_id, 12);
	struct strs out = { 0 };
	bool there = false;

	for (size_t i = 0; i < ep->aliases.n; i++) {
		there |= str_eq(ep->aliases.v[i], short_id);
		arena_push(a, &out, ep->aliases.v[i]);
	}
	if (!there)
		arena_push(a, &out, short_id);
	return out;
}

/* A copy without what only an attached endpoint has, which clients send back to us. */
static struct api_endpoint *clean(struct arena *a, const struct api_endpoint *given)
{
	struct api_endpoint *out = arena_new(a, struct api_endpoint);

	if (!given)
		return out;
	out->ipam_config = given->ipam_config;
	out->links = given->links;
	out->mac_address = given->mac_address;
	out->driver_opts = given->driver_opts;
	for (size_t i = 0; i < given->aliases.n; i++)
		arena_push(a, &out->aliases, given->aliases.v[i]);
	return out;
}

int networking_check_endpoint(const char *name, const struct api_endpoint *ep, struct err *e)
{
	const char *ip = ep && ep->ipam_config ? ep->ipam_config->ipv4_address : NULL;
	struct inet parsed;

	if (!ep)
		return 0;
	if (is_predefined(name) && ep->aliases.n)
		return err_set(e, ERR_INVALID, NOT_ON_PREDEFINED);
	if (ep->ipam_config && !str_empty(ep->ipam_config->ipv6_address))
		return err_set(e, ERR_UNIMPLEMENTED, "IPv6 addresses are not there yet");
	if (str_empty(ip))
		return 0;
	if (!inet_parse(ip, &parsed) || parsed.family != AF_INET || strchr(ip, '/'))
		return err_set(e, ERR_INVALID, "invalid IPv4 address: %s", ip);
	if (is_predefined(name))
		return err_set(e, ERR_INVALID,
		               "user specified IP address is supported on user defined networks "
		               "only");
	return 0;
}

/* ---- the record ---- */

static void add_entry(struct arena *a, struct api_networking_config *to, const char *name,
                      const struct api_endpoint *given)
{
	__typeof__(to->endpoints.v[0]) entry = { name, clean(a, given) };

	arena_push(a, &to->endpoints, entry);
}

/* It has its short id from the start, as one that was connected to a network before it ran. */
void networking_put(struct arena *a, const char *container_id, struct api_networking_config *to,
                    const char *name, const struct api_endpoint *given)
{
	struct api_endpoint with = given ? *given : (struct api_endpoint){ 0 };

	if (networking_is_user_defined(name))
		with.aliases = networking_aliases(a, container_id, &with);
	add_entry(a, to, name, &with);
}

struct api_networking_config *networking_fill(struct engine *g, struct arena *a, const char *mode,
                                              const struct api_networking_config *given)
{
	struct api_networking_config *out = arena_new(a, struct api_networking_config);
	const char *primary = name_of(g, a, mode);
	bool named = given && given->endpoints.n;

	if (networking_shared_with(mode))
		return out;
	if (!named)
		add_entry(a, out, primary, NULL);
	for (size_t i = 0; named && i < given->endpoints.n; i++)
		add_entry(a, out, name_of(g, a, given->endpoints.v[i].key),
		          given->endpoints.v[i].value);
	return out;
}

const struct api_endpoint *networking_settings(const struct container_record *r, const char *name)
{
	static const struct api_endpoint none;

	for (size_t i = 0; r->networking && i < r->networking->endpoints.n; i++)
		if (str_eq(r->networking->endpoints.v[i].key, name) &&
		    r->networking->endpoints.v[i].value)
			return r->networking->endpoints.v[i].value;
	return &none;
}

bool networking_has(const struct container_record *r, const char *name)
{
	for (size_t i = 0; r->networking && i < r->networking->endpoints.n; i++)
		if (str_eq(r->networking->endpoints.v[i].key, name))
			return true;
	return false;
}

struct strs networking_names(struct arena *a, const struct container_record *r)
{
	const char *primary = networking_mode_name(r->host->network_mode);
	struct strs out = { 0 };

	if (networking_has(r, primary))
		arena_push(a, &out, primary);
	for (size_t i = 0; r->networking && i < r->networking->endpoints.n; i++)
		if (!str_eq(r->networking->endpoints.v[i].key, primary))
			arena_push(a, &out, r->networking->endpoints.v[i].key);
	return out;
}

bool networking_on_user_network(const struct container_record *r)
{
	for (size_t i = 0; r->networking && i < r->networking->endpoints.n; i++)
		if (networking_is_user_defined(r->networking->endpoints.v[i].key))
			return true;
	return false;
}
