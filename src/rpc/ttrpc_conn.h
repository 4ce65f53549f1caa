/*
 * A ttrpc connection in a loop: frames in, frames out, never blocking. The server and the shim's
 * publisher are made of it. Belongs to the loop's thread.
 */
#ifndef RPC_TTRPC_CONN_H
#define RPC_TTRPC_CONN_H

#include "base/loop.h"
#include "rpc/ttrpc_frame.h"

struct ttrpc_conn;

struct ttrpc_conn_events {
	void (*on_frame)(void *arg, const struct ttrpc_frame *f);
	/* The peer is gone. The connection sends and reports nothing more; free it when you like.
	 */
	void (*on_close)(void *arg);
};

/* Takes fd (a connected stream socket). */
struct ttrpc_conn *ttrpc_conn_new(struct loop *l, int fd, const struct ttrpc_conn_events *events,
                                  void *arg, struct err *e) must_check;
void ttrpc_conn_free(struct ttrpc_conn *c); /* also from inside on_frame and on_close */

/* Queues a frame and sends what the socket takes now. */
void ttrpc_conn_send(struct ttrpc_conn *c, uint32_t stream, enum ttrpc_type type,
                     struct slice data);

/* Sends what is queued, waiting for the peer at most timeout_ms: for a last answer before exit. */
void ttrpc_conn_flush(struct ttrpc_conn *c, int timeout_ms);

#endif
