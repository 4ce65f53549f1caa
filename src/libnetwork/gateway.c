/*
 * Which of a sandbox's endpoints has the default route, and with it the published ports: of those
 * on networks that lead out, the one whose network's name comes first (as Docker's).
 *
 * All with the sandbox's change held, which is what guards s->gateway. See objects.h.
 */
#include "libnetwork/objects.h"

/* ---- ports ---- */

int gateway_publish(struct endpoint *ep, struct err *e)
{
	_cleanup_unlock_ pthread_mutex_t *changing = lock_take(&ep->change);
	const struct net_driver *d = ep->network->driver;
	struct endpoint_info info = ep->info;
	struct net_ports bound = { 0 };

	if (!d->program_external_connectivity || ep->wanted.n == 0)
		return 0;
	if (d->program_external_connectivity(ep->state, &ep->wanted, &ep->arena, &bound, e) < 0)
		return err_wrap(e,
		                "driver failed programming external connectivity on endpoint "
		                "%s (%s)",
		                info.name ? info.name : "", info.id);
	info.ports.n = bound.n;
	info.ports.v = bound.v;
	if (endpoint_put_row(ep, &info, e) < 0) {
		if (d->revoke_external_connectivity(ep->state, NULL) < 0)
			err_wrap(e, "(and its ports stay)");
		return -1;
	}
	pthread_mutex_lock(&ep->lock);
	ep->info = info;
	pthread_mutex_unlock(&ep->lock);
	return 0;
}

/* With the endpoint's change held. */
int gateway_unpublish(struct endpoint *ep, struct err *e)
{
	const struct net_driver *d = ep->network->driver;

	pthread_mutex_lock(&ep->lock);
	ep->info.ports.n = 0;
	ep->info.ports.v = NULL;
	pthread_mutex_unlock(&ep->lock);
	return d->revoke_external_connectivity ? d->revoke_external_connectivity(ep->state, e) : 0;
}

static int step_down(struct endpoint *ep, struct err *e)
{
	_cleanup_unlock_ pthread_mutex_t *changing = lock_take(&ep->change);

	if (gateway_unpublish(ep, e) < 0)
		return -1;
	return endpoint_put_row(ep, &ep->info, e);
}

/* ---- the choice ---- */

static bool leads_out(const struct endpoint *ep)
{
	return ep->network->driver->needs_netns && !str_empty(ep->info.gateway);
}

static bool is_better(const struct endpoint *a, const struct endpoint *b)
{
	return strcmp(a->network->info.name, b->network->info.name) < 0;
}

bool gateway_wants(const struct sandbox *s, const struct endpoint *ep)
{
	return leads_out(ep) && (!s->gateway || is_better(ep, s->gateway));
}

/* Nobody else changes the list while the change is held. */
static struct endpoint *best(const struct sandbox *s)
{
	struct endpoint *found = NULL;

	for (size_t i = 0; i < s->n; i++) {
		struct endpoint *ep = s->endpoints[i];

		if (ep->sandbox && leads_out(ep) && (!found || is_better(ep, found)))
			found = ep;
	}
	return found;
}

static int route_through(struct sandbox *s, struct endpoint *ep, struct err *e)
{
	_cleanup_inside_ struct inside in = { -1, -1 };
	struct net_join j = { .interface = ep->info.interface };

	if (sandbox_enter(s, &in, e) < 0)
		return -1;
	j.netns = in.netns;
	j.nl = in.nl;
	return ep->network->driver->take_default_route(ep->state, &j, e);
}

static int promote(struct sandbox *s, struct endpoint *ep, bool has_route, struct err *e)
{
	if (!has_route && route_through(s, ep, e) < 0)
		return -1;
	if (gateway_publish(ep, e) < 0)
		return -1;
	s->gateway = ep;
	return 0;
}

int gateway_choose(struct sandbox *s, struct err *e)
{
	struct endpoint *next = best(s), *was = s->gateway;
	bool only = !was && s->n == 1; /* it got its route when it joined */
	struct err ignored = { 0 };

	if (!next || next == was)
		return 0;
	if (was && step_down(was, e) < 0)
		return -1;
	if (promote(s, next, only, e) == 0)
		return 0;
	s->gateway = NULL;
	if (was && promote(s, was, false, &ignored) < 0)
		net_warn(s->c, &ignored);
	return -1;
}
