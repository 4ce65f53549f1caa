/*
 * One HTTP/1.1 connection over http-parser. See http.h.
 *
 * Input is read into a fixed block and parsed at once; the callbacks collect the head in the
 * caller's arena and body bytes in `body`, which therefore never holds more than one block.
 */
#include "http/conn.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>
#include "base/fd.h"
#include "base/limits.h"
#include "base/mem.h"

struct http_conn *http_conn_new(int fd)
{
	struct http_conn *c = xalloc(sizeof(*c));
	int type;
	socklen_t len = sizeof(type);

	c->fd = fd;
	c->message_done = true;
	c->is_socket = getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &len) == 0;
	return c;
}

void http_conn_free(struct http_conn *c)
{
	if (!c)
		return;
	fd_close(&c->fd);
	buf_free(&c->body);
	buf_free(&c->target);
	buf_free(&c->name);
	buf_free(&c->value);
	free(c);
}

int http_conn_fd(const struct http_conn *c)
{
	return c->fd;
}

void http_conn_timeout(struct http_conn *c, int ms)
{
	c->timeout_ms = ms;
}

bool http_peer_gone(const struct http_conn *c)
{
	struct pollfd p = { .fd = c->fd, .events = POLLRDHUP };

	return poll(&p, 1, 0) > 0;
}

bool http_listener_left(int fd)
{
	char block[256];
	ssize_t n = recv(fd, block, sizeof(block), MSG_DONTWAIT);

	return n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR);
}

bool http_conn_buffered(const struct http_conn *c)
{
	return c->in_pos < c->in_len;
}

bool http_body_ready(const struct http_conn *c)
{
	return c->message_done || c->body_pos < c->body.len;
}

bool http_body_done(const struct http_conn *c)
{
	return c->message_done && c->body_pos == c->body.len;
}

bool http_hijacked(const struct http_conn *c)
{
	return c->hijacked;
}

int http_hijack(struct http_conn *c, struct buf *pending)
{
	buf_add(pending, buf_cstr(&c->body) + c->body_pos, c->body.len - c->body_pos);
	buf_add(pending, c->in + c->in_pos, c->in_len - c->in_pos);
	c->hijacked = true;
	return take_fd(&c->fd);
}

/* ---- parser callbacks ---- */

static int head_grows(struct http_conn *c, size_t n)
{
	c->head_bytes += n;
	return c->head_bytes > LIMIT_HTTP_HEAD || c->headers.n > LIMIT_HTTP_HEADERS ? -1 : 0;
}

/* RFC 9110 5.6.2: what the name of a header may be made of. The parser lets some more through. */
static bool is_token(const char *s, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!isalnum((unsigned char)s[i]) && !strchr("!#$%&'*+-.^_`|~", s[i]))
			return false;
	return n > 0;
}

static void header_finish(struct http_conn *c)
{
	struct http_header h;

	if (c->part == PART_NONE)
		return;
	c->bad_name |= !is_token(buf_cstr(&c->name), c->name.len);
	h.name = arena_strndup(c->arena, buf_cstr(&c->name), c->name.len);
	h.value = arena_strndup(c->arena, buf_cstr(&c->value), c->value.len);
	arena_push(c->arena, &c->headers, h);
	buf_reset(&c->name);
	buf_reset(&c->value);
	c->part = PART_NONE;
}

static int on_url(http_parser *p, const char *at, size_t n)
{
	struct http_conn *c = p->data;

	buf_add(&c->target, at, n);
	return head_grows(c, n);
}

static int on_header_field(http_parser *p, const char *at, size_t n)
{
	struct http_conn *c = p->data;

	if (c->part == PART_VALUE)
		header_finish(c);
	c->part = PART_NAME;
	buf_add(&c->name, at, n);
	return head_grows(c, n);
}

static int on_header_value(http_parser *p, const char *at, size_t n)
{
	struct http_conn *c = p->data;

	c->part = PART_VALUE;
	buf_add(&c->value, at, n);
	return head_grows(c, n);
}

static int on_headers_complete(http_parser *p)
{
	struct http_conn *c = p->data;

	header_finish(c);
	c->head_done = true;
	return c->skip_body ? 1 : 0;
}

static int on_body(http_parser *p, const char *at, size_t n)
{
	struct http_conn *c = p->data;

	buf_add(&c->body, at, n);
	return 0;
}

