/* Any bytes as what a WebSocket client sends, in pieces: the same comes out however they are cut. */
#include <stdint.h>
#include <stdlib.h>
#include "http/websocket.h"

static bool read_all(const uint8_t *p, size_t n, size_t step, struct buf *data, struct buf *reply)
{
	struct ws_reader r = { 0 };
	bool more = true;

	for (size_t at = 0; at < n && more; at += step)
		more = ws_read(&r, p + at, MIN(step, n - at), data, reply);
	return more;
}

static bool same(const struct buf *a, const struct buf *b)
{
	return a->len == b->len && (a->len == 0 || memcmp(a->data, b->data, a->len) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	struct buf data[2] = { 0 }, reply[2] = { 0 };
	size_t step = size ? bytes[0] % 16 + 1 : 1;
	bool whole = read_all(bytes, size, size ? size : 1, &data[0], &reply[0]);

	if (read_all(bytes, size, step, &data[1], &reply[1]) != whole ||
	    !same(&data[0], &data[1]) || !same(&reply[0], &reply[1]) || data[0].len > size)
		abort();
	for (int i = 0; i < 2; i++) {
		buf_free(&data[i]);
		buf_free(&reply[i]);
	}
	return 0;
}
