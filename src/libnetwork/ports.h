/*
 * Published ports: from what was asked for to sockets that are bound.
 *
 * A port may be asked for on no particular host address (then on 0.0.0.0 and ::), with a range to
 * pick from, or with no host port at all (then one is picked from the kernel's ephemeral range).
 * The port server binds them; it is what says that a port is in use.
 */
#ifndef LIBNETWORK_PORTS_H
#define LIBNETWORK_PORTS_H

#include "libnetwork/libnetwork.h"

struct net_ports {
	size_t n;
	struct net_port *v;
};

struct port_server;
struct ports;

/* `name` says who an owner is, for "port is already allocated". False: it does not know. */
typedef bool ports_name_fn(void *ctx, const char *owner, char *name, size_t size);

/* The server is borrowed. */
struct ports *ports_open(const struct net_options *o, struct port_server *server,
                         ports_name_fn *name, void *ctx, struct err *e) must_check;
void ports_close(struct ports *p); /* what is published stays */

/*
 * All of `wanted` or none. `bound` has one entry a host address with the port that was picked, and
 * lives in the arena. Asking again for what was bound gives the same again.
 */
int ports_publish(struct ports *p, const char *owner, const char *container_ip,
                  const struct net_ports *wanted, struct arena *a, struct net_ports *bound,
                  struct err *e) must_check;
int ports_unpublish(struct ports *p, const char *owner, struct err *e) must_check;

/* Closes the ports of owners that `keep` does not know: left over by an engine that died. */
int ports_sweep(struct ports *p, bool (*keep)(void *ctx, const char *owner), void *ctx,
                struct err *e) must_check;

#endif
