/*
 * WebSocket (RFC 6455), the server's side: the answer to the handshake, frames to send, and a reader
 * that takes a client's bytes as they come. Payload is handed on as it arrives; nothing is held but a
 * frame's head and a control frame's payload of at most 125 bytes.
 */
#ifndef HTTP_WEBSOCKET_H
#define HTTP_WEBSOCKET_H

#include <stdbool.h>
#include <stdint.h>
#include "base/str.h"

#define WS_HEAD_MAX    14
#define WS_CONTROL_MAX 125

enum ws_opcode {
	WS_CONTINUATION = 0,
	WS_TEXT = 1,
	WS_BINARY = 2,
	WS_CLOSE = 8,
	WS_PING = 9,
	WS_PONG = 10,
};

enum ws_status { WS_NORMAL = 1000, WS_PROTOCOL_ERROR = 1002 };

/* Appends the value of Sec-WebSocket-Accept for a client's Sec-WebSocket-Key (section 4.2.2). */
void ws_accept_key(struct buf *out, const char *key);

/* The head of an unfragmented frame with n bytes of payload, which follow (section 5.2). */
void ws_frame(struct buf *out, enum ws_opcode op, size_t n);
void ws_close_frame(struct buf *out, enum ws_status status);

/* Starts zeroed. */
struct ws_reader {
	unsigned char head[WS_HEAD_MAX];
	size_t nhead;        /* of it that have come */
	bool in_payload;     /* the head is whole */
	bool in_message;     /* a message of several frames has begun */
	uint64_t left, done; /* of the payload */
	unsigned char control[WS_CONTROL_MAX];
	bool over; /* closed, or broken: nothing more is read */
};

/*
 * Takes n bytes: what the client's messages hold goes to `data`, what is to be answered (pongs, the
 * closing frame) to `reply`. False when the connection is to be closed after the reply.
 */
bool ws_read(struct ws_reader *r, const void *p, size_t n, struct buf *data, struct buf *reply);

#endif
