/*
 * How much of a request has arrived, told from the bytes in the block alone. See http_conn_gather.
 * The parser judges later; a head that lies here costs its sender a thread of the lane for streams.
 */
#include "http/conn.h"

#include <ctype.h>
#include <errno.h>
#include <strings.h>
#include <sys/socket.h>

/* Behind the empty line that ends a head, or NULL. Line ends may be bare. */
static const char *head_end(const char *s, size_t n)
{
	for (const char *at = s; (at = memchr(at, '\n', (size_t)(s + n - at))); at++) {
		size_t left = (size_t)(s + n - at);

		if (left >= 2 && at[1] == '\n')
			return at + 2;
		if (left >= 3 && at[1] == '\r' && at[2] == '\n')
			return at + 3;
	}
	return NULL;
}

/* The value of a header's line, when the line is that header's. */
static const char *value_in(const char *line, const char *end, const char *name)
{
	size_t n = strlen(name);

	return (size_t)(end - line) > n && line[n] == ':' && strncasecmp(line, name, n) == 0
	               ? line + n + 1
	               : NULL;
}

static enum http_arrival judge(const char *head, const char *body, size_t have, size_t room)
{
	size_t length = 0;

	for (const char *line = head, *next; line < body; line = next) {
		const char *value;

		next = memchr(line, '\n', (size_t)(body - line));
		next = next ? next + 1 : body;
		if (value_in(line, next, "Transfer-Encoding") || value_in(line, next, "Expect"))
			return HTTP_STREAM;
		value = value_in(line, next, "Content-Length");
		if (value)
			length = strtoul(value, NULL, 10);
	}
	if (length > room)
		return HTTP_STREAM;
	return have >= length ? HTTP_WHOLE : HTTP_PART_BODY;
}

/* Moves what is not parsed to the front and takes what is there. */
static ssize_t take(struct http_conn *c)
{
	ssize_t n;

	memmove(c->in, c->in + c->in_pos, c->in_len - c->in_pos);
	c->in_len -= c->in_pos;
	c->in_pos = 0;
	if (c->in_len == sizeof(c->in))
		return 1;
	do
		n = recv(c->fd, c->in + c->in_len, sizeof(c->in) - c->in_len, MSG_DONTWAIT);
	while (n < 0 && errno == EINTR);
	c->in_len += n > 0 ? (size_t)n : 0;
	return n;
}

enum http_arrival http_conn_gather(struct http_conn *c)
{
	ssize_t n = take(c);
	const char *body;

	if (n < 0 && errno != EAGAIN)
		return HTTP_GONE;
	if (c->in_len == 0)
		return n == 0 ? HTTP_GONE : HTTP_NOTHING;
	if (n == 0)
		return HTTP_WHOLE; /* all that will ever come */
	if (!isalpha((unsigned char)c->in[0]) && c->in[0] != '\r' && c->in[0] != '\n')
		return HTTP_WHOLE; /* no method begins like that, TLS does: the parser refuses it */
	body = head_end(c->in, c->in_len);
	if (!body)
		return c->in_len == sizeof(c->in) ? HTTP_STREAM : HTTP_PART_HEAD;
	return judge(c->in, body, c->in_len - (size_t)(body - c->in),
	             sizeof(c->in) - (size_t)(body - c->in));
}
