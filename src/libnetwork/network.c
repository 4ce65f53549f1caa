/* Networks: making and deleting. See libnetwork.h, objects.h. */
#include "libnetwork/objects.h"

#include <stdlib.h>
#include "base/clock.h"
#include "base/id.h"
#include "base/limits.h"

struct network *network_ref(struct network *n)
{
	atomic_fetch_add(&n->refs, 1);
	return n;
}

void network_unref(struct network *n)
{
	if (!n || atomic_fetch_sub(&n->refs, 1) != 1)
		return;
	if (n->state)
		n->driver->free_network(n->state);
	arena_free(&n->arena);
	free(n);
}

void network_cleanup(struct network **n)
{
	network_unref(*n);
}

bool network_is_predefined(const char *name)
{
	return str_eq(name, "bridge") || str_eq(name, "host") || str_eq(name, "none");
}

/* ---- names ---- */

/* As Docker: nearly everything, but it must fit into a path of the API. */
static bool is_name(const char *s)
{
	size_t n = s ? strlen(s) : 0, blanks = s ? strspn(s, " ") : 0;

	for (size_t i = 0; i < n; i++)
		if ((unsigned char)s[i] < ' ' || s[i] == 0x7f || s[i] == '/')
			return false;
	return n > blanks && n <= LIMIT_NAME_BYTES;
}

/* Two networks of one driver may want the same thing of the host. */
static int check_conflicts(struct network *n, struct err *e)
{
	const char *id, *why;
	void *value;

	for (size_t i = 0; n->driver->conflict && map_next(&n->c->networks, &i, &id, &value);) {
		struct network *other = value;

		if (other->driver == n->driver &&
		    (why = n->driver->conflict(&n->info, &other->info)))
			return err_set(e, ERR_PERMISSION,
			               "cannot create network %s (%s): conflicts with network %s "
			               "(%s): %s",
			               n->info.id, n->info.name, other->info.id, other->info.name,
			               why);
	}
	return 0;
}

/* Puts it into the map, where it is not found until it is ready. */
static int claim_name(struct network *n, struct err *e)
{
	_cleanup_unlock_ pthread_mutex_t *held = lock_take(&n->c->lock);

	if (check_conflicts(n, e) < 0)
		return -1;
	if (network_by_name(n->c, n->info.name, false))
		return err_set(e, ERR_ALREADY_EXISTS, "network with name %s already exists",
		               n->info.name);
	map_set(&n->c->networks, n->info.id, network_ref(n));
	return 0;
}

static void give_up_name(struct network *n)
{
	pthread_mutex_lock(&n->c->lock);
	network_unref(map_remove(&n->c->networks, n->info.id));
	pthread_mutex_unlock(&n->c->lock);
}

/* ---- what it is made of ---- */

static int check(struct network *n, bool restored, struct err *e)
{
	const struct network_info *i = &n->info;

	if (!is_name(i->name))
		return err_set(e, ERR_INVALID, "invalid network name: \"%s\"",
		               i->name ? i->name : "");
	if (i->enable_ipv6)
		return err_set(e, ERR_UNIMPLEMENTED, "IPv6 networks are not there yet");
	if (i->ingress)
		return err_set(e, ERR_UNIMPLEMENTED, "ingress networks are not there yet");
	if (i->ipam->config.n > 1)
		return err_set(e, ERR_UNIMPLEMENTED,
		               "networks with several address pools are not there yet");
	if (n->driver->singleton && !restored && !network_is_predefined(i->name))
		return err_set(e, ERR_PERMISSION, "only one instance of \"%s\" network is allowed",
		               n->driver->name);
	return 0;
}

/* Fills what was left open, and finds the drivers. */
static int complete(struct network *n, const struct network_info *want, bool restored,
                    struct err *e)
{
	struct network_info *i = &n->info;
	char id[ID_SIZE];

