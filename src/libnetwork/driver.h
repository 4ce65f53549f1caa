/*
 * Network drivers: the published NetworkDriver calls as a table (see libnetwork.h for the model).
 *
 * A driver keeps its own state per network and per endpoint behind a pointer. Every call may be
 * made again for what exists already (the controller restores networks and endpoints by creating
 * and joining them once more): it then puts back what is missing and adopts the rest.
 *
 * The controller sees to it that a network's or an endpoint's calls do not overlap; calls for
 * different ones do, in any thread.
 */
#ifndef LIBNETWORK_DRIVER_H
#define LIBNETWORK_DRIVER_H

#include "libnetwork/firewall/firewall.h"
#include "libnetwork/libnetwork.h"
#include "libnetwork/ports.h"

/* What drivers share. Borrowed; lives as long as the controller. */
struct net_env {
	const struct net_options *options;
	struct firewall *firewall; /* NULL with --iptables=false */
	struct ports *ports;
};

/* Where an endpoint goes. */
struct net_join {
	int netns;             /* descriptor */
	int nl;                /* NETLINK_ROUTE socket in it */
	const char *interface; /* the name to give: eth0 */
	bool default_route;    /* through this network's gateway */
};

struct net_driver {
	const char *name;
	const char *ipam; /* of a network that names none */
	bool singleton;   /* one network, which the controller makes */
	bool needs_netns; /* endpoints put an interface into it */

	/* Why the two cannot be there at once, in words; or NULL. May be NULL in the table. */
	const char *(*conflict)(const struct network_info *a, const struct network_info *b);

	/* Whether a new one is possible at all; not asked about one of a row. May be NULL. */
	int (*check_new)(const struct network_info *in, struct err *e);

	/* `in` has name, id, options, flags and the pools with their gateways. */
	int (*create_network)(struct net_env *env, const struct network_info *in, void **out,
	                      struct err *e);
	int (*delete_network)(void *n, struct err *e); /* also frees n */
	void (*free_network)(void *n);                 /* only that: the network lives on */

	/* Fills what `ep` lacks (mac, host_interface) in the arena. Nothing is changed on the host. */
	int (*create_endpoint)(void *n, struct arena *a, struct endpoint_info *ep, void **out,
	                       struct err *e);
	void (*free_endpoint)(void *ep);

	int (*join)(void *ep, const struct net_join *j, struct err *e);
	/* NULL: nobody needs the interface taken out, the namespace ends or has. */
	int (*leave)(void *ep, const struct net_join *j, struct err *e);

	/* Of what is joined: the default route goes through its gateway. */
	int (*take_default_route)(void *ep, const struct net_join *j, struct err *e);

	/* Publishes `wanted`; `bound` is then what it became, in the arena. May be NULL in the table. */
	int (*program_external_connectivity)(void *ep, const struct net_ports *wanted,
	                                     struct arena *a, struct net_ports *bound,
	                                     struct err *e);
	int (*revoke_external_connectivity)(void *ep, struct err *e);
};

/* ERR_NOT_FOUND for a name that no driver has. Remote drivers will be looked for here. */
const struct net_driver *net_driver_find(const char *name, struct err *e);
const struct net_driver *net_driver_at(size_t i); /* NULL behind the last */

extern const struct net_driver net_driver_bridge, net_driver_host, net_driver_macvlan,
        net_driver_null;

#endif