static int on_message_complete(http_parser *p)
{
	struct http_conn *c = p->data;

	c->message_done = true;
	http_parser_pause(p, 1);
	return 0;
}

static const http_parser_settings settings = {
	.on_url = on_url,
	.on_header_field = on_header_field,
	.on_header_value = on_header_value,
	.on_headers_complete = on_headers_complete,
	.on_body = on_body,
	.on_message_complete = on_message_complete,
};

/* ---- reading ---- */

static int wait_for(struct http_conn *c, short events, struct err *e)
{
	struct pollfd p = { .fd = c->fd, .events = events };
	int r;

	if (c->timeout_ms == 0)
		return 0;
	do
		r = poll(&p, 1, c->timeout_ms);
	while (r < 0 && errno == EINTR);
	if (r < 0)
		return err_errno(e, errno, "wait for the peer");
	if (r == 0)
		return err_set(e, ERR_DEADLINE, "the peer did not answer within %d ms",
		               c->timeout_ms);
	return 0;
}

/* Fills the input block when it is empty. Returns 0 at end of file. */
static int fill(struct http_conn *c, struct err *e)
{
	ssize_t k;

	if (c->in_pos < c->in_len)
		return 1;
	if (wait_for(c, POLLIN, e) < 0)
		return -1;
	do
		k = read(c->fd, c->in, sizeof(c->in));
	while (k < 0 && errno == EINTR);
	if (k < 0)
		return err_errno(e, errno, "read from the peer");
	c->in_pos = 0;
	c->in_len = (size_t)k;
	c->at_eof = k == 0;
	return k > 0;
}

/* Runs the parser over what is buffered (or over the end of file). */
static int parse(struct http_conn *c, struct err *e)
{
	size_t n = c->in_len - c->in_pos, done;
	enum http_errno why;

	done = http_parser_execute(&c->parser, &settings, c->in + c->in_pos, n);
	why = HTTP_PARSER_ERRNO(&c->parser);
	c->in_pos += MIN(done, n);
	if (why == HPE_OK || why == HPE_PAUSED)
		return 0;
	if (c->head_bytes > LIMIT_HTTP_HEAD || c->headers.n > LIMIT_HTTP_HEADERS ||
	    why == HPE_HEADER_OVERFLOW)
		return err_set(e, ERR_EXHAUSTED, "HTTP head too large");
	return err_set(e, ERR_INVALID, "malformed HTTP: %s", http_errno_description(why));
}

static void message_begin(struct http_conn *c, struct arena *a, enum http_parser_type type)
{
	http_parser_init(&c->parser, type);
	c->parser.data = c;
	c->arena = a;
	c->part = PART_NONE;
	c->head_bytes = 0;
	c->headers = (struct http_headers){ 0 };
	c->head_done = c->message_done = c->bad_name = false;
	buf_reset(&c->target);
	buf_reset(&c->name);
	buf_reset(&c->value);
	buf_reset(&c->body);
	c->body_pos = 0;
}

/* 1 when a head is there, 0 at a clean end of file before its first byte. */
static int read_head(struct http_conn *c, struct arena *a, enum http_parser_type type,
                     struct err *e)
{
	bool any = http_conn_buffered(c);

	message_begin(c, a, type);
	while (!c->head_done) {
		int r = fill(c, e);

		if (r < 0)
			return -1;
		if (r == 0 && !any)
			return 0;
		if (r == 0)
			return err_set(e, ERR_UNAVAILABLE,
			               "the peer closed the connection within a head");
		any = true;
		if (parse(c, e) < 0)
			return -1;
	}
	return 1;
}

static int64_t length_of(const struct http_conn *c)
{
	const char *s = http_header_get(&c->headers, "Content-Length");
	uint64_t n;

	return s && str_u64(s, &n) && n <= INT64_MAX ? (int64_t)n : -1;
}

