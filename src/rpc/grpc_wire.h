/*
 * The parts of gRPC that do not depend on a connection: message framing, status messages, timeouts.
 * "gRPC over HTTP2": https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md
 */
#ifndef RPC_GRPC_WIRE_H
#define RPC_GRPC_WIRE_H

#include <protobuf-c/protobuf-c.h>
#include <stdbool.h>
#include <stdint.h>
#include "base/err.h"
#include "base/str.h"

/* Length-Prefixed-Message: one byte "compressed", four bytes big-endian length, the message. */
#define GRPC_PREFIX 5

void grpc_frame_put(struct buf *out, const ProtobufCMessage *msg);

/*
 * Looks for a whole message at the start of `in`: 1 with *msg borrowed from it (GRPC_PREFIX + len
 * bytes are to be dropped afterwards), 0 when more bytes are needed, -1 when it is compressed
 * (we offer identity only) or longer than LIMIT_GRPC_MESSAGE.
 */
int grpc_frame_next(struct slice in, struct slice *msg, struct err *e) must_check;

/* The value of grpc-message: printable ASCII stays, the rest, '%' and a space
 * at either end become %XX. */
void grpc_percent_encode(struct buf *b, const char *s);
void grpc_percent_decode(char *s); /* in place; what is malformed stays as it is */

/* grpc-timeout: at most eight digits and a unit of H, M, S, m, u, n. In milliseconds, rounded up.
 */
bool grpc_timeout_parse(const char *s, int64_t *ms);
#define GRPC_TIMEOUT_SIZE 12
void grpc_timeout_format(char dst[GRPC_TIMEOUT_SIZE], int64_t ms);

#endif
