/*
 * `docker network connect` and `disconnect`. The record says which networks a container is on, its
 * sandbox has an endpoint on each.
 *
 * Connecting joins first and writes the record then; disconnecting writes first. What an engine that
 * is killed in between leaves is an endpoint that no record has: the next start takes it off.
 */
#include "engine/network/networking.h"

#include "base/log.h"

/* ---- what Docker refuses ---- */

static int refuse_host(struct err *e)
{
	return err_set(e, ERR_INVALID,
	               "container cannot be disconnected from host network or connected to host "
	               "network");
}

static int check_mode(const struct container_record *r, const char *network, struct err *e)
{
	if (networking_shared_with(r->host->network_mode) || networking_has(r, "host"))
		return err_set(e, ERR_INVALID,
		               "container sharing network namespace with another container or host "
		               "cannot be connected to any other network");
	if (str_eq(network, "host"))
		return refuse_host(e);
	if (networking_has(r, "none") || (str_eq(network, "none") && r->networking->endpoints.n))
		return err_set(e, ERR_INVALID,
		               "container cannot be connected to multiple networks with one of "
		               "the networks in private (none) mode");
	return 0;
}

static int check_attach(const struct container_view *v, const char *network,
                        const struct api_endpoint *ep, struct err *e)
{
	const struct container_record *r = &v->desc->r;

	if (v->state.removing)
		return err_set(e, ERR_PRECONDITION,
		               "container %s is marked for removal and cannot be connected or "
		               "disconnected to the network",
		               r->id);
	if (check_mode(r, network, e) < 0 || networking_check_endpoint(network, ep, e) < 0)
		return -1;
	if (networking_has(r, network))
		return err_set(e, ERR_PERMISSION,
		               "endpoint with name %s already exists in network %s", r->name,
		               network);
	return 0;
}

/* ---- the record ---- */

static struct api_networking_config *without(struct arena *a, const struct container_record *r,
                                             const char *network)
{
	struct api_networking_config *out = arena_new(a, struct api_networking_config);

	for (size_t i = 0; r->networking && i < r->networking->endpoints.n; i++)
		if (!str_eq(r->networking->endpoints.v[i].key, network))
			arena_push(a, &out->endpoints, r->networking->endpoints.v[i]);
	return out;
}

/* ---- the sandbox of a container that runs ---- */

/* Its record for inspect and its files follow. */
static int show(struct container *c, const struct container_view *was,
                const struct container_record *r, struct sandbox *s, struct err *e)
{
	static const struct container_net_record nothing;
	_cleanup_arena_ struct arena a = { 0 };
	struct container_net_record record;

	networking_report(&a, r, s, &record);
	container_set_net(c, container_net_new(&record));
	return networking_files_change(c->engine, &was->desc->r, was->net ? &was->net->r : &nothing,
	                               r, &record, e);
}

static int leave(struct engine *g, const struct container_record *r, struct sandbox *s,
                 const char *network, struct err *e)
{
	_cleanup_arena_ struct arena a = { 0 };
	_cleanup_network_ struct network *n = network_find(g->net, network, NULL);
	struct network_info net = { .name = network };
	struct endpoint_infos eps;
	int result = 0;

	sandbox_endpoints(s, &a, &eps);
	for (size_t i = 0; i < eps.n; i++) {
		_cleanup_endpoint_ struct endpoint *ep = NULL;

		if (!str_eq(eps.v[i].network_name, network) ||
		    !(ep = endpoint_find(g->net, eps.v[i].id, NULL)))
			continue;
		if (endpoint_leave(ep, e) < 0 || endpoint_delete(ep, result < 0 ? NULL : e) < 0)
			result = -1;
	}
	if (n)
		network_info(n, &a, &net);
	networking_event(g, "disconnect", &net, r->id);
	return result;
}

static bool is_joined(const struct endpoint_infos *eps, const char *network)
{
	for (size_t i = 0; i < eps->n; i++)
		if (str_eq(eps->v[i].network_name, network))
			return true;
	return false;
}

void networking_reconcile(struct engine *g, const struct container_record *r, struct sandbox *s)
{
	_cleanup_arena_ struct arena a = { 0 };
	struct strs names = networking_names(&a, r);
	struct endpoint_infos eps;
	struct err e = { 0 };

	sandbox_endpoints(s, &a, &eps);
	for (size_t i = 0; i < eps.n; i++)
		if (!networking_has(r, eps.v[i].network_name) &&
		    leave(g, r, s, eps.v[i].network_name, &e) < 0)
			log_warn_of(&e, "take container %.12s off network %s", r->id,
			            eps.v[i].network_name);
	for (size_t i = 0; i < names.n; i++)
		if (!is_joined(&eps, names.v[i]) && networking_join(g, r, s, names.v[i], &e) < 0)
			log_warn_of(&e, "put container %.12s back on network %s", r->id,
			            names.v[i]);
}

/* ---- the two changes; we are the container's changer ---- */

static int attach_running(struct container *c, const struct container_view *was,
                          const struct container_record *r, const char *network, struct err *e)
{
	_cleanup_sandbox_ struct sandbox *s = sandbox_find(c->engine->net, c->id, e);
	struct err ignored = { 0 };

	if (!s || networking_join(c->engine, r, s, network, e) < 0)
		return -1;
	if (show(c, was, r, s, e) == 0 && container_set_desc(c, container_desc_new(r), e) == 0)
		return 0;
	if (leave(c->engine, r, s, network, &ignored) < 0)
		log_warn_of(&ignored, "take container %.12s off network %s", c->id, network);
	return -1;
}

int networking_attach(struct container *c, const char *network, const struct api_endpoint *ep,
                      struct err *e)
{
	_cleanup_changer_ struct container *changing = c;
	_cleanup_arena_ struct arena a = { 0 };
	_cleanup_view_ struct container_view v = { 0 };
	struct container_record r;

	container_begin(c);
	container_view(c, &v);
	if (check_attach(&v, network, ep, e) < 0)
		return -1;
	r = v.desc->r;
	r.networking = without(&a, &v.desc->r, network);
	networking_put(&a, c->id, r.networking, network, ep);
	if (container_is_running(&v.state))
		return attach_running(c, &v, &r, network, e);
	return container_set_desc(c, container_desc_new(&r), e);
}

int networking_detach(struct container *c, const char *network, struct err *e)
{
	_cleanup_changer_ struct container *changing = c;
	_cleanup_arena_ struct arena a = { 0 };
	_cleanup_view_ struct container_view v = { 0 };
	_cleanup_sandbox_ struct sandbox *s = NULL;
	struct container_record r;

	container_begin(c);
	container_view(c, &v);
	r = v.desc->r;
	if (str_eq(network, "host") && networking_has(&r, "host"))
		return refuse_host(e);
	if (!networking_has(&r, network))
		return err_set(e, ERR_NOT_FOUND, "container %s is not connected to network %s",
		               c->id, network);
	r.networking = without(&a, &v.desc->r, network);
	if (container_set_desc(c, container_desc_new(&r), e) < 0)
		return -1;
	if (!container_is_running(&v.state) || !(s = sandbox_find(c->engine->net, c->id, NULL)))
		return 0;
	if (leave(c->engine, &r, s, network, e) < 0)
		return -1;
	return show(c, &v, &r, s, e);
}
