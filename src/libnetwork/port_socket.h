/*
 * The sockets of published ports: shared by docker-proxy, which serves them, and by an engine
 * without userland proxy, which only holds them so that nobody else takes the port.
 */
#ifndef LIBNETWORK_PORT_SOCKET_H
#define LIBNETWORK_PORT_SOCKET_H

#include <sys/socket.h>
#include "libnetwork/port_protocol.h"

struct port_address {
	struct sockaddr_storage sa;
	socklen_t len;
};

/* "0.0.0.0", "::1" and a port. ERR_INVALID names the text. */
int port_address_parse(const char *ip, uint64_t port, struct port_address *out, struct err *e)
        must_check;

/* SOCK_STREAM or SOCK_DGRAM of "tcp" or "udp"; others are ERR_UNIMPLEMENTED. */
int port_socket_type(const char *proto, struct err *e) must_check;

/* A bound socket (non-blocking, listening if TCP); ERR_PRECONDITION when the port is in use. */
int port_listen(int type, const struct port_address *at, struct err *e) must_check;

/* A bound socket that takes no connection. */
int port_hold(int type, const struct port_address *at, struct err *e) must_check;

/* Can only one of them be bound? */
bool port_overlap(const struct port_bind *a, const struct port_bind *b);

/*
 * Makes Docker's words of a failed bind: "Bind for 0.0.0.0:80 failed: port is already allocated"
 * when an owner of ours has it, "Error starting userland proxy: listen tcp4 0.0.0.0:80: bind:
 * address already in use" else.
 */
int port_bind_error(const struct port_bind *p, bool ours, struct err *e);

#endif
