/* See json_stream.h. */
#include "cli/client/json_stream.h"

#include "base/limits.h"

#define CHUNK (16 * 1024)

size_t json_stream_first(struct slice s)
{
	int depth = 0;
	bool in_string = false;

	for (size_t i = 0; i < s.len; i++) {
		char c = s.data[i];

		if (in_string) {
			if (c == '\\')
				i++;
			else if (c == '"')
				in_string = false;
			continue;
		}
		if (c == '"')
			in_string = true;
		else if (c == '{' || c == '[')
			depth++;
		else if ((c == '}' || c == ']') && --depth <= 0)
			return i + 1;
	}
	return 0;
}

static int drain(struct buf *pending, json_stream_fn *fn, void *arg, struct err *e)
{
	size_t n;

	while ((n = json_stream_first((struct slice){ buf_cstr(pending), pending->len }))) {
		_cleanup_arena_ struct arena a = { 0 };
		int r = fn(arg, &a, (struct slice){ pending->data, n }, e);

		if (r)
			return r;
		buf_drop(pending, n);
	}
	if (pending->len > LIMIT_JSON_BYTES)
		return err_set(e, ERR_EXHAUSTED, "a message of the daemon is too long");
	return 0;
}

int json_stream_each(struct http_conn *conn, json_stream_fn *fn, void *arg, struct err *e)
{
	_cleanup_buf_ struct buf pending = { 0 };
	char chunk[CHUNK];
	ssize_t n;
	int r;

	while ((n = http_body_read(conn, chunk, sizeof(chunk), e)) > 0) {
		buf_add(&pending, chunk, (size_t)n);
		r = drain(&pending, fn, arg, e);
		if (r)
			return r;
	}
	return n < 0 ? -1 : 0;
}
