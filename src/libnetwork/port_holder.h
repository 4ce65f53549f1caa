/*
 * Published ports of an engine without userland proxy: the firewall does the forwarding, and the
 * engine itself holds a socket for each port so that nobody else takes it. The sockets end with the
 * engine; a new one binds them again. The calls are those of port_server.h. Thread-safe.
 */
#ifndef LIBNETWORK_PORT_HOLDER_H
#define LIBNETWORK_PORT_HOLDER_H

#include "libnetwork/port_server.h"

struct port_holder;

struct port_holder *port_holder_new(void);
void port_holder_free(struct port_holder *h);

int port_holder_publish(struct port_holder *h, const struct port_owner *owner,
                        struct port_failure *failure, struct err *e) must_check;
void port_holder_unpublish(struct port_holder *h, const char *owner);

#endif
