/* Answers: heads, bodies, streams, hijacking. See server.h. */
#include "base/fd.h"
#include "http/server.h"

#include <strings.h>

void http_reply_header(struct http_reply *r, const char *name, const char *value)
{
	struct http_header h = { arena_strdup(r->arena, name), arena_strdup(r->arena, value) };

	for (size_t i = 0; i < r->headers.n; i++) {
		if (strcasecmp(r->headers.v[i].name, name) == 0) {
			r->headers.v[i] = h;
			return;
		}
	}
	arena_push(r->arena, &r->headers, h);
}

static void add_head(struct buf *b, const struct http_reply *r, int status)
{
	buf_printf(b, "HTTP/1.1 %d %s\r\n", status, http_reason(status));
	for (size_t i = 0; i < r->headers.n; i++)
		buf_printf(b, "%s: %s\r\n", r->headers.v[i].name, r->headers.v[i].value);
}

static int send_buf(struct http_reply *r, const struct buf *b, struct err *e)
{
	if (http_write(r->conn, b->data, b->len, e) < 0) {
		r->broken = true;
		return -1;
	}
	return 0;
}

int http_reply_body(struct http_reply *r, int status, const char *content_type, struct slice body,
                    struct err *e)
{
	bool bodiless = status == 204 || status == 304;
	_cleanup_buf_ struct buf b = { 0 };

	if (content_type && !bodiless)
		http_reply_header(r, "Content-Type", content_type);
	if (!r->request->keep_alive)
		http_reply_header(r, "Connection", "close");
	r->started = true;
	add_head(&b, r, status);
	if (!bodiless)
		buf_printf(&b, "Content-Length: %zu\r\n", body.len);
	buf_adds(&b, "\r\n");
	if (!bodiless && !str_eq(r->request->method, "HEAD"))
		buf_add(&b, body.data, body.len);
	return send_buf(r, &b, e);
}

int http_reply_begin(struct http_reply *r, int status, const char *content_type, struct err *e)
{
	_cleanup_buf_ struct buf b = { 0 };

	if (content_type)
		http_reply_header(r, "Content-Type", content_type);
	http_reply_header(r, "Transfer-Encoding", "chunked");
	if (!r->request->keep_alive)
		http_reply_header(r, "Connection", "close");
	r->started = r->streaming = true;
	add_head(&b, r, status);
	buf_adds(&b, "\r\n");
	return send_buf(r, &b, e);
}

int http_reply_write(struct http_reply *r, const void *p, size_t n, struct err *e)
{
	if (str_eq(r->request->method, "HEAD"))
		return 0;
	if (http_write_chunk(r->conn, p, n, e) < 0) {
		r->broken = true;
		return -1;
	}
	return 0;
}

int http_reply_end(struct http_reply *r, struct err *e)
{
	r->streaming = false;
	if (str_eq(r->request->method, "HEAD"))
		return 0;
	if (http_write_last_chunk(r->conn, e) < 0) {
		r->broken = true;
		return -1;
	}
	return 0;
}

int http_reply_hijack_quietly(struct http_reply *r, const char *content_type, struct buf *head,
                              struct buf *pending)
{
	http_reply_header(r, "Content-Type", content_type);
	if (r->request->upgrade) {
		http_reply_header(r, "Connection", "Upgrade");
		http_reply_header(r, "Upgrade", r->request->upgrade);
	}
	r->started = true;
	add_head(head, r, r->request->upgrade ? 101 : 200);
	buf_adds(head, "\r\n");
	return http_hijack(r->conn, pending);
}

int http_reply_hijack(struct http_reply *r, const char *content_type, struct buf *pending,
                      struct err *e)
{
	_cleanup_buf_ struct buf head = { 0 };
	_cleanup_close_ int fd = http_reply_hijack_quietly(r, content_type, &head, pending);

	return fd_write_all(fd, head.data, head.len, e) < 0 ? -1 : take_fd(&fd);
}

int http_reply_detach(struct http_reply *r, int status, const char *content_type, struct err *e)
{
	_cleanup_buf_ struct buf pipelined = {
		0
	}; /* a client of an endless stream sends no more */

	http_reply_header(r, "Connection", "close");
	if (http_reply_begin(r, status, content_type, e) < 0)
		return -1;
	return http_hijack(r->conn, &pipelined);
}
