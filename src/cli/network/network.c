/* docker network create, connect, disconnect, rm. */
#include <stdio.h>

#include "api/network.h"
#include "cli/commands.h"
#include "cli/each.h"
#include "cli/flag_checks.h"
#include "cli/network/ipam.h"
#include "cli/spec/csv.h"
#include "cli/spec/env.h"

/* --- create --- */

struct network_create_options {
	bool attachable, config_only, ingress, internal, ipv4, ipv6;
	const char *config_from, *driver, *ipam_driver, *scope;
	struct strs aux_address, gateway, ip_range, ipam_opt, label, opt, subnet;
};

#define ROW(...) FLAG(network_create_options, __VA_ARGS__)
static const struct flag create_rows[] = {
	ROW(BOOL, attachable, "attachable", 0, "Containers may join a network of a swarm by hand",
	    .since = 25),
	ROW(LIST, aux_address, "aux-address", 0,
	    "Addresses that something else on the network has (name=ip)", .type = "map",
	    .shown = "map[]"),
	ROW(STR, config_from, "config-from", 0, "Network whose configuration is taken",
	    .since = 30),
	ROW(BOOL, config_only, "config-only", 0, "Keep a configuration, make no network",
	    .since = 30),
	ROW(STR, driver, "driver", 'd', "What the network is made by", .def = "bridge"),
	ROW(STRINGS, gateway, "gateway", 0, "Gateway of a subnet"),
	ROW(BOOL, ingress, "ingress", 0, "Make the routing mesh of a swarm", .since = 29),
	ROW(BOOL, internal, "internal", 0, "No way out of the network"),
	ROW(STRINGS, ip_range, "ip-range", 0, "Part of a subnet that containers get addresses of"),
	ROW(STR, ipam_driver, "ipam-driver", 0, "What gives addresses away", .def = "default"),
	ROW(LIST, ipam_opt, "ipam-opt", 0, "Options of what gives addresses away", .type = "map",
	    .shown = "map[]"),
	ROW(BOOL, ipv4, "ipv4", 0, "IPv4 addresses", .def = "true"),
	ROW(BOOL, ipv6, "ipv6", 0, "IPv6 addresses"),
	ROW(LIST, label, "label", 0, "Label of the network", .check = check_label),
	ROW(LIST, opt, "opt", 'o', "Options of the driver", .type = "map", .shown = "map[]"),
	ROW(STR, scope, "scope", 0, "How far the network reaches", .since = 30),
	ROW(STRINGS, subnet, "subnet", 0, "Addresses of the network, as CIDR"),
};
#undef ROW
const struct flags network_create_flags = FLAGS(network_create_options, create_rows);

static int make_ipam(struct arena *a, const struct network_create_options *o, struct api_ipam *out,
                     struct err *e)
{
	struct ipam_words words = { o->subnet, o->ip_range, o->gateway, { 0 } };
	struct ipam_pools pools = { 0 };

	out->driver = o->ipam_driver;
	pairs_to_map(a, &o->ipam_opt, &out->options);
	pairs_to_map(a, &o->aux_address, &words.aux);
	if (ipam_pools_make(a, &words, &pools, e) < 0)
		return -1;
	out->config.n = pools.n;
	out->config.v = pools.v;
	return 0;
}

int network_create(struct cli *cli, struct call *call, struct err *e)
{
	const struct network_create_options *o = call->options;
	struct api_ipam ipam = { 0 };
	struct api_config_from from = { o->config_from };
	struct api_network_create body = { .name = call->args.v[0],
		                           .driver = o->driver,
		                           .scope = o->scope,
		                           .enable_ipv6 = o->ipv6,
		                           .ipam = &ipam,
		                           .internal = o->internal,
		                           .attachable = o->attachable,
		                           .ingress = o->ingress,
		                           .config_only = o->config_only };
	struct api_network_created made;
	struct slice answer;

	if (GIVEN(call, network_create_options, ipv4))
		body.enable_ipv4 = (struct json_opt_bool){ true, o->ipv4 };
	if (!str_empty(o->config_from))
		body.config_from = &from;
	body.check_duplicate = true;
	pairs_to_map(&cli->arena, &o->opt, &body.options);
	pairs_to_map(&cli->arena, &o->label, &body.labels);
	if (make_ipam(&cli->arena, o, &ipam, e) < 0 ||
	    api_post_json(cli, "/networks/create", &api_network_create_type, &body, &answer, e) <
	            0 ||
	    json_decode(&cli->arena, &api_network_created_type, answer, &made, e) < 0)
		return -1;
	puts(made.id ? made.id : "");
	return 0;
}

