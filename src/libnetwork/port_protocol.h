/*
 * What the engine and the port server (`docker-proxy --serve`) say to each other, on a unix stream
 * socket: a 4-byte big-endian length, then one JSON document. Each request has one reply.
 *
 *     {"Op":"publish","Owner":ID,"Ports":[...]}   all or nothing; bound when the reply comes
 *     {"Op":"unpublish","Owner":ID}               an unknown owner is fine
 *     {"Op":"list"}                               every owner with its ports
 *
 * An owner is an endpoint. The server ends when it owns nothing: at once when no connection is
 * open, else after some seconds.
 */
#ifndef LIBNETWORK_PORT_PROTOCOL_H
#define LIBNETWORK_PORT_PROTOCOL_H

#include "base/json.h"

#define PORT_MESSAGE_LIMIT (4UL * 1024 * 1024)

/* One host address and port, and where its traffic goes. */
#define PORT_BIND(F)                                    \
	F(STR, proto, "Proto", REQUIRED) /* tcp, udp */ \
	F(STR, host_ip, "HostIP", REQUIRED)             \
	F(U64, host_port, "HostPort", 0)                \
	F(STR, container_ip, "ContainerIP", REQUIRED)   \
	F(U64, container_port, "ContainerPort", 0)
JSON_STRUCT(port_bind, PORT_BIND)

#define PORT_OWNER(F)          \
	F(STR, id, "Owner", 0) \
	F(OBJS, ports, "Ports", 0, port_bind)
JSON_STRUCT(port_owner, PORT_OWNER)

#define PORT_REQUEST(F)            \
	F(STR, op, "Op", REQUIRED) \
	PORT_OWNER(F)
JSON_STRUCT(port_request, PORT_REQUEST)

#define PORT_REPLY(F)                                                              \
	F(STR, error, "Error", OMIT_EMPTY)                                         \
	F(I64, kind, "Kind", OMIT_EMPTY)     /* enum err_kind, as its gRPC code */ \
	F(STR, holder, "Holder", OMIT_EMPTY) /* the owner of a port in use */      \
	F(I64, failed, "Failed", OMIT_EMPTY) /* its place in Ports, from 1 */      \
	F(OBJS, owners, "Owners", OMIT_EMPTY, port_owner)
JSON_STRUCT(port_reply, PORT_REPLY)

/* One message. Receiving: 1, or 0 when the peer has closed before its first byte. */
int port_message_send(int fd, const struct json_table *t, const void *o, struct err *e) must_check;
int port_message_recv(struct arena *a, int fd, const struct json_table *t, void *out, struct err *e)
        must_check;

#endif
