/* A container's way onto its networks and off again. See networking.h. */
#include "engine/network/networking.h"

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
	/* A network that somebody has removed must not come back. */
	return store_row_remove(ctx, row_kinds[kind], id,
	                        kind == NET_ROW_NETWORK ? STORE_DURABLE : STORE_FAST, e);
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

int networking_validate(struct arena *a, const struct api_config *config,
                        const struct api_host_config *host,
                        const struct api_networking_config *networking, struct err *e)
{
	struct networking_ports ports;

	if (networking_shared_with(host->network_mode) && validate_shared(config, host, e) < 0)
		return -1;
	for (size_t i = 0; networking && i < networking->endpoints.n; i++)
		if (networking_check_endpoint(networking_mode_name(networking->endpoints.v[i].key),
		                              networking->endpoints.v[i].value, e) < 0)
			return -1;
	return networking_ports(a, config, host, &ports, e);
}

/* ---- connecting ---- */

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

	if (networking_join_all(g, a, r, s, e) < 0)
		return -1;
	networking_report(a, r, s, &record);
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
	networking_servers(g, &a, r, &want);
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
	networking_reconcile(g, r, s);
	networking_report(&a, r, s, &record);
	*out = container_net_new(&record);
	return 0;
}

static int drop_sandbox(struct engine *g, struct sandbox *s, const char *container_id,
                        struct err *e)
{
	_cleanup_arena_ struct arena a = { 0 };
	struct endpoint_infos eps;
	int result;

	sandbox_endpoints(s, &a, &eps);
	result = sandbox_delete(s, e);
	for (size_t i = 0; i < eps.n; i++) {
		_cleanup_network_ struct network *n =
		        network_find(g->net, eps.v[i].network_id, NULL);
		struct network_info net;

		if (!n)
			continue;
		network_info(n, &a, &net);
		networking_event(g, "disconnect", &net, container_id);
	}
	return result;
}

int networking_disconnect(struct engine *g, const char *container_id, struct err *e)
{
	_cleanup_sandbox_ struct sandbox *s = NULL;
	struct err missing = { 0 };

	s = sandbox_find(g->net, container_id, &missing);
	if (s)
		return drop_sandbox(g, s, container_id, e);
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
