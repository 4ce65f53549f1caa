/*
 * Inside the gRPC client: one connection with one exchange (an RPC under way) on it at a time.
 * Only grpc_client.c and grpc_stream.c include this. No threads: whoever holds a connection drives
 * it.
 */
#ifndef RPC_GRPC_CONN_H
#define RPC_GRPC_CONN_H

#include <nghttp2/nghttp2.h>
#include <stdbool.h>
#include "base/err.h"
#include "base/str.h"
#include "rpc/grpc_client.h"

/* One RPC as the client sees it. */
struct grpc_exchange {
	int32_t stream;
	struct buf out; /* framed messages to be sent */
	bool out_end;   /* no more will be added */
	struct buf in;  /* DATA that came */
	bool closed;    /* the stream is over; `status` says how */
	bool has_status;
	uint32_t reset_code;
	int http_status;
	struct err status; /* kind ERR_NONE: OK */
};

struct grpc_conn {
	int fd;
	nghttp2_session *h2;
	struct buf out;
	struct grpc_exchange *x; /* the exchange under way */
	bool dead;
	struct grpc_conn *next; /* in the pool */
};

struct grpc_conn *grpc_conn_open(const char *path, struct err *e) must_check;
void grpc_conn_free(struct grpc_conn *c);

/* Handles what came while it lay idle; false when it is of no use any more. */
bool grpc_conn_usable(struct grpc_conn *c);

/* Begins an RPC; `o` is complete (ns and lease are what is sent, or NULL). */
int grpc_conn_begin(struct grpc_conn *c, struct grpc_exchange *x, enum rpc_method_id method,
                    const struct grpc_opts *o, struct err *e) must_check;

/*
 * Sends what is to be sent and waits for the socket once, until deadline_ms (monotonic; 0: for
 * ever). With `wait` false it only sends. -1 when the connection broke or time ran out.
 */
int grpc_conn_step(struct grpc_conn *c, bool wait, int64_t deadline_ms, struct err *e) must_check;

/* What a stream needs to know of its client: `o` completed, and a connection of its own. */
struct grpc_opts grpc_client_opts(const struct grpc_client *c, const struct grpc_opts *o);
struct grpc_conn *grpc_client_connect(struct grpc_client *c, struct err *e) must_check;

void grpc_exchange_free(struct grpc_exchange *x);
/* The error of a closed exchange; 0 when it ended with status OK. */
int grpc_exchange_status(const struct grpc_exchange *x, struct err *e) must_check;

#endif