	*i = *(struct network_info *)json_copy(&n->arena, &network_info_type, want);
	if (str_empty(i->driver))
		i->driver = "bridge";
	if (!i->ipam)
		i->ipam = arena_new(&n->arena, struct net_ipam);
	n->driver = net_driver_find(i->driver, e);
	if (!n->driver)
		return -1;
	if (str_empty(i->ipam->driver) || n->driver->singleton)
		i->ipam->driver = n->driver->ipam;
	n->ipam = ipam_driver_find(i->ipam->driver, e);
	if (!n->ipam || check(n, restored, e) < 0)
		return -1;
	if (n->driver->singleton) /* Docker shows the default one there */
		i->ipam->driver = "default";
	if (!restored)
		i->user_subnet = i->ipam->config.n && !str_empty(i->ipam->config.v[0].subnet);
	i->scope = "local";
	if (str_empty(i->id)) {
		id_new(id);
		i->id = arena_strdup(&n->arena, id);
	}
	if (!i->created)
		i->created = clock_now_ns();
	return 0;
}

/* ---- making ---- */

static int build(struct network *n, bool restored, struct err *e)
{
	if (!restored && n->driver->check_new && n->driver->check_new(&n->info, e) < 0)
		return -1;
	if (network_request_addresses(n, e) < 0)
		return -1;
	if (!restored &&
	    row_put(n->c, NET_ROW_NETWORK, n->info.id, &network_info_type, &n->info, true, e) < 0)
		return -1;
	if (n->driver->create_network(&n->c->env, &n->info, &n->state, e) == 0)
		return 0;
	if (!restored && row_remove(n->c, NET_ROW_NETWORK, n->info.id, NULL) < 0)
		err_wrap(e, "(and its row stays)");
	return -1;
}

static void set_ready(struct network *n, bool ready)
{
	pthread_mutex_lock(&n->c->lock);
	n->ready = ready;
	pthread_mutex_unlock(&n->c->lock);
}

struct network *network_make(struct net_controller *c, const struct network_info *want,
                             bool restored, struct err *e)
{
	struct network *n = net_alloc(sizeof(*n));

	n->c = c;
	n->refs = 1;
	if (complete(n, want, restored, e) < 0 || claim_name(n, e) < 0) {
		network_unref(n);
		return NULL;
	}
	if (build(n, restored, e) == 0) {
		set_ready(n, true);
		return n;
	}
	network_release_addresses(n);
	give_up_name(n);
	network_unref(n);
	return NULL;
}

/* A pool without a subnet is for the daemon's flags only. */
static int check_pools(const struct network_info *want, struct err *e)
{
	for (size_t i = 0; want->ipam && i < want->ipam->config.n; i++)
		if (str_empty(want->ipam->config.v[i].subnet))
			return err_set(e, ERR_INVALID, "Invalid subnet  : invalid CIDR address: ");
	return 0;
}

struct network *network_create(struct net_controller *c, const struct network_info *want,
                               struct err *e)
{
	if (check_pools(want, e) < 0)
		return NULL;
	if (network_is_predefined(want->name) || str_eq(want->name, "default")) {
		err_set(e, ERR_PERMISSION, "operation is not permitted on predefined %s network ",
		        want->name);
		return NULL;
	}
	return network_make(c, want, false, e);
}

/* ---- deleting ---- */

/* No endpoint may come any more; refused while there are some. */
static int close_network(struct network *n, struct err *e)
{
	_cleanup_unlock_ pthread_mutex_t *held = lock_take(&n->c->lock);

	if (!n->ready)
		return err_set(e, ERR_NOT_FOUND, "network %s not found", n->info.name);
	if (n->endpoints)
		return err_set(e, ERR_PERMISSION,
		               "error while removing network: network %s id %s has active "
		               "endpoints",
		               n->info.name, n->info.id);
	n->ready = false;
	return 0;
}

int network_destroy(struct network *n, struct err *e)
{
	if (close_network(n, e) < 0)
		return -1;
	if (n->driver->delete_network(n->state, e) < 0) {
		set_ready(n, true);
		return -1;
	}
	n->state = NULL;
	network_release_addresses(n);
	give_up_name(n);
	return row_remove(n->c, NET_ROW_NETWORK, n->info.id, e);
}

int network_delete(struct network *n, struct err *e)
{
	if (network_is_predefined(n->info.name))
		return err_set(e, ERR_PERMISSION,
		               "%s is a pre-defined network and cannot be removed", n->info.name);
	return network_destroy(n, e);
}
