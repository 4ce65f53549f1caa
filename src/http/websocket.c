/* See websocket.h. */
#include "http/websocket.h"

#include "base/base64.h"

/* ---- the handshake: SHA-1 (RFC 3174) of a short text ---- */

#define KEY_MAX    64 /* a key has 24 characters */
#define GUID       "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
#define SHA1_BLOCK 64
#define SHA1_SIZE  20

static uint32_t rotate(uint32_t x, int n)
{
	return x << n | x >> (32 - n);
}

static uint32_t mix(int t, uint32_t b, uint32_t c, uint32_t d)
{
	if (t < 20)
		return ((b & c) | (~b & d)) + 0x5a827999;
	if (t < 40)
		return (b ^ c ^ d) + 0x6ed9eba1;
	if (t < 60)
		return ((b & c) | (b & d) | (c & d)) + 0x8f1bbcdc;
	return (b ^ c ^ d) + 0xca62c1d6;
}

static void sha1_block(uint32_t h[5], const unsigned char *p)
{
	uint32_t w[80], v[5], t;

	for (int i = 0; i < 16; i++, p += 4)
		w[i] = (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
	for (int i = 16; i < 80; i++)
		w[i] = rotate(w[i - 3] ^ w[i - 8] ^ w[i - 14] ^ w[i - 16], 1);
	memcpy(v, h, sizeof(v));
	for (int i = 0; i < 80; i++) {
		t = rotate(v[0], 5) + mix(i, v[1], v[2], v[3]) + v[4] + w[i];
		v[4] = v[3];
		v[3] = v[2];
		v[2] = rotate(v[1], 30);
		v[1] = v[0];
		v[0] = t;
	}
	for (int i = 0; i < 5; i++)
		h[i] += v[i];
}

/* Of at most two blocks with their padding: n < 120. */
static void sha1(unsigned char out[SHA1_SIZE], const char *text, size_t n)
{
	unsigned char data[2 * SHA1_BLOCK] = { 0 };
	size_t size = n + 9 > SHA1_BLOCK ? 2 * SHA1_BLOCK : SHA1_BLOCK;
	uint32_t h[5] = { 0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0 };

	memcpy(data, text, n);
	data[n] = 0x80;
	data[size - 2] = (unsigned char)(n * 8 >> 8);
	data[size - 1] = (unsigned char)(n * 8);
	for (size_t at = 0; at < size; at += SHA1_BLOCK)
		sha1_block(h, data + at);
	for (size_t i = 0; i < SHA1_SIZE; i++)
		out[i] = (unsigned char)(h[i / 4] >> (24 - 8 * (i % 4)));
}

void ws_accept_key(struct buf *out, const char *key)
{
	_cleanup_arena_ struct arena a = { 0 };
	_cleanup_buf_ struct buf text = { 0 };
	unsigned char digest[SHA1_SIZE];

	buf_add(&text, key, strnlen(key, KEY_MAX));
	buf_adds(&text, GUID);
	sha1(digest, text.data, text.len);
	buf_adds(out, base64_encode(&a, (struct slice){ (char *)digest, sizeof(digest) },
	                            BASE64_STANDARD));
}

/* ---- sending ---- */

void ws_frame(struct buf *out, enum ws_opcode op, size_t n)
{
	unsigned bytes = n < 126 ? 0 : n < 65536 ? 2 : 8;

	buf_addc(out, (char)(0x80 | op));
	buf_addc(out, (char)(bytes == 0 ? n : bytes == 2 ? 126 : 127));
	while (bytes-- > 0)
		buf_addc(out, (char)((uint64_t)n >> (8 * bytes)));
}

void ws_close_frame(struct buf *out, enum ws_status status)
{
	ws_frame(out, WS_CLOSE, 2);
	buf_addc(out, (char)(status >> 8));
	buf_addc(out, (char)status);
}

/* ---- reading ---- */

static unsigned opcode(const struct ws_reader *r)
{
	return r->head[0] & 0x0f;
}

static bool is_control(const struct ws_reader *r)
{
	return opcode(r) >= WS_CLOSE;
}

static unsigned length_bytes(const struct ws_reader *r)
{
	unsigned n = r->head[1] & 0x7f;

	return n < 126 ? 0 : n == 126 ? 2 : 8;
}

static const unsigned char *mask(const struct ws_reader *r)
{
	return r->head + 2 + length_bytes(r);
}

static uint64_t payload_length(const struct ws_reader *r)
{
	unsigned bytes = length_bytes(r);
	uint64_t n = bytes ? 0 : r->head[1] & 0x7f;

	for (unsigned i = 0; i < bytes; i++)
		n = n << 8 | r->head[2 + i];
	return n;
}

/* What section 5 forbids: reserved bits and opcodes, no mask, long or split control frames, messages
 * in messages. */
static bool head_is_valid(const struct ws_reader *r)
{
	bool fin = r->head[0] & 0x80,
	     known = opcode(r) <= WS_BINARY || (opcode(r) >= WS_CLOSE && opcode(r) <= WS_PONG);

	if ((r->head[0] & 0x70) || !known || !(r->head[1] & 0x80))
		return false;
	if (is_control(r))
		return fin && length_bytes(r) == 0;
	return (opcode(r) == WS_CONTINUATION) == r->in_message;
}

static bool fail(struct ws_reader *r, struct buf *reply)
{
	r->over = true;
	ws_close_frame(reply, WS_PROTOCOL_ERROR);
	return false;
}

/* The frame's payload has come whole. */
static bool frame_end(struct ws_reader *r, struct buf *reply)
{
	size_t n = (size_t)r->done;

	r->nhead = 0;
	r->in_payload = false;
	if (!is_control(r))
		return true;
	if (opcode(r) == WS_PING) {
		ws_frame(reply, WS_PONG, n);
		buf_add(reply, r->control, n);
	} else if (opcode(r) == WS_CLOSE) {
		if (n == 1)
			return fail(r, reply);
		ws_frame(reply, WS_CLOSE, MIN(n, 2)); /* the status is sent back */
		buf_add(reply, r->control, MIN(n, 2));
		r->over = true;
	}
	return !r->over;
}

static bool head_byte(struct ws_reader *r, unsigned char b, struct buf *reply)
{
	r->head[r->nhead++] = b;
	if (r->nhead == 2 && !head_is_valid(r))
		return fail(r, reply);
	if (r->nhead < 2 || r->nhead < 2 + length_bytes(r) + 4U)
		return true;
	if (!is_control(r))
		r->in_message = !(r->head[0] & 0x80);
	r->left = payload_length(r);
	r->done = 0;
	r->in_payload = true;
	if (r->left >> 63)
		return fail(r, reply);
	return r->left > 0 || frame_end(r, reply);
}

static void payload(struct ws_reader *r, const unsigned char *p, size_t n, struct buf *data)
{
	size_t start = data->len;
	unsigned char *to;

	if (is_control(r)) {
		to = r->control + r->done;
		memcpy(to, p, n);
	} else {
		buf_add(data, p, n);
		to = (unsigned char *)data->data + start;
	}
	for (size_t i = 0; i < n; i++)
		to[i] ^= mask(r)[(r->done + i) % 4];
	r->done += n;
	r->left -= n;
}

bool ws_read(struct ws_reader *r, const void *bytes, size_t n, struct buf *data, struct buf *reply)
{
	const unsigned char *p = bytes;

	while (n > 0 && !r->over) {
		size_t take = 1;

		if (!r->in_payload) {
			head_byte(r, *p, reply);
		} else {
			take = (size_t)MIN((uint64_t)n, r->left);
			payload(r, p, take, data);
			if (r->left == 0)
				frame_end(r, reply);
		}
		p += take;
		n -= take;
	}
	return !r->over;
}
