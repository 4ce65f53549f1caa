/* A container's way onto its networks and off again. See networking.h. */
#include "engine/networking.h"

#include "base/log.h"

const char *networking_shared_with(const char *network_mode)
{
	return str_after(network_mode, "container:");
}

const char *networking_mode_name(const char *network_mode)
{
	return str_empty(network_mode) || str_eq(network_mode, "default") ? "bridge" : network_mode;
}

/* ---- the controller and its rows ---- */

static const char *const row_kinds[] = {
	[NET_ROW_NETWORK] = "network",
	[NET_ROW_ENDPOINT] = "endpoint",
	[NET_ROW_SANDBOX] = "sandbox",
};

static int row_put(void *ctx, enum net_row kind, const char *id, struct slice json, bool durable,
                   struct err *e)
{
	return store_row_put(ctx, row_kinds[kind], id, json, durable ? STORE_DURABLE : STORE_FAST,
	                     e);
}

static int row_remove(void *ctx, enum net_row kind, const char *id, struct err *e)
{
	return store_row_remove(ctx, row_kinds[kind], id, e);
}

static int row_each(void *ctx, enum net_row kind,
                    int (*fn)(void *arg, const char *id, struct slice json), void *arg,
                    struct err *e)
{
	return store_rows(ctx, row_kinds[kind], fn, arg, e);
}

static void on_warning(unused_arg void *ctx, const struct err *e)
{
	log_warn_of(e, "network");
}

int networking_start(struct engine *g, struct err *e)
{
	const struct options *o = &g->opt;
	struct net_options n = {
		.exec_root = o->exec_root,
		.proxy_path = o->userland_proxy_path,
		.store = { g->store, row_put, row_remove, row_each },
		.iptables = o->iptables,
		.ip_forward = o->ip_forward,
		.ip_masq = o->ip_masq,
		.icc = o->icc,
		.userland_proxy = o->userland_proxy,
		.bridge = o->bridge,
		.bip = o->bip,
		.fixed_cidr = o->fixed_cidr,
		.default_gateway = o->default_gateway,
		.default_host_ip = o->publish_ip,
		.mtu = (int)o->mtu,
		.default_pools = o->address_pools,
		.warn = on_warning,
	};

	g->net = net_controller_new(&n, e);
	return g->net ? 0 : err_wrap(e, "error initializing network controller");
}

/* ---- what is possible ---- */

static int conflict(struct err *e, const char *what)
{
	return err_set(e, ERR_INVALID, "conflicting options: %s", what);
}

static int validate_shared(const struct api_config *config, const struct api_host_config *host,
                           struct err *e)
{
	if (!str_empty(config->hostname))
		return conflict(e, "hostname and the network mode");
	if (host->dns.n)
		return conflict(e, "dns and the network mode");
	if (host->extra_hosts.n)
		return conflict(e, "custom host-to-IP mapping and the network mode");
	if (host->port_bindings.n || host->publish_all_ports)
		return conflict(e, "port publishing and the container type network mode");
	if (config->exposed_ports.n)
		return conflict(e, "port exposing and the container type network mode");
	return 0;
}

static int validate_addresses(const struct api_networking_config *networking, struct err *e)
{
	for (size_t i = 0; networking && i < networking->endpoints.n; i++) {
		const struct api_endpoint *ep = networking->endpoints.v[i].value;
		const char *name = networking_mode_name(networking->endpoints.v[i].key);

		if (!ep || !ep->ipam_config || str_empty(ep->ipam_config->ipv4_address))
			continue;
		if (str_eq(name, "bridge") || str_eq(name, "host") || str_eq(name, "none"))
			return err_set(e, ERR_INVALID,
			               "user specified IP address is supported on "
			               "user defined networks only");
	}
	return 0;
}

int networking_validate(struct arena *a, const struct api_config *config,
                        const struct api_host_config *host,
                        const struct api_networking_config *networking, struct err *e)
{
	struct networking_ports ports;

	if (networking_shared_with(host->network_mode) && validate_shared(config, host, e) < 0)
		return -1;
	if (host->links.n)
		return err_set(e, ERR_UNIMPLEMENTED, "links are not there yet");
	if (validate_addresses(networking, e) < 0)
		return -1;
	return networking_ports(a, config, host, &ports, e);
}

