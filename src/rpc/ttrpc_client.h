/*
 * A blocking ttrpc client: how containerd calls a shim. Any number of threads may call at once;
 * each call under way has a connection of its own, taken from a small pool, so that a Wait that
 * lasts for days is in nobody's way.
 */
#ifndef RPC_TTRPC_CLIENT_H
#define RPC_TTRPC_CLIENT_H

#include <stdint.h>
#include "base/arena.h"
#include "base/err.h"
#include "rpc/rpc.h"

struct ttrpc_client;

/* Connects: an `address` (a path or unix://PATH) where nobody listens is ERR_UNAVAILABLE. */
struct ttrpc_client *ttrpc_client_new(const char *address, struct err *e) must_check;
void ttrpc_client_free(struct ttrpc_client *c); /* no call may be under way */

/*
 * A connection that carries no calls: it becomes readable when the server is gone, and never
 * before. Borrowed; put it into a loop or poll it.
 */
int ttrpc_client_fd(const struct ttrpc_client *c);

const char *ttrpc_client_path(const struct ttrpc_client *c); /* of the socket */

struct ttrpc_opts {
	const char *ns;     /* containerd-namespace-ttrpc; NULL sends none */
	int64_t timeout_ms; /* 0 waits for ever */
};

/*
 * One request, one answer. *resp (a message of the method's response type) lives in the arena. A
 * failed call has the kind of the server's status and its message; ERR_UNAVAILABLE when the server
 * is gone, ERR_DEADLINE after the timeout.
 */
int ttrpc_call(struct ttrpc_client *c, const struct ttrpc_opts *o, enum rpc_method_id method,
               const void *req, struct arena *a, void **resp, struct err *e) must_check;

#endif
