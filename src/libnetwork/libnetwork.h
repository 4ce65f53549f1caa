/*
 * libnetwork: the Container Network Model in C.
 *
 *     controller    owns everything below; restores it from the store when it starts
 *     network       a set of endpoints that reach each other; made by a driver, addressed by an
 * IPAM endpoint      one attachment to a network: interface, addresses, published ports sandbox the
 * network stack of one container: a netns that endpoints join
 *
 * The order on the wire is the published one: create network, create endpoint, join, program
 * external connectivity; and back. Drivers and IPAMs are tables: see driver.h and ipam.h.
 *
 * The life of a container with a network, as the engine calls it:
 *
 *     start   sandbox_create  endpoint_create (one a network)  endpoint_join  -> sandbox's key
 *     stop    sandbox_delete  (leaves and deletes its endpoints)
 *
 * `--network host` is a sandbox with host_mode and an endpoint on "host", `none` a sandbox and an
 * endpoint on "none"; `container:ID` uses the key of that container's sandbox and makes nothing.
 *
 * Threads: every function may be called from any thread. Objects are counted: a find or a create
 * gives a reference that the caller drops. Locks are per object and never held while a row is
 * stored. What a caller reads are copies in its own arena (`..._info`).
 *
 * Crash-only: a row is stored before the kernel is changed and removed after; net_controller_new
 * puts back what a row says and removes what no row owns (veths, rules, addresses, netns). Rows of
 * networks are durable; rows of endpoints and sandboxes need not survive a power cut.
 */
#ifndef LIBNETWORK_LIBNETWORK_H
#define LIBNETWORK_LIBNETWORK_H

#include <stdbool.h>
#include "base/arena.h"
#include "base/err.h"
#include "base/json.h"
#include "base/str.h"

struct net_controller;
struct network;
struct endpoint;
struct sandbox;

/* ---- what things look like: JSON tables, used in calls, in rows and in answers ---- */

/* A published or exposed port. host_port 0: none given; then one is picked when it is published. */
#define NET_PORT(F)                                    \
	F(STR, proto, "Proto", 0) /* tcp, udp, sctp */ \
	F(U64, port, "Port", 0)                        \
	F(STR, host_ip, "HostIP", OMIT_EMPTY)          \
	F(U64, host_port, "HostPort", OMIT_EMPTY)      \
	F(U64, host_port_end, "HostPortEnd", OMIT_EMPTY) /* of a range to pick from */
JSON_STRUCT(net_port, NET_PORT)

#define NET_IPAM_POOL(F)                        \
	F(STR, subnet, "Subnet", OMIT_EMPTY)    \
	F(STR, ip_range, "IPRange", OMIT_EMPTY) \
	F(STR, gateway, "Gateway", OMIT_EMPTY)  \
	F(MAP, aux, "AuxiliaryAddresses", OMIT_EMPTY)
JSON_STRUCT(net_ipam_pool, NET_IPAM_POOL)

#define NET_IPAM(F)                                  \
	F(STR, driver, "Driver", 0)                  \
	F(MAP, options, "Options", NULL_WHEN_ABSENT) \
	F(OBJS, config, "Config", 0, net_ipam_pool)
JSON_STRUCT(net_ipam, NET_IPAM)

/*
 * A network, in the order and with the names of the Engine API. In a create only name is needed:
 * the driver defaults to "bridge", the IPAM driver to "default", pools and id are picked.
 */
#define NETWORK_INFO(F)                                                                          \
	F(STR, name, "Name", 0)                                                                  \
	F(STR, id, "Id", 0)                                                                      \
	F(TIME, created, "Created", 0)                                                           \
	F(STR, scope, "Scope", 0)                                                                \
	F(STR, driver, "Driver", 0)                                                              \
	F(BOOL, enable_ipv6, "EnableIPv6", 0)                                                    \
	F(OBJ, ipam, "IPAM", 0, net_ipam)                                                        \
	F(BOOL, internal, "Internal", 0)                                                         \
	F(BOOL, attachable, "Attachable", 0)                                                     \
	F(BOOL, ingress, "Ingress", 0)                                                           \
	F(BOOL, user_subnet, "UserSubnet", OMIT_EMPTY) /* not picked: addresses may be wished */ \
	F(MAP, options, "Options", 0)                                                            \
	F(MAP, labels, "Labels", 0)
JSON_STRUCT(network_info, NETWORK_INFO)

/*
 * An endpoint. Ports are published on one of a sandbox's endpoints: the one with its default route.
 * In a create: name (the container's), and what is wanted of mac, ipv4, ports,
 * exposed, names, links, options. In an info everything is filled; `ports` then has one entry per bound
 * host address (0.0.0.0 and ::) with the host port that was picked.
 */
