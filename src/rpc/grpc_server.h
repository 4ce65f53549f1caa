/*
 * A gRPC server: HTTP/2 with prior knowledge over stream sockets, identity encoding.
 *
 * One I/O thread (the loop's) owns listeners, connections and streams; handlers run on workers and
 * may block; a handler that waits for something long parks its call (RPC_LATER) and keeps no
 * thread. Routes, workers and `user` outlive the server.
 */
#ifndef RPC_GRPC_SERVER_H
#define RPC_GRPC_SERVER_H

#include <stddef.h>
#include "base/err.h"
#include "base/loop.h"
#include "base/workers.h"
#include "rpc/rpc.h"

struct grpc_server;

struct grpc_server *grpc_server_new(struct loop *loop, struct workers *workers, void *user);

/* Adds what is answered; before the first listen. The table is borrowed. */
void grpc_server_route(struct grpc_server *s, const struct rpc_route *routes, size_t n);

/* Takes a listening socket. May be called several times. From the loop's thread or before it runs.
 */
int grpc_server_listen(struct grpc_server *s, int fd, struct err *e) must_check;

/* In this order: finish what is parked, free the workers, stop the loop, then this. */
void grpc_server_free(struct grpc_server *s);

/*
 * One message of a server stream, for parked calls: never blocks. Messages wait in memory while the
 * client does not read; past LIMIT_GRPC_BACKLOG it is -1 and the caller should finish the call.
 */
int grpc_call_queue(struct rpc_call *call, const void *msg, struct err *e) must_check;

#endif
