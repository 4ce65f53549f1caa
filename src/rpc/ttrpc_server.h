/*
 * A ttrpc server in a loop: any number of connections, any number of calls under way on each.
 * Handlers run in the loop's thread and must not block; one that waits for something parks its call
 * (RPC_LATER) and finishes it from the loop's thread. A call whose connection broke or whose
 * deadline passed is cancelled: whoever parked it is told and finishes it like any other.
 *
 * Only our own user and root may connect (the socket's mode says the same; this also holds when the
 * path was reached in an unexpected way).
 */
#ifndef RPC_TTRPC_SERVER_H
#define RPC_TTRPC_SERVER_H

#include "base/loop.h"
#include "rpc/rpc.h"

struct ttrpc_server;

/* Takes listen_fd. `routes` and `user` are borrowed. */
struct ttrpc_server *ttrpc_server_new(struct loop *l, int listen_fd, const struct rpc_route *routes,
                                      size_t nroutes, void *user, struct err *e) must_check;

/* Sends what is queued, closes everything. Calls that are still parked are gone with it. */
void ttrpc_server_free(struct ttrpc_server *s);

#endif
