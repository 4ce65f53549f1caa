/*
 * Address management as CNM has it: pools and addresses in them, by driver.
 *
 * A pool is requested when a network is created, an address for its gateway and for each endpoint.
 * Nothing is stored here: what is taken follows from the rows of networks and endpoints, which are
 * requested again when the controller starts (what the remote protocol calls a replay).
 */
#ifndef LIBNETWORK_IPAM_H
#define LIBNETWORK_IPAM_H

#include "base/err.h"
#include "base/json.h"
#include "netlink/inet.h"

#define IPAM_POOL_ID_SIZE 128

struct ipam_pool_request {
	const char *pool;  /* CIDR; NULL or "": one is picked */
	const char *range; /* CIDR in it, from which addresses are picked; or NULL */
	const struct json_map *options;
};

struct ipam_pool {
	char id[IPAM_POOL_ID_SIZE];
	struct inet net;
};

struct ipam; /* one driver's state */

struct ipam_driver {
	const char *name;
	int (*request_pool)(struct ipam *i, const struct ipam_pool_request *r,
	                    struct ipam_pool *out, struct err *e);
	int (*release_pool)(struct ipam *i, const char *pool_id, struct err *e);
	/* `wanted` with family 0: any. The answer has the pool's prefix length. */
	int (*request_address)(struct ipam *i, const char *pool_id, const struct inet *wanted,
	                       const struct json_map *options, struct inet *out, struct err *e);
	int (*release_address)(struct ipam *i, const char *pool_id, const struct inet *ip,
	                       struct err *e);
};

/* ERR_NOT_FOUND for a name that no driver has. Remote drivers will be looked for here. */
const struct ipam_driver *ipam_driver_find(const char *name, struct err *e);

/* Networks of the host that a picked pool must not overlap. */
typedef int ipam_taken_fn(void *ctx, int (*fn)(void *arg, const struct inet *net), void *arg,
                          struct err *e);

struct ipam *ipam_new(ipam_taken_fn *taken, void *ctx);
void ipam_free(struct ipam *i);

/* --default-address-pool "base=10.10.0.0/16,size=24": replaces the pools that are built in. */
int ipam_add_default(struct ipam *i, const char *text, struct err *e) must_check;

extern const struct ipam_driver ipam_default, ipam_null;

#endif