#define ENDPOINT_INFO(F)                                                                       \
	F(STR, id, "Id", 0)                                                                    \
	F(STR, name, "Name", 0)                                                                \
	F(STR, network_id, "NetworkId", 0)                                                     \
	F(STR, network_name, "NetworkName", 0)                                                 \
	F(STR, sandbox_id, "SandboxId", OMIT_EMPTY) /* while joined */                         \
	F(STR, interface, "Interface", OMIT_EMPTY)  /* eth0 */                                 \
	F(STR, host_interface, "HostInterface", OMIT_EMPTY)                                    \
	F(STR, mac, "MacAddress", OMIT_EMPTY)                                                  \
	F(STR, ipv4, "Address", OMIT_EMPTY) /* 172.17.0.2; in a create: the one wanted */      \
	F(U64, ipv4_prefix, "AddressPrefix", OMIT_EMPTY)                                       \
	F(STR, gateway, "Gateway", OMIT_EMPTY)                                                 \
	F(STRS, names, "Names", OMIT_EMPTY) /* for those who ask; the first is the main one */ \
	F(STRS, links, "Links", OMIT_EMPTY) /* name:alias, for this sandbox alone */           \
	F(OBJS, exposed, "Exposed", OMIT_EMPTY, net_port)                                      \
	F(OBJS, ports, "Ports", OMIT_EMPTY, net_port)                                          \
	F(OBJS, wanted, "Wanted", OMIT_EMPTY, net_port) /* bound while it is the gateway */    \
	F(MAP, options, "Options", OMIT_EMPTY)
JSON_STRUCT(endpoint_info, ENDPOINT_INFO)

/* A name server that is asked about the rest of the world. */
#define NET_SERVER(F)                        \
	F(STR, address, "Address", REQUIRED) \
	F(BOOL, of_host, "OfHost", OMIT_EMPTY) /* from the host's network */
JSON_STRUCT(net_server, NET_SERVER)

/*
 * A sandbox. In a create: container_id, host_mode, servers, qualified. `key` is the path for the
 * OCI specification.
 */
#define SANDBOX_INFO(F)                                                                     \
	F(STR, id, "Id", 0)                                                                 \
	F(STR, container_id, "ContainerId", 0)                                              \
	F(BOOL, host_mode, "HostMode", OMIT_EMPTY) /* no netns of its own: key is "" */     \
	F(STR, key, "Key", 0)                      /* EXEC_ROOT/netns/<12 hex> */           \
	F(OBJS, servers, "Servers", OMIT_EMPTY, net_server)                                 \
	F(BOOL, qualified, "Qualified", OMIT_EMPTY) /* words without a dot are not asked */ \
	F(STRS, endpoints, "Endpoints", OMIT_EMPTY) /* ids, in the order of their joins */
JSON_STRUCT(sandbox_info, SANDBOX_INFO)

/* ---- the store that the caller brings ---- */

enum net_row { NET_ROW_NETWORK, NET_ROW_ENDPOINT, NET_ROW_SANDBOX };

/*
 * Rows of JSON text by kind and id. Called from any thread, never with a lock of libnetwork held
 * that an implementation could need. `durable`: on disk when the call returns.
 */
struct net_store {
	void *ctx;
	int (*put)(void *ctx, enum net_row kind, const char *id, struct slice json, bool durable,
	           struct err *e);
	int (*remove)(void *ctx, enum net_row kind, const char *id, struct err *e); /* none: fine */
	int (*each)(void *ctx, enum net_row kind,
	            int (*fn)(void *arg, const char *id, struct slice json), void *arg,
	            struct err *e);
};

/* ---- controller ---- */

/* dockerd's flags, named alike. Strings are copied; NULL is "not given". */
struct net_options {
	const char *exec_root;  /* netns/ and the port server's socket are below it */
	const char *proxy_path; /* docker-proxy */
	struct net_store store;
	bool iptables, ip_forward, ip_masq, icc, userland_proxy;
	const char *bridge; /* --bridge: docker0; "none": no default network */
	const char *bip;    /* 172.18.0.1/16 */
	const char *fixed_cidr;
	const char *default_gateway;
	const char *default_host_ip; /* --ip: 0.0.0.0 */
	int mtu;                     /* 0: 1500 */
	struct strs default_pools;   /* --default-address-pool base=CIDR,size=N */
	/* Something went wrong behind the scenes (the port server died, ...); any thread. */
	void (*warn)(void *ctx, const struct err *e);
	void *warn_ctx;
};
#define NET_OPTIONS_DEFAULT                                                         \
	{                                                                           \
		.iptables = true, .ip_forward = true, .ip_masq = true, .icc = true, \
		.userland_proxy = true,                                             \
	}

