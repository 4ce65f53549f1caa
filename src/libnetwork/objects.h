/*
 * The objects behind libnetwork.h, for the files of this library.
 *
 * Two kinds of locks. `change` of an endpoint or a sandbox is held by who changes it, through the
 * kernel calls: only other changers wait for it. `lock` guards the fields and is held for memory
 * work only: readers never wait. Order: sandbox's change, endpoint's change, any one lock.
 *
 * The controller's maps have a reference to each object. An object that is being made is in its map
 * (so its name is taken) but not `ready`, and is not found.
 */
#ifndef LIBNETWORK_OBJECTS_H
#define LIBNETWORK_OBJECTS_H

#include <pthread.h>
#include <stdatomic.h>
#include "base/map.h"
#include "libnetwork/driver.h"
#include "libnetwork/ipam/ipam.h"
#include "libnetwork/lock.h"
#include "libnetwork/port_server.h"

struct net_controller {
	struct arena arena; /* of the options; nothing is added after the start */
	struct net_options o;
	struct net_env env;
	struct ipam *ipam;
	struct port_server *server;
	const char *netns_dir;
	pthread_mutex_t lock; /* the maps, `ready`, and the networks' counts */
	struct map networks;  /* by id */
	struct map endpoints; /* by id */
	struct map sandboxes; /* by container id */
};

struct network {
	atomic_int refs;
	struct net_controller *c;
	struct arena arena;
	struct network_info info; /* does not change once it is ready */
	const struct net_driver *driver;
	void *state; /* the driver's */
	const struct ipam_driver *ipam;
	struct ipam_pool pool;
	bool has_pool;
	bool ready;         /* c->lock */
	unsigned endpoints; /* c->lock */
};

struct endpoint {
	atomic_int refs;
	struct network *network; /* a reference */
	void *state;             /* the driver's */
	struct inet address;     /* from IPAM; family 0: none */
	pthread_mutex_t change;
	bool gone;               /* deleted; `change` */
	struct net_ports wanted; /* `change`; in the arena */
	pthread_mutex_t lock;
	struct arena arena; /* of info */
	struct endpoint_info info;
	struct sandbox *sandbox; /* a reference while joined */
};

struct sandbox {
	atomic_int refs;
	struct net_controller *c;
	struct arena arena;
	struct sandbox_info info; /* does not change; its endpoints are the list below */
	bool ready;               /* c->lock */
	pthread_mutex_t change;
	bool gone;
	int nl;                   /* NETLINK_ROUTE socket in the netns until the first join; -1 */
	unsigned next;            /* number of the next interface */
	struct endpoint *gateway; /* of `endpoints`: has the default route and the ports; or NULL */
	bool has_resolver;
	pthread_mutex_t lock;
	size_t n;
	struct endpoint **endpoints; /* in the order of joins; references */
};

/* ---- controller.c ---- */

void net_warn(struct net_controller *c, const struct err *e);
void *net_alloc(size_t n); /* zeroed; aborts */

/* ---- rows ---- */

int row_put(struct net_controller *c, enum net_row kind, const char *id, const struct json_table *t,
            const void *row, bool durable, struct err *e) must_check;
int row_remove(struct net_controller *c, enum net_row kind, const char *id, struct err *e)
        must_check;

/* ---- network.c ---- */

/* The same for a new network and for one of a row (`restored`): row, pools, driver. */
struct network *network_make(struct net_controller *c, const struct network_info *want,
                             bool restored, struct err *e) must_check;
bool network_is_predefined(const char *name);
int network_destroy(struct network *n, struct err *e) must_check; /* predefined or not */

/* ---- network_find.c; with the controller's lock held ---- */

/* `ready`: not one that is being made, which has its name already. */
struct network *network_by_name(struct net_controller *c, const char *name, bool ready);

/* ---- network_addresses.c ---- */

/* Requests the pool, the gateway's address and the auxiliary ones; the info then says which. */
int network_request_addresses(struct network *n, struct err *e) must_check;
void network_release_addresses(struct network *n);

/* ---- endpoint.c ---- */

struct endpoint *endpoint_make(struct network *n, const struct endpoint_info *want, bool restored,
                               struct err *e) must_check;
int endpoint_put_row(struct endpoint *ep, const struct endpoint_info *info, struct err *e)
        must_check;

/* ---- join.c: with the sandbox's change held ---- */

int endpoint_join_held(struct endpoint *ep, struct sandbox *s, bool restored, struct err *e)
        must_check;
int endpoint_leave_held(struct endpoint *ep, bool netns_ends, struct err *e) must_check;

/* The namespace of a sandbox and a socket in it, for a driver's call. */
struct inside {
	int netns, nl;
};
int sandbox_enter(struct sandbox *s, struct inside *out, struct err *e) must_check;
void sandbox_exit(struct inside *in);
#define _cleanup_inside_ cleanup_with(sandbox_exit)

/* ---- gateway.c: with the sandbox's change held ---- */

/* Would it be the one that has the default route? */
bool gateway_wants(const struct sandbox *s, const struct endpoint *ep);

/* The best endpoint takes the default route and the ports, if it has not. */
int gateway_choose(struct sandbox *s, struct err *e) must_check;

int gateway_publish(struct endpoint *ep, struct err *e) must_check;
int gateway_unpublish(struct endpoint *ep, struct err *e) must_check;

/* ---- resolver.c: names and the name server; with the sandbox's change held ---- */

/* After an endpoint has joined, or a gateway was chosen. */
int resolver_joined(struct sandbox *s, struct endpoint *ep, struct err *e) must_check;
int resolver_name(struct endpoint *ep, struct err *e) must_check; /* or with the endpoint's */
int resolver_left(struct sandbox *s, struct endpoint *ep, struct err *e) must_check;
int resolver_update(struct sandbox *s, struct err *e) must_check;
int resolver_end(struct sandbox *s, struct err *e) must_check;
/* Takes from the port server what belongs to endpoints and sandboxes that are no more. */
int resolver_sweep(struct net_controller *c, struct err *e) must_check;

/* ---- sandbox.c ---- */

struct sandbox *sandbox_make(struct net_controller *c, const struct sandbox_info *want,
                             bool restored, struct err *e) must_check;
void sandbox_attach(struct sandbox *s, struct endpoint *ep);
void sandbox_detach(struct sandbox *s, struct endpoint *ep);

/* ---- restore.c, predefined.c ---- */

int net_restore(struct net_controller *c, struct err *e) must_check;

/* What the daemon's flags say about the default network; `current` is its row or NULL. */
void predefined_bridge(struct net_controller *c, struct arena *a,
                       const struct network_info *current, struct network_info *out);
int predefined_ensure(struct net_controller *c, struct err *e) must_check;

#endif
