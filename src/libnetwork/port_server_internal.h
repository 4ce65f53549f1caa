/* What the two files of port_server.h share: the connection, and the table of what was given. */
#ifndef LIBNETWORK_PORT_SERVER_INTERNAL_H
#define LIBNETWORK_PORT_SERVER_INTERNAL_H

#include <pthread.h>
#include "base/map.h"
#include "libnetwork/lock.h"
#include "libnetwork/port_server.h"

/* One thing that an owner has, as the request that gives it. */
struct given {
	struct arena arena;
	struct port_request req;
};

struct port_server {
	char *socket_path, *proxy_path;
	void (*warn)(void *ctx, const struct err *e);
	void *warn_ctx;
	pthread_mutex_t lock;
	int fd;       /* for requests; -1: none yet, or lost */
	int watch_fd; /* the watcher's */
	bool closing;
	bool watching;
	pthread_t watcher;
	struct map table; /* "op:owner" -> struct given */
};

/* ---- port_server.c; with the lock held ---- */

/* A connection to a living server, which is started (and filled) when `may_start`. */
int port_server_connect(struct port_server *s, bool may_start, struct err *e) must_check;

/* One request; a server that died meanwhile is put back and asked again. */
int port_server_ask(struct port_server *s, struct arena *a, const struct port_request *req,
                    struct port_reply *reply, struct err *e) must_check;
/* The same of the connection that there is. */
int port_server_ask_once(struct port_server *s, struct arena *a, const struct port_request *req,
                         struct port_reply *reply, struct err *e) must_check;

/* ---- port_table.c; with the lock held ---- */

/* What a living server has is what an earlier engine gave it. */
void port_table_adopt(struct port_server *s, const struct port_reply *reply);
void port_table_free(struct port_server *s);

#endif
