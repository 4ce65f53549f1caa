/*
 * Remote procedure calls: what gRPC and ttrpc share. One table of methods (services.def) serves
 * servers and clients of both; a handler does not know which wire its call came from.
 *
 * A call is an object that can be answered later: a handler returns 0 (answer with *resp),
 * -1 (answer with the error) or RPC_LATER (somebody will call rpc_call_finish, from any thread).
 * Requests, responses and whatever a handler makes for them live in the call's arena.
 */
#ifndef RPC_RPC_H
#define RPC_RPC_H

#include <protobuf-c/protobuf-c.h>
#include <stdbool.h>
#include "base/arena.h"
#include "base/err.h"

/* Which side sends more than one message. */
enum rpc_shape { RPC_UNARY, RPC_SERVER_STREAM, RPC_CLIENT_STREAM, RPC_BIDI };

struct rpc_method {
	const char *service; /* "containerd.services.tasks.v1.Tasks" */
	const char *name;    /* "Create" */
	enum rpc_shape shape;
	const ProtobufCMessageDescriptor *req, *resp;
};

/* RPC_<ID> for each row of services.def, e.g. rpc_methods[RPC_TASKS_CREATE]. */
enum rpc_method_id {
#define RPC_METHOD(id, service, name, shape, req, resp) RPC_##id,
#include "rpc/services.def"
#undef RPC_METHOD
	RPC_METHODS
};
extern const struct rpc_method rpc_methods[RPC_METHODS];

/* ---- serving ---- */

struct rpc_call;

#define RPC_LATER 1

/* req is a message of method->req; resp one of method->resp, initialised, to be filled. */
typedef int rpc_handler(struct rpc_call *call, const void *req, void *resp, struct err *e);

/* A server's routes: which methods it answers, with what. Others are ERR_UNIMPLEMENTED. */
struct rpc_route {
	enum rpc_method_id method;
	rpc_handler *handler;
};

struct arena *rpc_call_arena(struct rpc_call *call);
void *rpc_call_user(struct rpc_call *call); /* what the server was started with */
const struct rpc_method *rpc_call_method(struct rpc_call *call);

/* Metadata by lower-case name ("containerd-namespace", "containerd-lease"), or NULL. */
const char *rpc_call_metadata(struct rpc_call *call, const char *name);

/* True once the client is gone or cancelled; streams poll it, parked calls are told by on_cancel.
 */
bool rpc_call_cancelled(struct rpc_call *call);
typedef void rpc_cancel_fn(struct rpc_call *call, void *arg);
/* fn is called once, by the server's I/O thread; or right here, if that has happened already. */
void rpc_call_on_cancel(struct rpc_call *call, rpc_cancel_fn *fn, void *arg);

/* Answers a parked call once; e == NULL or e->kind == ERR_NONE is success. The call is gone after.
 */
void rpc_call_finish(struct rpc_call *call, const void *resp, const struct err *e);

/* Streams (gRPC): one message out, blocking while the peer's window is full; -1 when it is gone. */
int rpc_call_send(struct rpc_call *call, const void *msg, struct err *e) must_check;
/* Next message of a client stream: 1, or 0 at the end. It lives until the next one is asked for. */
int rpc_call_recv(struct rpc_call *call, void **msg, struct err *e) must_check;

/* ---- protobuf-c in arenas ---- */

ProtobufCAllocator rpc_allocator(struct arena *a);
/* NULL with ERR_INVALID when malformed or when a string is not UTF-8 or holds NUL. */
void *rpc_unpack(struct arena *a, const ProtobufCMessageDescriptor *d, const void *p, size_t n,
                 struct err *e) must_check;

#endif