/* ---- connecting ---- */

/* What the client said about its endpoint on this network, or nothing. */
static const struct api_endpoint *settings_of(const struct container_record *r, const char *name)
{
	static const struct api_endpoint none;

	for (size_t i = 0; r->networking && i < r->networking->endpoints.n; i++)
		if (str_eq(networking_mode_name(r->networking->endpoints.v[i].key), name) &&
		    r->networking->endpoints.v[i].value)
			return r->networking->endpoints.v[i].value;
	return &none;
}

/* The mode's own network first, then the others that the client named. */
static struct strs network_names(struct arena *a, const struct container_record *r)
{
	const char *primary = networking_mode_name(r->host->network_mode);
	struct strs out = { 0 };

	arena_push(a, &out, primary);
	for (size_t i = 0; r->networking && i < r->networking->endpoints.n; i++) {
		const char *name = networking_mode_name(r->networking->endpoints.v[i].key);

		if (!str_eq(name, primary))
			arena_push(a, &out, name);
	}
	return out;
}

static int join_one(struct engine *g, const struct container_record *r, struct sandbox *s,
                    const char *name, const struct networking_ports *ports, struct err *e)
{
	_cleanup_network_ struct network *n = network_find(g->net, name, e);
	_cleanup_endpoint_ struct endpoint *ep = NULL;
	const struct api_endpoint *want = settings_of(r, name);
	struct endpoint_info info = {
		.name = r->name,
		.mac = str_empty(want->mac_address) ? r->config->mac_address : want->mac_address,
		.ipv4 = want->ipam_config ? want->ipam_config->ipv4_address : NULL,
		.aliases = want->aliases,
		.options = want->driver_opts,
	};
	struct err ignored = { 0 };

	if (!n)
		return -1;
	if (ports) {
		info.exposed.n = ports->exposed.n;
		info.exposed.v = ports->exposed.v;
		info.ports.n = ports->published.n;
		info.ports.v = ports->published.v;
	}
	ep = endpoint_create(n, &info, e);
	if (!ep)
		return -1;
	if (endpoint_join(ep, s, e) == 0)
		return 0;
	if (endpoint_delete(ep, &ignored) < 0) /* no sandbox has it, so nobody else would */
		log_warn_of(&ignored, "undo the network of container %.12s", r->id);
	return -1;
}

static int join_all(struct engine *g, struct arena *a, const struct container_record *r,
                    struct sandbox *s, struct err *e)
{
	struct strs names = network_names(a, r);
	bool host = str_eq(names.v[0], "host");
	struct networking_ports ports;

	if (networking_ports(a, r->config, r->host, &ports, e) < 0)
		return -1;
	for (size_t i = 0; i < names.n; i++)
		if (join_one(g, r, s, names.v[i], i == 0 && !host ? &ports : NULL, e) < 0)
			return -1;
	return 0;
}

/* ---- what inspect shows ---- */

static struct api_endpoint *endpoint_report(struct arena *a, const struct container_record *r,
                                            const struct endpoint_info *ep)
{
	struct api_endpoint *out = arena_memdup(a, settings_of(r, ep->network_name), sizeof(*out));

	out->network_id = ep->network_id;
	out->endpoint_id = ep->id;
	out->gateway = ep->gateway;
	out->ip_address = ep->ipv4;
	out->ip_prefix_len = (int64_t)ep->ipv4_prefix;
	out->mac_address = ep->mac;
	return out;
}

static void report(struct arena *a, const struct container_record *r, struct sandbox *s,
                   struct container_net_record *out)
{
	struct endpoint_infos eps;
	struct sandbox_info info;

	sandbox_info(s, a, &info);
	sandbox_endpoints(s, a, &eps);
	*out = (struct container_net_record){ .sandbox_id = info.id, .sandbox_key = info.key };
	for (size_t i = 0; i < eps.n; i++) {
		__typeof__(out->networks.v[0]) entry = { .key = eps.v[i].network_name,
			                                 .value =
			                                         endpoint_report(a, r, &eps.v[i]) };

		arena_push(a, &out->networks, entry);
		networking_ports_report(a, &eps.v[i], out);
	}
}

