/*
 * What the engine and the port server (`docker-proxy --serve`) say to each other, on a unix stream
 * socket: a 4-byte big-endian length, then one JSON document. Each request has one reply.
 *
 *     {"Op":"publish","Owner":ID,"Ports":[...]}    all or nothing; bound when the reply comes
 *     {"Op":"name","Owner":ID,"Name":{...}}        the names of an endpoint
 *     {"Op":"resolve","Owner":ID,"Resolver":{...}} a name server in a sandbox; listens when the
 *                                                  reply comes
 *     {"Op":"unpublish"|"unname"|"unresolve","Owner":ID}    an unknown owner is fine
 *     {"Op":"list"}                                every owner with what it has
 *
 * An owner of ports or names is an endpoint, one of a resolver a sandbox. Asking again replaces. The
 * server ends when it owns nothing: at once when no connection is open, else after some seconds.
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

/* An endpoint on a network, for those who ask. The first name is the answer to its address. */
#define NAME_RECORD(F)                                \
	F(STR, network, "Network", REQUIRED) /* id */ \
	F(STR, network_name, "NetworkName", REQUIRED) \
	F(STR, address, "Address", REQUIRED)          \
	F(STRS, names, "Names", 0)
JSON_STRUCT(name_record, NAME_RECORD)

/* A name that only this sandbox knows, for another name on one of its networks. */
#define NAME_LINK(F)                         \
	F(STR, network, "Network", REQUIRED) \
	F(STR, alias, "Alias", REQUIRED)     \
	F(STR, name, "Name", REQUIRED)
JSON_STRUCT(name_link, NAME_LINK)

/* Where to ask about the rest of the world; `of_host`: from the host's network, not the sandbox's. */
#define NAME_SERVER(F)                       \
	F(STR, address, "Address", REQUIRED) \
	F(BOOL, of_host, "OfHost", OMIT_EMPTY)
JSON_STRUCT(name_server, NAME_SERVER)

#define NAME_RESOLVER(F)                                                           \
	F(STR, netns, "Netns", REQUIRED) /* path */                                \
	F(STRS, networks, "Networks", 0) /* ids */                                 \
	F(OBJS, links, "Links", OMIT_EMPTY, name_link)                             \
	F(OBJS, servers, "Servers", OMIT_EMPTY, name_server)                       \
	F(BOOL, internal, "Internal", OMIT_EMPTY)   /* nothing is asked outside */ \
	F(BOOL, qualified, "Qualified", OMIT_EMPTY) /* nor words without a dot */
JSON_STRUCT(name_resolver, NAME_RESOLVER)

#define PORT_OWNER(F)                                 \
	F(STR, id, "Owner", 0)                        \
	F(OBJS, ports, "Ports", 0, port_bind)         \
	F(OBJ, name, "Name", OMIT_EMPTY, name_record) \
	F(OBJ, resolver, "Resolver", OMIT_EMPTY, name_resolver)
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
