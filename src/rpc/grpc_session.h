/*
 * Inside the gRPC server: connections and calls. Only grpc_*.c files include this.
 *
 * Everything of a session belongs to the I/O thread. A call is touched by two threads at most: the
 * I/O thread, which owns its stream, and the worker that handles it (or whoever finishes it, if it
 * is parked). What both touch is guarded by the call's lock. A worker never touches the session: it
 * posts to the loop. A call is freed by the I/O thread, when its stream is closed and its handler
 * is done, whichever comes last.
 */
#ifndef RPC_GRPC_SESSION_H
#define RPC_GRPC_SESSION_H

#include <nghttp2/nghttp2.h>
#include <pthread.h>
#include "base/loop.h"
#include "base/map.h"
#include "base/str.h"
#include "base/workers.h"
#include "rpc/call.h"
#include "rpc/grpc_server.h"

struct grpc_listener {
	struct grpc_server *server;
	struct grpc_listener *next;
	int fd;
	struct loop_source *source;
};

struct grpc_server {
	struct loop *loop;
	struct workers *workers;
	void *user;
	struct map routes; /* "/service/Method" -> const struct rpc_route * */
	struct grpc_listener *listeners;
	struct grpc_session *sessions;
	size_t nsessions;
};

struct grpc_session {
	struct grpc_server *server;
	struct grpc_session *next, **at;
	int fd;
	struct loop_source *source;
	bool want_write; /* the socket is full */
	nghttp2_session *h2;
	struct grpc_call *calls; /* those whose streams are open */
	struct buf out;          /* what the socket has not taken yet */
};

struct grpc_call {
	struct rpc_call rpc; /* first: handlers' pointer is ours */
	struct grpc_server *server;
	atomic_int refs;
	/* I/O thread only: */
	struct grpc_session *session; /* NULL once the stream is closed */
	struct grpc_call *next, **at; /* in session->calls */
	int32_t stream;
	rpc_handler *handler; /* NULL until the path is known and served */
	struct arena message; /* the last one received; the handler's */
	struct loop_source *timer;
	struct err refused; /* why the request is not handed to a handler */
	bool dispatched;    /* a handler has it, or had it */
	bool headers_sent;
	bool answered; /* the status is on its way, or the stream was reset */
	bool done;     /* the handler will not touch it any more */

	/* Both threads, under the lock: */
	pthread_mutex_t lock;
	pthread_cond_t changed;
	struct buf in;     /* received, not yet taken by the handler */
	bool in_end;       /* the client sends no more */
	size_t unconsumed; /* bytes whose flow-control window is not given back yet */
	struct buf out;    /* framed messages for the client */
	bool out_posted;   /* the I/O thread is going to look at `out` */
	bool finished;     /* `status` is set */
	struct err status;
};

/* grpc_session.c */
void grpc_session_start(struct grpc_server *s, int fd); /* takes fd */
void grpc_session_free(struct grpc_session *ss);
/* Sends what nghttp2 has to say. Frees the session, and with it calls, when the peer is gone. */
void grpc_session_flush(struct grpc_session *ss);

extern const struct rpc_call_ops grpc_call_ops; /* grpc_reply.c */

/* grpc_call.c; all for the I/O thread */
struct grpc_call *grpc_call_new(struct grpc_session *ss, int32_t stream);
void grpc_call_header(struct grpc_call *c, struct slice name, struct slice value);
void grpc_call_headers_done(struct grpc_call *c);
void grpc_call_data(struct grpc_call *c, const uint8_t *p, size_t n);
void grpc_call_input_end(struct grpc_call *c);
void grpc_call_closed(struct grpc_call *c); /* its stream is gone */
void grpc_call_unref(struct grpc_call *c);

/* grpc_reply.c; for the I/O thread */
void grpc_reply_output(
        struct grpc_call *c); /* sends what `out` holds, and the status if finished */
void grpc_reply_error(struct grpc_call *c, const struct err *e);

#endif