/*
 * Restores and reconciles, then sees to it that the networks bridge, host and none exist.
 * Sandboxes of containers that have ended meanwhile are the caller's to delete.
 */
struct net_controller *net_controller_new(const struct net_options *o, struct err *e) must_check;

/* Lets go of everything and undoes nothing: ports, rules and sandboxes live on. */
void net_controller_free(struct net_controller *c);

/* Names of the network drivers, for `docker info`. */
void net_controller_drivers(struct net_controller *c, struct arena *a, struct strs *out);

/* ---- networks ---- */

struct network *network_create(struct net_controller *c, const struct network_info *want,
                               struct err *e) must_check;

/* By full id, then name, then unique id prefix. "network x not found" (ERR_NOT_FOUND). */
struct network *network_find(struct net_controller *c, const char *name_or_id, struct err *e)
        must_check;

/* Refused while it has endpoints (ERR_PERMISSION), or when it is predefined. */
int network_delete(struct network *n, struct err *e) must_check;

struct network *network_ref(struct network *n);
void network_unref(struct network *n); /* NULL is fine */
void network_cleanup(struct network **n);
#define _cleanup_network_ cleanup_with(network_cleanup)

void network_info(struct network *n, struct arena *a, struct network_info *out);

/* Infos of all networks / of the endpoints of one, by age. */
struct network_infos {
	size_t n;
	struct network_info *v;
};
struct endpoint_infos {
	size_t n;
	struct endpoint_info *v;
};
void net_controller_networks(struct net_controller *c, struct arena *a, struct network_infos *out);
void network_endpoints(struct network *n, struct arena *a, struct endpoint_infos *out);

/* ---- sandboxes ---- */

/* Makes the netns (lo is up, no IPv6 yet), not attached to anything. */
struct sandbox *sandbox_create(struct net_controller *c, const struct sandbox_info *want,
                               struct err *e) must_check;

/* By container id (full). ERR_NOT_FOUND. */
struct sandbox *sandbox_find(struct net_controller *c, const char *container_id, struct err *e)
        must_check;

/*
 * Detaches and deletes its endpoints (ports, rules, addresses), drops the netns and forgets it.
 * Goes as far as it can; the first failure is reported, and then the next start tidies up.
 */
int sandbox_delete(struct sandbox *s, struct err *e) must_check;

struct sandbox *sandbox_ref(struct sandbox *s);
void sandbox_unref(struct sandbox *s);
void sandbox_cleanup(struct sandbox **s);
#define _cleanup_sandbox_ cleanup_with(sandbox_cleanup)

void sandbox_info(struct sandbox *s, struct arena *a, struct sandbox_info *out);
void sandbox_endpoints(struct sandbox *s, struct arena *a, struct endpoint_infos *out);

struct sandbox_infos {
	size_t n;
	struct sandbox_info *v;
};
void net_controller_sandboxes(struct net_controller *c, struct arena *a, struct sandbox_infos *out);

/* ---- endpoints ---- */

/* Takes an address (and the wanted one, if free) from the network's IPAM. */
struct endpoint *endpoint_create(struct network *n, const struct endpoint_info *want, struct err *e)
        must_check;

/*
 * Puts the interface into the sandbox and publishes the ports: they are bound before this returns.
 * "driver failed programming external connectivity on endpoint web (ID): Bind for 0.0.0.0:80
 * failed: port is already allocated". On failure the endpoint is as before.
 */
int endpoint_join(struct endpoint *ep, struct sandbox *s, struct err *e) must_check;

int endpoint_leave(struct endpoint *ep, struct err *e) must_check;  /* ports off, interface gone */
int endpoint_delete(struct endpoint *ep, struct err *e) must_check; /* gives the address back */

/* Another name of the container, and what others may ask for; at once, also while joined. */
int endpoint_rename(struct endpoint *ep, const char *name, const struct strs *names, struct err *e)
        must_check;

/* By id. ERR_NOT_FOUND. */
struct endpoint *endpoint_find(struct net_controller *c, const char *id, struct err *e) must_check;

struct endpoint *endpoint_ref(struct endpoint *ep);
void endpoint_unref(struct endpoint *ep);
void endpoint_cleanup(struct endpoint **ep);
#define _cleanup_endpoint_ cleanup_with(endpoint_cleanup)

void endpoint_info(struct endpoint *ep, struct arena *a, struct endpoint_info *out);

#endif
