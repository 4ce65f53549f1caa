/* POST /networks/create, connect, disconnect, prune; DELETE /networks/{id}. */
#include "engine/routes/api.h"
#include "api/network.h"
#include "engine/events.h"
#include "engine/filters.h"
#include "engine/network/networking.h"

/* ---- create ---- */

static int refuse_what_is_not_there(const struct api_network_create *in, struct err *e)
{
	if (str_empty(in->name) || strspn(in->name, " \t") == strlen(in->name))
		return err_set(e, ERR_INVALID, "invalid name: %s", in->name ? in->name : "");
	if (in->config_only || (in->config_from && !str_empty(in->config_from->network)))
		return err_set(e, ERR_UNIMPLEMENTED,
		               "configuration-only networks are not there yet");
	if (in->ingress)
		return err_set(e, ERR_PERMISSION,
		               "Ingress network can only be global scope network");
	if (str_eq(in->scope, "swarm") || str_eq(in->driver, "overlay"))
		return err_set(e, ERR_PERMISSION,
		               "cannot create a swarm scoped network when swarm is not active");
	if (in->enable_ipv4.set && !in->enable_ipv4.value)
		return err_set(e, ERR_UNIMPLEMENTED, "networks without IPv4 are not there yet");
	return 0;
}

/* The two tables of address management have one shape; what differs is who owns them. */
static struct net_ipam *ipam_request(struct arena *a, const struct api_ipam *in)
{
	struct net_ipam *out = arena_new(a, struct net_ipam);

	if (!in)
		return out;
	out->driver = in->driver;
	out->options = in->options;
	for (size_t i = 0; i < in->config.n; i++) {
		const struct api_ipam_pool *p = &in->config.v[i];

		arena_push(a, &out->config,
		           ((struct net_ipam_pool){ .subnet = p->subnet,
		                                    .ip_range = p->ip_range,
		                                    .gateway = p->gateway,
		                                    .aux = p->aux_addresses }));
	}
	return out;
}

int api_network_create(struct api_call *c, struct err *e)
{
	_cleanup_network_ struct network *n = NULL;
	struct api_network_created out = { .warning = "" };
	struct api_network_create in;
	struct network_info want, info;

	if (api_body(c, &api_network_create_type, &in, false, e) < 0 ||
	    refuse_what_is_not_there(&in, e) < 0)
		return -1;
	want = (struct network_info){
		.name = in.name,
		.driver = str_eq(in.driver, "default") ? NULL : in.driver,
		.enable_ipv6 = in.enable_ipv6,
		.ipam = ipam_request(c->arena, in.ipam),
		.internal = in.internal,
		.attachable = in.attachable,
		.options = in.options,
		.labels = in.labels,
	};
	n = network_create(c->engine->net, &want, e);
	if (!n)
		return -1;
	network_info(n, c->arena, &info);
	networking_event(c->engine, "create", &info, NULL);
	out.id = info.id;
	return api_answer(c, 201, &api_network_created_type, &out);
}

/* ---- remove, prune ---- */

static int remove_network(struct engine *g, struct network *n, struct arena *a, struct err *e)
{
	struct network_info info;

	network_info(n, a, &info);
	if (network_delete(n, e) < 0)
		return -1;
	networking_event(g, "destroy", &info, NULL);
	return 0;
}

int api_network_remove(struct api_call *c, struct err *e)
{
	_cleanup_network_ struct network *n = network_find(c->engine->net, api_param(c, "id"), e);

	if (!n || remove_network(c->engine, n, c->arena, e) < 0)
		return -1;
	return api_answer_nothing(c, 204);
}

static bool is_labelled(const struct filters *f, const struct network_info *n)
{
	return filters_labels(f, "label", &n->labels) &&
	       (!filters_has(f, "label!") || !filters_labels(f, "label!", &n->labels));
}

int api_networks_prune(struct api_call *c, struct err *e)
{
	static const char *const allowed[] = { "label", "label!", "until", NULL };
	struct api_networks_pruned out = { 0 };
	struct network_infos all;
	struct filters f;
	int64_t until;

	if (filters_parse(c->arena, api_query(c, "filters"), allowed, &f, e) < 0 ||
	    filters_until(&f, &until, e) < 0)
		return -1;
	net_controller_networks(c->engine->net, c->arena, &all);
	for (size_t i = 0; i < all.n; i++) {
		_cleanup_network_ struct network *n = NULL;

		if (!networking_is_user_defined(all.v[i].name) || all.v[i].created >= until ||
		    !is_labelled(&f, &all.v[i]))
			continue;
		n = network_find(c->engine->net, all.v[i].id, NULL);
		/* One that is in use stays, and nobody needs to hear of it. */
		if (n && remove_network(c->engine, n, c->arena, NULL) == 0)
			arena_push(c->arena, &out.deleted, all.v[i].name);
	}
	events_publish(c->engine->events, "network", "prune", "", NULL);
	return api_answer(c, 200, &api_networks_pruned_type, &out);
}

/* ---- connect, disconnect ---- */

static struct container *container_of_body(struct api_call *c, const char *ref, struct err *e)
{
	if (!str_empty(ref))
		return containers_find(c->engine->containers, ref, e);
	err_set(e, ERR_INVALID, "invalid name or ID supplied: \"\"");
	return NULL;
}

/* The network's name, by which records know it. */
static const char *network_name(struct api_call *c, struct err *e)
{
	_cleanup_network_ struct network *n = network_find(c->engine->net, api_param(c, "id"), e);
	struct network_info info;

	if (!n)
		return NULL;
	network_info(n, c->arena, &info);
	return info.name;
}

int api_network_connect(struct api_call *c, struct err *e)
{
	_cleanup_container_ struct container *box = NULL;
	struct api_network_connect in;
	const char *network;

	if (api_body(c, &api_network_connect_type, &in, false, e) < 0 ||
	    !(network = network_name(c, e)) || !(box = container_of_body(c, in.container, e)) ||
	    networking_attach(box, network, in.endpoint, e) < 0)
		return -1;
	return api_answer_nothing(c, 200);
}

int api_network_disconnect(struct api_call *c, struct err *e)
{
	_cleanup_container_ struct container *box = NULL;
	struct api_network_disconnect in;
	const char *network;

	if (api_body(c, &api_network_disconnect_type, &in, false, e) < 0 ||
	    !(network = network_name(c, e)) || !(box = container_of_body(c, in.container, e)) ||
	    networking_detach(box, network, e) < 0)
		return -1;
	return api_answer_nothing(c, 200);
}
