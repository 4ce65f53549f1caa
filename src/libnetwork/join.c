/* Endpoints join sandboxes and leave them. See libnetwork.h, objects.h. */
#include "libnetwork/objects.h"

#include "base/fd.h"
#include "libnetwork/netns.h"

#define OPT_PREFIX "com.docker.network.container_iface_prefix"

/* ---- the namespace ---- */

int sandbox_enter(struct sandbox *s, struct inside *out, struct err *e)
{
	*out = (struct inside){ -1, -1 };
	out->netns = netns_open(s->info.key, e);
	if (out->netns < 0)
		return -1;
	out->nl = s->nl >= 0 ? take_fd(&s->nl) : netns_netlink(out->netns, e);
	return out->nl < 0 ? -1 : 0;
}

/* A socket that stayed open would keep the namespace alive. */
void sandbox_exit(struct inside *in)
{
	fd_close(&in->nl);
	fd_close(&in->netns);
}

/* ---- joining ---- */

/* The driver's join: it gets the namespace and a socket in it. */
static int join_netns(struct endpoint *ep, struct sandbox *s, const char *interface, bool route,
                      struct err *e)
{
	const struct net_driver *d = ep->network->driver;
	_cleanup_inside_ struct inside in = { -1, -1 };
	struct net_join j = { .interface = interface, .default_route = route };

	if (!d->needs_netns)
		return d->join(ep->state, &j, e);
	if (s->info.host_mode)
		return err_set(e, ERR_INVALID,
		               "a container in the host's network cannot be connected to %s",
		               ep->network->info.name);
	if (sandbox_enter(s, &in, e) < 0)
		return -1;
	j.netns = in.netns;
	j.nl = in.nl;
	return d->join(ep->state, &j, e);
}

/* Takes the interface out, unless its namespace ends anyway, or has. */
static int leave_netns(struct endpoint *ep, struct sandbox *s, const char *interface,
                       bool netns_ends, struct err *e)
{
	const struct net_driver *d = ep->network->driver;
	_cleanup_inside_ struct inside in = { -1, -1 };
	struct net_join j = { .interface = interface };

	if (netns_ends || !d->needs_netns || sandbox_enter(s, &in, NULL) < 0)
		return d->leave(ep->state, NULL, e);
	j.netns = in.netns;
	j.nl = in.nl;
	return d->leave(ep->state, &j, e);
}

/* The name inside: the one of a row, else the next number, which is not used twice. */
static void name_interface(struct endpoint *ep, struct sandbox *s, struct endpoint_info *info)
{
	const char *prefix = json_map_get(&ep->network->info.options, OPT_PREFIX) ?: "eth";
	uint64_t number;

	if (!ep->network->driver->needs_netns)
		return;
	if (str_empty(info->interface))
		info->interface = arena_printf(&ep->arena, "%s%u", prefix, s->next);
	if (str_u64(str_after(info->interface, prefix) ?: "", &number) && number >= s->next)
		s->next = (unsigned)number + 1;
}

static void set_joined(struct endpoint *ep, struct sandbox *s, const struct endpoint_info *info)
{
	pthread_mutex_lock(&ep->lock);
	ep->info = *info;
	ep->sandbox = sandbox_ref(s);
	pthread_mutex_unlock(&ep->lock);
	sandbox_attach(s, ep);
}

static void set_left(struct endpoint *ep)
{
	struct sandbox *s;

	pthread_mutex_lock(&ep->lock);
	s = ep->sandbox;
	ep->sandbox = NULL;
	ep->info.sandbox_id = NULL;
	ep->info.ports.n = 0;
	pthread_mutex_unlock(&ep->lock);
	sandbox_unref(s);
}

static int check(struct endpoint *ep, struct sandbox *s, struct err *e)
{
	if (ep->gone || s->gone)
		return err_set(e, ERR_NOT_FOUND, "%s is being deleted",
		               ep->gone ? "the endpoint" : "the sandbox");
	if (ep->sandbox)
		return err_set(e, ERR_PRECONDITION, "endpoint %s of network %s is joined already",
		               ep->info.name, ep->info.network_name);
	return 0;
}

/* The interface, and the row that says so. The first gateway has its default route from the start. */
static int plug_in(struct endpoint *ep, struct sandbox *s, bool restored, struct err *e)
{
	_cleanup_unlock_ pthread_mutex_t *changing = lock_take(&ep->change);
	struct endpoint_info info = ep->info;

	if (check(ep, s, e) < 0)
		return -1;
	if (!restored)
		info.interface = NULL;
	name_interface(ep, s, &info);
	info.sandbox_id = s->info.id;
	if (join_netns(ep, s, info.interface, !s->gateway && gateway_wants(s, ep), e) < 0)
		return -1;
	if (!restored && endpoint_put_row(ep, &info, e) < 0) {
		if (leave_netns(ep, s, info.interface, false, NULL) < 0)
			err_wrap(e, "(and its interface stays)");
		return -1;
	}
	set_joined(ep, s, &info);
	return 0;
}

int endpoint_join_held(struct endpoint *ep, struct sandbox *s, bool restored, struct err *e)
{
	if (plug_in(ep, s, restored, e) < 0)
		return -1;
	if (restored) /* the gateway is chosen when all are there */
		return 0;
	if (gateway_choose(s, e) == 0 && resolver_joined(s, ep, e) == 0)
		return 0;
	if (endpoint_leave_held(ep, false, NULL) < 0)
		err_wrap(e, "(and its interface stays)");
	sandbox_detach(s, ep);
	return -1;
}

int endpoint_join(struct endpoint *ep, struct sandbox *s, struct err *e)
{
	_cleanup_unlock_ pthread_mutex_t *changing = lock_take(&s->change);

	return endpoint_join_held(ep, s, false, e);
}

/* ---- leaving ---- */

static int unplug(struct endpoint *ep, bool netns_ends, struct err *e)
{
	_cleanup_unlock_ pthread_mutex_t *changing = lock_take(&ep->change);
	int result;

	if (!ep->sandbox)
		return 0;
	result = gateway_unpublish(ep, e);
	if (leave_netns(ep, ep->sandbox, ep->info.interface, netns_ends, result < 0 ? NULL : e) < 0)
		result = -1;
	set_left(ep);
	return result;
}

int endpoint_leave_held(struct endpoint *ep, bool netns_ends, struct err *e)
{
	struct sandbox *s =
	        ep->sandbox; /* stays while its change is held and it has the endpoint */
	int result = unplug(ep, netns_ends, e);

	if (!s)
		return result;
	if (s->gateway == ep)
		s->gateway = NULL;
	if (resolver_left(s, ep, result < 0 ? NULL : e) < 0)
		result = -1;
	if (netns_ends)
		return result;
	if (gateway_choose(s, result < 0 ? NULL : e) < 0 ||
	    resolver_update(s, result < 0 ? NULL : e) < 0)
		result = -1;
	return result;
}

static struct sandbox *sandbox_of(struct endpoint *ep)
{
	_cleanup_unlock_ pthread_mutex_t *held = lock_take(&ep->lock);

	return ep->sandbox ? sandbox_ref(ep->sandbox) : NULL;
}

int endpoint_leave(struct endpoint *ep, struct err *e)
{
	_cleanup_sandbox_ struct sandbox *s = sandbox_of(ep);
	int result;

	if (!s)
		return 0;
	pthread_mutex_lock(&s->change);
	result = endpoint_leave_held(ep, false, e);
	sandbox_detach(s, ep);
	pthread_mutex_unlock(&s->change);
	return result;
}
