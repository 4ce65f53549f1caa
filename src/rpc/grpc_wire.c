/* Framing, status messages and timeouts of gRPC. See grpc_wire.h. */
#include "rpc/grpc_wire.h"

#include <stdio.h>
#include "base/limits.h"
#include "base/macros.h"

void grpc_frame_put(struct buf *out, const ProtobufCMessage *msg)
{
	size_t n = protobuf_c_message_get_packed_size(msg);
	uint8_t *p;

	buf_reserve(out, GRPC_PREFIX + n);
	p = (uint8_t *)out->data + out->len;
	p[0] = 0;
	p[1] = (uint8_t)(n >> 24);
	p[2] = (uint8_t)(n >> 16);
	p[3] = (uint8_t)(n >> 8);
	p[4] = (uint8_t)n;
	protobuf_c_message_pack(msg, p + GRPC_PREFIX);
	out->len += GRPC_PREFIX + n;
	out->data[out->len] = '\0';
}

int grpc_frame_next(struct slice in, struct slice *msg, struct err *e)
{
	const uint8_t *p = (const uint8_t *)in.data;
	size_t n;

	if (in.len < GRPC_PREFIX)
		return 0;
	if (p[0] != 0)
		return err_set(e, ERR_UNIMPLEMENTED, "grpc: compressed messages are not supported");
	n = (size_t)p[1] << 24 | (size_t)p[2] << 16 | (size_t)p[3] << 8 | p[4];
	if (n > LIMIT_GRPC_MESSAGE)
		return err_set(e, ERR_EXHAUSTED,
		               "grpc: received message larger than max (%zu vs. %lu)", n,
		               LIMIT_GRPC_MESSAGE);
	if (in.len - GRPC_PREFIX < n)
		return 0;
	*msg = (struct slice){ in.data + GRPC_PREFIX, n };
	return 1;
}

/* A space at either end is no part of a header's value (RFC 9113, 8.2.1): nghttp2 refuses it. */
void grpc_percent_encode(struct buf *b, const char *s)
{
	for (const char *begin = s; *s; s++) {
		unsigned char c = (unsigned char)*s;
		bool end = s == begin || !s[1];

		if (c >= ' ' && c <= '~' && c != '%' && !(end && c == ' '))
			buf_addc(b, (char)c);
		else
			buf_printf(b, "%%%02X", c);
	}
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

void grpc_percent_decode(char *s)
{
	char *out = s;

	while (*s) {
		int hi = *s == '%' ? hex_digit(s[1]) : -1;
		int lo = hi >= 0 ? hex_digit(s[2]) : -1;

		if (lo >= 0 && hi * 16 + lo != 0) {
			*out++ = (char)(hi * 16 + lo);
			s += 3;
		} else {
			*out++ = *s++;
		}
	}
	*out = '\0';
}

/* A unit in microseconds; nanoseconds (0) are rounded up to one. */
static const struct {
	char unit;
	int64_t us;
} timeout_units[] = { { 'H', 3600000000 }, { 'M', 60000000 }, { 'S', 1000000 },
	              { 'm', 1000 },       { 'u', 1 },        { 'n', 0 } };

bool grpc_timeout_parse(const char *s, int64_t *ms)
{
	int64_t value = 0, us;
	size_t n = 0;

	for (; s[n] >= '0' && s[n] <= '9' && n < 9; n++)
		value = value * 10 + (s[n] - '0');
	if (n == 0 || n > 8 || !s[n] || s[n + 1])
		return false;
	for (size_t i = 0; i < ARRAY_LEN(timeout_units); i++) {
		if (timeout_units[i].unit != s[n])
			continue;
		us = timeout_units[i].us ? value * timeout_units[i].us : (value + 999) / 1000;
		*ms = (us + 999) / 1000;
		return true;
	}
	return false;
}

void grpc_timeout_format(char dst[GRPC_TIMEOUT_SIZE], int64_t ms)
{
	if (ms < 100000000)
		snprintf(dst, GRPC_TIMEOUT_SIZE, "%dm", (int)MAX(ms, 1));
	else
		snprintf(dst, GRPC_TIMEOUT_SIZE, "%dS", (int)MIN(ms / 1000, 99999999));
}