int http_read_request(struct http_conn *c, struct arena *a, struct http_request *out, struct err *e)
{
	const char *mark;
	int r;

	c->skip_body = false;
	r = read_head(c, a, HTTP_REQUEST, e);
	if (r <= 0)
		return r;
	*out = (struct http_request){
		.method = http_method_str(c->parser.method),
		.target = arena_strndup(a, c->target.data, c->target.len),
		.headers = c->headers,
		.content_length = length_of(c),
		.chunked = http_header_has(&c->headers, "Transfer-Encoding", "chunked"),
		.keep_alive = http_should_keep_alive(&c->parser),
	};
	if (c->bad_name)
		return err_set(e, ERR_INVALID, "malformed HTTP: invalid name of a header");
	if (c->parser.http_major != 1)
		return err_set(e, ERR_INVALID, "malformed HTTP: version %u.%u is not spoken",
		               c->parser.http_major, c->parser.http_minor);
	if (out->target[0] != '/' && !str_eq(out->target, "*"))
		return err_set(e, ERR_INVALID, "malformed HTTP: the target is not a path");
	if (http_header_has(&c->headers, "Connection", "upgrade"))
		out->upgrade = http_header_get(&c->headers, "Upgrade");
	mark = strchr(out->target, '?');
	out->path =
	        mark ? arena_strndup(a, out->target, (size_t)(mark - out->target)) : out->target;
	out->query = mark ? mark + 1 : "";
	out->has_body = out->chunked || out->content_length > 0;
	return 1;
}

int http_read_response(struct http_conn *c, struct arena *a, const char *method,
                       struct http_response *out, struct err *e)
{
	int r;

	c->skip_body = str_eq(method, "HEAD");
	do
		r = read_head(c, a, HTTP_RESPONSE, e);
	while (r > 0 && c->parser.status_code / 100 == 1 && c->parser.status_code != 101);
	if (r == 0)
		return err_set(e, ERR_UNAVAILABLE,
		               "the peer closed the connection without an answer");
	if (r < 0)
		return -1;
	*out = (struct http_response){
		.status = c->parser.status_code,
		.headers = c->headers,
		.content_length = length_of(c),
		.chunked = http_header_has(&c->headers, "Transfer-Encoding", "chunked"),
		.keep_alive = http_should_keep_alive(&c->parser),
	};
	return 0;
}

ssize_t http_body_read(struct http_conn *c, void *p, size_t n, struct err *e)
{
	size_t have;

	while (c->body_pos == c->body.len && !c->message_done) {
		int r;

		buf_reset(&c->body);
		c->body_pos = 0;
		r = fill(c, e);
		if (r < 0)
			return -1;
		if (parse(c, e) < 0) /* at end of file: ends a body that runs until then */
			return -1;
		if (r == 0 && !c->message_done)
			return err_set(e, ERR_UNAVAILABLE,
			               "the peer closed the connection within a body");
	}
	have = MIN(n, c->body.len - c->body_pos);
	if (have)
		memcpy(p, c->body.data + c->body_pos, have);
	c->body_pos += have;
	return (ssize_t)have;
}

int http_body_all(struct http_conn *c, struct arena *a, size_t limit, struct slice *out,
                  struct err *e)
{
	_cleanup_buf_ struct buf b = { 0 };

	for (;;) {
		ssize_t k;

		buf_reserve(&b, 4096);
		k = http_body_read(c, b.data + b.len, b.cap - b.len - 1, e);
		if (k < 0)
			return -1;
		if (k == 0)
			break;
		b.len += (size_t)k;
		if (b.len > limit)
			return err_set(e, ERR_EXHAUSTED, "body larger than %zu bytes", limit);
	}
	out->data = arena_strndup(a, b.data, b.len);
	out->len = b.len;
	return 0;
}

/* ---- writing ---- */

static int write_some(struct http_conn *c, const void *p, size_t n, size_t *done, struct err *e)
{
	ssize_t k;

	if (wait_for(c, POLLOUT, e) < 0)
		return -1;
	k = c->is_socket ? send(c->fd, p, n, MSG_NOSIGNAL) : write(c->fd, p, n);
	if (k < 0 && errno != EINTR)
		return err_errno(e, errno, "write to the peer");
	*done = k < 0 ? 0 : (size_t)k;
	return 0;
}

int http_write(struct http_conn *c, const void *p, size_t n, struct err *e)
{
	const char *s = p;

	while (n > 0) {
		size_t done = 0;

		if (write_some(c, s, n, &done, e) < 0)
			return -1;
		s += done;
		n -= done;
	}
	return 0;
}

int http_write_chunk(struct http_conn *c, const void *p, size_t n, struct err *e)
{
	_cleanup_buf_ struct buf b = { 0 };

	if (n == 0)
		return 0;
	buf_printf(&b, "%zx\r\n", n);
	buf_add(&b, p, n);
	buf_adds(&b, "\r\n");
	return http_write(c, b.data, b.len, e);
}

int http_write_last_chunk(struct http_conn *c, struct err *e)
{
	return http_write(c, "0\r\n\r\n", 5, e);
}
