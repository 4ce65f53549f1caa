/*
 * One published port: a listening socket on the host, and traffic to a container's address.
 * Everything runs in one loop's thread. A forward belongs to who opened it, its connections to it.
 */
#ifndef PROXY_FORWARD_H
#define PROXY_FORWARD_H

#include <stdint.h>
#include <sys/socket.h>
#include "base/err.h"
#include "base/loop.h"

struct address {
	struct sockaddr_storage sa;
	socklen_t len;
};

/* "0.0.0.0", "::1" and a port. ERR_INVALID names the text. */
int address_parse(const char *ip, uint64_t port, struct address *out, struct err *e) must_check;

/* A bound socket (non-blocking); ERR_PRECONDITION when the port is in use. */
int listen_socket(int type, const struct address *at, struct err *e) must_check;

struct forward;

/* `proto` is "tcp" or "udp". Takes the socket; NULL loop: the port is only held (reserved). */
struct forward *forward_open(struct loop *l, const char *proto, int fd, const struct address *to,
                             struct err *e) must_check;
void forward_close(struct forward *f); /* its connections too */

/* ---- tcp.c, udp.c ---- */

struct tcp_forward;
struct tcp_forward *tcp_forward_open(struct loop *l, int fd, const struct address *to,
                                     struct err *e) must_check;
void tcp_forward_close(struct tcp_forward *f);

struct udp_forward;
struct udp_forward *udp_forward_open(struct loop *l, int fd, const struct address *to,
                                     struct err *e) must_check;
void udp_forward_close(struct udp_forward *f);

#endif
