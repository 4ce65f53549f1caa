/*
 * One published port: a listening socket on the host, and traffic to a container's address.
 * Everything runs in one loop's thread. A forward belongs to who opened it, its connections to it.
 */
#ifndef PROXY_FORWARD_H
#define PROXY_FORWARD_H

#include "base/err.h"
#include "base/loop.h"
#include "libnetwork/port_socket.h"

struct forward;

/* SOCK_STREAM or SOCK_DGRAM. Takes the socket, also when it fails. */
struct forward *forward_open(struct loop *l, int type, int fd, const struct port_address *to,
                             struct err *e) must_check;
void forward_close(struct forward *f); /* its connections too */

/* ---- tcp.c, udp.c ---- */

struct tcp_forward;
struct tcp_forward *tcp_forward_open(struct loop *l, int fd, const struct port_address *to,
                                     struct err *e) must_check;
void tcp_forward_close(struct tcp_forward *f);

struct udp_forward;
struct udp_forward *udp_forward_open(struct loop *l, int fd, const struct port_address *to,
                                     struct err *e) must_check;
void udp_forward_close(struct udp_forward *f);

#endif
