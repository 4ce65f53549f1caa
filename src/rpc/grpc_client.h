/*
 * A gRPC client over unix sockets (HTTP/2 with prior knowledge, identity encoding).
 *
 *     struct grpc_client *c = grpc_client_new("/run/containerd/containerd.sock", "moby");
 *     Containerd__Services__Tasks__V1__StartRequest req = CONTAINERD__...__INIT;
 *     Containerd__Services__Tasks__V1__StartResponse *resp;
 *     if (grpc_call(c, NULL, RPC_TASKS_START, &req, &arena, (void **)&resp, &e) < 0) ...
 *
 * A client is a small pool of connections and may be used from any number of threads. A connection
 * belongs to the thread that makes a call, for as long as the call lasts: the answer is read by the
 * thread that waits for it, without a hand-over. A stream has a connection of its own.
 * Nothing is connected before the first call; a connection that broke while it lay idle is replaced
 * silently, and a server that is gone is ERR_UNAVAILABLE ("... connection refused").
 *
 * A failed call has the kind that belongs to the gRPC status and the server's message as its text.
 */
#ifndef RPC_GRPC_CLIENT_H
#define RPC_GRPC_CLIENT_H

#include <stdint.h>
#include "base/arena.h"
#include "base/err.h"
#include "rpc/rpc.h"

struct grpc_client;

/* `address` is a path or unix://PATH; `ns` goes along as containerd-namespace, or is NULL. */
struct grpc_client *grpc_client_new(const char *address, const char *ns);
void grpc_client_free(struct grpc_client *c); /* no call may be under way */

/*
 * From now on a server that is not there is waited for this long: one that was killed comes back. And what
 * may be done twice is asked again when the connection was lost before the answer: calls that only
 * read, and those whose options say `repeatable`.
 */
void grpc_client_patience(struct grpc_client *c, int64_t ms);
/* Did a call fail because the connection was lost? What was asked for may have been done. */
bool grpc_was_lost(const struct err *e);

/* What differs from the default in one call; members that are zero mean the default. */
struct grpc_opts {
	const char *ns;     /* instead of the client's; "" sends none */
	const char *lease;  /* containerd-lease */
	int64_t timeout_ms; /* deadline here and, as grpc-timeout, there; 0 waits for ever */
	bool repeatable;
};

/* One request, one answer. *resp (a message of the method's response type) lives in the arena. */
int grpc_call(struct grpc_client *c, const struct grpc_opts *o, enum rpc_method_id method,
              const void *req, struct arena *a, void **resp, struct err *e) must_check;

/*
 * Streams: server streams (send one request, then receive), client streams and both at once.
 * One thread at a time, except grpc_stream_cancel, which any thread may call to wake it.
 */
struct grpc_stream;

struct grpc_stream *grpc_stream_open(struct grpc_client *c, const struct grpc_opts *o,
                                     enum rpc_method_id method, struct err *e) must_check;
/* Blocks while the server's window is full. */
int grpc_stream_send(struct grpc_stream *s, const void *msg, struct err *e) must_check;
/* No more messages from us. A server stream needs it after its one request. */
int grpc_stream_close_send(struct grpc_stream *s, struct err *e) must_check;
/* 1 and a message in the arena, 0 at the end with status OK, -1 with the status otherwise. */
int grpc_stream_recv(struct grpc_stream *s, struct arena *a, void **msg, struct err *e) must_check;
/* From any thread: a receive or send that waits, now or later, fails with ERR_CANCELED. */
void grpc_stream_cancel(struct grpc_stream *s);
void grpc_stream_free(struct grpc_stream *s); /* resets the stream if it is not finished */

#endif
