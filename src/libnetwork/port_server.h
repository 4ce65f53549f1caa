/*
 * The engine's side of the port server: the one process that owns the listening sockets of all
 * published ports and the name servers of sandboxes, and outlives the engine. It is found again after a restart, started when it is
 * first needed, and put back with all that it had when it dies.
 *
 * Thread-safe.
 */
#ifndef LIBNETWORK_PORT_SERVER_H
#define LIBNETWORK_PORT_SERVER_H

#include "base/id.h"
#include "libnetwork/port_protocol.h"

struct port_server;

/*
 * Adopts a server that listens on `socket_path`, if there is one. `proxy_path` is the docker-proxy
 * to start when there is none and a port is published (looked up in PATH without a slash).
 * `warn` (may be NULL) hears of a server that died and could not be put back.
 */
struct port_server *port_server_open(const char *socket_path, const char *proxy_path,
                                     void (*warn)(void *ctx, const struct err *e), void *warn_ctx);

/* Lets go: the server and its ports live on. */
void port_server_close(struct port_server *s);

/* Which of the ports could not be bound, and why. */
struct port_failure {
	int64_t index; /* in owner->ports; -1: it was none of them */
	bool in_use;
	char holder[ID_SIZE]; /* the owner that has it; "": somebody else */
};

/*
 * Binds all ports or none. A port that is taken is ERR_PRECONDITION, "Bind for 0.0.0.0:80 failed:
 * port is already allocated" when an owner of ours holds it, else "... : address already in use".
 * What the owner has already, exactly so, stays untouched.
 */
int port_server_publish(struct port_server *s, const struct port_owner *owner,
                        struct port_failure *failure, struct err *e) must_check;

int port_server_unpublish(struct port_server *s, const char *owner, struct err *e) must_check;

/* The names of an endpoint, and a name server in a sandbox, which listens when this returns. */
int port_server_name(struct port_server *s, const char *owner, const struct name_record *r,
                     struct err *e) must_check;
int port_server_resolve(struct port_server *s, const char *owner, const struct name_resolver *r,
                        struct err *e) must_check;

enum port_kind { PORT_KIND_PORTS, PORT_KIND_NAME, PORT_KIND_RESOLVER };

/* Takes one of the three from an owner; one that has none is fine. */
int port_server_take(struct port_server *s, enum port_kind kind, const char *owner, struct err *e)
        must_check;

/* Who has one, with their ports, in the arena; no server is an empty list. */
struct port_owners {
	size_t n;
	struct port_owner *v;
};
void port_server_list(struct port_server *s, enum port_kind kind, struct arena *a,
                      struct port_owners *out);

#endif
