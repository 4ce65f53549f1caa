/*
 * A call under way on a server: what gRPC and ttrpc have in common. Only the servers include this;
 * handlers see struct rpc_call as an opaque object (rpc.h).
 *
 * A server embeds this struct at the head of its own, calls rpc_call_start when the request has
 * come in whole (unary) or has begun (streams), and frees the call in `finish`.
 */
#ifndef RPC_CALL_H
#define RPC_CALL_H

#include <stdatomic.h>
#include "base/str.h"
#include "rpc/rpc.h"

struct rpc_call_ops {
	/* Answers and frees the call. From any thread that owns the call at that moment. */
	void (*finish)(struct rpc_call *call, const void *resp, const struct err *e);
	int (*send)(struct rpc_call *call, const void *msg, struct err *e); /* streams, or NULL */
	int (*recv)(struct rpc_call *call, void **msg, struct err *e);      /* streams, or NULL */
};

struct rpc_metadata {
	const char *key, *value; /* key in lower case */
};

struct rpc_call {
	const struct rpc_call_ops *ops;
	const struct rpc_method *method;
	struct arena arena; /* freed by the server, in finish */
	void *user;
	struct {
		size_t n;
		struct rpc_metadata *v;
	} metadata;
	atomic_bool cancelled;
	_Atomic(rpc_cancel_fn *) on_cancel; /* taken by whoever calls it */
	void *on_cancel_arg;
};

/* A server's routes by service and method; NULL (and ERR_UNIMPLEMENTED) when it has no such row. */
const struct rpc_route *rpc_route_find(const struct rpc_route *routes, size_t n,
                                       struct slice service, struct slice method, struct err *e)
        must_check;

/*
 * Runs the handler on `req` and answers unless it parks the call. When this returns the call may be
 * gone.
 */
void rpc_call_start(struct rpc_call *call, rpc_handler *handler, const void *req);

/* Marks the call as cancelled and tells whoever asked to know. The call stays until it is finished.
 */
void rpc_call_cancel(struct rpc_call *call);

#endif
