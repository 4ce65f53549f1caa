/*
 * ttrpc frames and the messages in them.
 * https://github.com/containerd/ttrpc/blob/main/PROTOCOL.md; only unary calls are spoken.
 *
 * A frame is a header of ten bytes (length, stream, type, flags; big-endian) and its data. Streams
 * that a client opens have odd numbers, each used once. A message above LIMIT_TTRPC_MESSAGE is
 * thrown away as it comes in and reported, so that its call can be answered with an error.
 */
#ifndef RPC_TTRPC_FRAME_H
#define RPC_TTRPC_FRAME_H

#include <stdbool.h>
#include <stdint.h>
#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"
#include "rpc/rpc.h"

#define TTRPC_HEADER 10

enum ttrpc_type { TTRPC_REQUEST = 1, TTRPC_RESPONSE = 2, TTRPC_DATA = 3 };

struct ttrpc_frame {
	uint32_t stream;
	uint8_t type, flags;
	bool oversized;    /* the data was too long and is being skipped */
	struct slice data; /* borrowed: valid until the parser is fed again */
};

/* Bytes as they come in; starts as zero. The buffer is owned. */
struct ttrpc_parser {
	struct buf in;
	size_t used; /* of in, by frames that were handed out */
	size_t skip; /* bytes of an oversized frame that are still to come */
};

void ttrpc_parser_free(struct ttrpc_parser *p);
void ttrpc_parser_feed(struct ttrpc_parser *p, const void *data, size_t n);
/* True and the next frame, or false when more bytes are needed. */
bool ttrpc_parser_next(struct ttrpc_parser *p, struct ttrpc_frame *f);

void ttrpc_frame_append(struct buf *out, uint32_t stream, enum ttrpc_type type, struct slice data);

/* A call as it goes out. timeout_ns 0: none. `ns` travels as containerd-namespace-ttrpc, or is
 * NULL. */
struct slice ttrpc_request_pack(struct arena *a, const struct rpc_method *m, const void *req,
                                const char *ns, int64_t timeout_ns);
/* An answer as it goes out: resp, or the error when e is not NULL. */
struct slice ttrpc_response_pack(struct arena *a, const void *resp, const struct err *e);
/* An answer as it comes in: *resp in the arena, or the other side's error. */
int ttrpc_response_unpack(struct arena *a, const struct rpc_method *m, struct slice data,
                          void **resp, struct err *e) must_check;

#define TTRPC_NAMESPACE "containerd-namespace-ttrpc"

#endif