/* Mode "container:X": the other's namespace, and its files are what it finds in /etc. */
static int share(struct engine *g, const char *with, struct container_net **out, struct err *e)
{
	_cleanup_arena_ struct arena a = { 0 };
	_cleanup_container_ struct container *other = containers_find(g->containers, with, e);
	_cleanup_sandbox_ struct sandbox *s = NULL;
	struct container_net_record record = { 0 };
	struct sandbox_info info;
	struct container_state state;

	if (!other)
		return -1;
	container_get_state(other, &state);
	if (!container_is_running(&state))
		return err_set(e, ERR_PRECONDITION,
		               "cannot join network of a non running container: %s", other->id);
	s = sandbox_find(g->net, other->id, e);
	if (!s)
		return -1;
	sandbox_info(s, &a, &info);
	record.sandbox_key = info.key;
	*out = container_net_new(&record);
	return 0;
}

static int connect_sandbox(struct engine *g, struct arena *a, const struct container_record *r,
                           struct sandbox *s, struct container_net **out, struct err *e)
{
	struct container_net_record record;

	if (join_all(g, a, r, s, e) < 0)
		return -1;
	report(a, r, s, &record);
	if (networking_files(g, r, &record, e) < 0)
		return -1;
	*out = container_net_new(&record);
	return 0;
}

int networking_connect(struct engine *g, const struct container_record *r,
                       struct container_net **out, struct err *e)
{
	_cleanup_arena_ struct arena a = { 0 };
	_cleanup_sandbox_ struct sandbox *s = NULL;
	const char *with = networking_shared_with(r->host->network_mode);
	struct sandbox_info want = {
		.container_id = r->id,
		.host_mode = str_eq(networking_mode_name(r->host->network_mode), "host"),
	};
	struct err ignored = { 0 };

	if (with)
		return share(g, with, out, e);
	s = sandbox_create(g->net, &want, e);
	if (!s)
		return -1;
	if (connect_sandbox(g, &a, r, s, out, e) == 0)
		return 0;
	if (sandbox_delete(s, &ignored) < 0)
		log_warn_of(&ignored, "undo the network of container %.12s", r->id);
	return -1;
}

int networking_adopt(struct engine *g, const struct container_record *r, struct container_net **out,
                     struct err *e)
{
	_cleanup_arena_ struct arena a = { 0 };
	_cleanup_sandbox_ struct sandbox *s = NULL;
	const char *with = networking_shared_with(r->host->network_mode);
	struct container_net_record record;

	if (with)
		return share(g, with, out, e);
	s = sandbox_find(g->net, r->id, e);
	if (!s)
		return -1;
	report(&a, r, s, &record);
	*out = container_net_new(&record);
	return 0;
}

int networking_disconnect(struct engine *g, const char *container_id, struct err *e)
{
	_cleanup_sandbox_ struct sandbox *s = NULL;
	struct err missing = { 0 };

	s = sandbox_find(g->net, container_id, &missing);
	if (s)
		return sandbox_delete(s, e);
	if (missing.kind == ERR_NOT_FOUND)
		return 0;
	*e = missing;
	return -1;
}

void networking_sweep(struct engine *g)
{
	_cleanup_arena_ struct arena a = { 0 };
	struct sandbox_infos all;

	net_controller_sandboxes(g->net, &a, &all);
	for (size_t i = 0; i < all.n; i++) {
		_cleanup_container_ struct container *c =
		        containers_find(g->containers, all.v[i].container_id, NULL);
		struct container_state state = { 0 };
		struct err e = { 0 };

		if (c)
			container_get_state(c, &state);
		if (c && container_is_running(&state))
			continue;
		if (networking_disconnect(g, all.v[i].container_id, &e) < 0)
			log_warn_of(&e, "drop the network of container %.12s",
			            all.v[i].container_id);
	}
}