/* --- connect, disconnect --- */

struct network_connect_options {
	struct strs alias, driver_opt, link, link_local_ip;
	const char *ip, *ip6;
	int64_t gw_priority;
};

#define ROW(...) FLAG(network_connect_options, __VA_ARGS__)
static const struct flag connect_rows[] = {
	ROW(STRINGS, alias, "alias", 0, "Another name of the container on this network"),
	ROW(STRINGS, driver_opt, "driver-opt", 0, "Options of the driver"),
	ROW(INT, gw_priority, "gw-priority", 0,
	    "The network with the highest number has the default gateway", .since = 48),
	ROW(STR, ip, "ip", 0, "IPv4 address (\"172.30.100.104\")"),
	ROW(STR, ip6, "ip6", 0, "IPv6 address (\"2001:db8::33\")"),
	ROW(LIST, link, "link", 0, "Name another container (container:alias)", .check = check_link),
	ROW(STRINGS, link_local_ip, "link-local-ip", 0, "Link-local addresses"),
};
#undef ROW
const struct flags network_connect_flags = FLAGS(network_connect_options, connect_rows);

static int driver_options(struct arena *a, const struct strs *words, struct json_map *out,
                          struct err *e)
{
	for (size_t i = 0; i < words->n; i++) {
		const char *key, *value;

		csv_pair(a, words->v[i], &key, &value);
		if (!value)
			return err_set(e, ERR_INVALID,
			               "invalid key/value pair format in driver options");
		json_map_set(a, out, key, value);
	}
	return 0;
}

/* POST /networks/NAME/VERB. */
static int post(struct cli *cli, const char *name, const char *verb, const struct json_table *type,
                const void *body, struct err *e)
{
	_cleanup_path_ struct api_path path = { 0 };
	struct slice answer;

	api_path_start(&path, "/networks/", name, verb);
	return api_post_json(cli, buf_cstr(&path.b), type, body, &answer, e) < 0 ? -1 : 0;
}

int network_connect(struct cli *cli, struct call *call, struct err *e)
{
	const struct network_connect_options *o = call->options;
	struct api_endpoint_ipam ipam = { o->ip, o->ip6, o->link_local_ip };
	struct api_endpoint endpoint = { .ipam_config = &ipam,
		                         .links = o->link,
		                         .aliases = o->alias,
		                         .gw_priority = o->gw_priority };
	struct api_network_connect body = { call->args.v[1], &endpoint };

	if (driver_options(&cli->arena, &o->driver_opt, &endpoint.driver_opts, e) < 0)
		return -1;
	return post(cli, call->args.v[0], "/connect", &api_network_connect_type, &body, e);
}

struct network_disconnect_options {
	bool force;
};
static const struct flag disconnect_rows[] = {
	FLAG(network_disconnect_options, BOOL, force, "force", 'f',
	     "Disconnect it though the driver says no"),
};
const struct flags network_disconnect_flags = FLAGS(network_disconnect_options, disconnect_rows);

int network_disconnect(struct cli *cli, struct call *call, struct err *e)
{
	const struct network_disconnect_options *o = call->options;
	struct api_network_disconnect body = { call->args.v[1], o->force };

	return post(cli, call->args.v[0], "/disconnect", &api_network_disconnect_type, &body, e);
}

/* --- rm --- */

struct network_rm_options {
	bool force;
};
static const struct flag rm_rows[] = {
	FLAG(network_rm_options, BOOL, force, "force", 'f',
	     "A network that is not there is no error"),
};
const struct flags network_rm_flags = FLAGS(network_rm_options, rm_rows);

static int rm_one(struct cli *cli, struct call *call, const char *name, struct err *e)
{
	_cleanup_path_ struct api_path path = { 0 };
	const struct network_rm_options *o = call->options;
	struct api_request rq = { .method = "DELETE" };
	struct slice answer;

	api_path_start(&path, "/networks/", name, "");
	rq.path = buf_cstr(&path.b);
	if (api_call(cli, &rq, &answer, e) >= 0) {
		puts(name);
		return 0;
	}
	if (!o->force || e->kind != ERR_NOT_FOUND)
		return -1;
	err_clear(e);
	return 0;
}

/* The original names its exit code behind the errors. */
int network_rm(struct cli *cli, struct call *call, struct err *e)
{
	if (each_argument(cli, call, rm_one) == 0)
		return 0;
	return err_set(e, ERR_UNKNOWN, "exit status 1");
}
