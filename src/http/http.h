/*
 * HTTP/1.1 messages (RFC 9110, RFC 9112): one connection, read by one thread at a time, the same
 * for servers and clients. http-parser does the parsing (conn.c); nobody else sees it.
 *
 * A connection reads a head (request or response), then its body is pulled through http_body_read,
 * whatever its framing. A hijacked connection gives its descriptor away with the bytes already
 * read.
 */
#ifndef HTTP_HTTP_H
#define HTTP_HTTP_H

#include <stdbool.h>
#include <stdint.h>
#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"

struct http_conn;

struct http_header {
	const char *name, *value;
};

struct http_headers {
	size_t n;
	struct http_header *v;
};

/* Case-insensitive; the first of that name, or NULL. */
const char *http_header_get(const struct http_headers *h, const char *name);
/* Does a comma-separated header hold this token (any case)? */
bool http_header_has(const struct http_headers *h, const char *name, const char *token);

struct http_request {
	const char *method;
	const char *target; /* as sent */
	const char *path;   /* of the target, not percent-decoded */
	const char *query;  /* of the target, "" when there is none */
	struct http_headers headers;
	int64_t content_length; /* -1: none given */
	bool chunked;
	bool has_body;
	bool keep_alive;
	const char *upgrade; /* protocol asked for with Connection: Upgrade, or NULL */
};

struct http_response {
	int status;
	struct http_headers headers;
	int64_t content_length;
	bool chunked;
	bool keep_alive;
};

/* Takes the descriptor (blocking). */
struct http_conn *http_conn_new(int fd);
void http_conn_free(struct http_conn *c); /* NULL is fine */
int http_conn_fd(const struct http_conn *c);

/* A limit in milliseconds on each wait for the peer's bytes or room (0: none). */
void http_conn_timeout(struct http_conn *c, int ms);

/* The peer has hung up, or says that it sends no more: who asked for something long has lost interest. */
bool http_peer_gone(const struct http_conn *c);

/* For one who only hears a stream: what he says is thrown away; true when he has hung up. */
bool http_listener_left(int fd);

/* Bytes of the next message are already here. */
bool http_conn_buffered(const struct http_conn *c);

/*
 * Takes what has arrived of the next request, without waiting, and says how far it is: so that a
 * thread is given to those only who have something to be answered.
 */
enum http_arrival {
	HTTP_NOTHING,   /* not a byte */
	HTTP_GONE,      /* the peer has closed */
	HTTP_PART_HEAD, /* it has begun */
	HTTP_PART_BODY, /* the head is here, and of a body that fits into a block a part */
	HTTP_STREAM,    /* the head is here, and a body that must be read as it comes */
	HTTP_WHOLE,     /* nothing has to be waited for */
};
enum http_arrival http_conn_gather(struct http_conn *c);

/*
 * The next request: 1, or 0 when the peer closed between requests, or -1 with the status to answer
 * in *e (ERR_INVALID 400, ERR_EXHAUSTED: head too large). Everything lives in the arena.
 */
int http_read_request(struct http_conn *c, struct arena *a, struct http_request *out, struct err *e)
        must_check;

/* The response to a request with this method (a HEAD response has no body). Skips 1xx but 101. */
int http_read_response(struct http_conn *c, struct arena *a, const char *method,
                       struct http_response *out, struct err *e) must_check;

/* Up to n bytes of the body; 0 at its end. */
ssize_t http_body_read(struct http_conn *c, void *p, size_t n, struct err *e) must_check;

/* Reading the body would not wait: some of it was read with what came before, or it is at its end. */
bool http_body_ready(const struct http_conn *c);

/* The whole body, at most `limit` bytes (more is ERR_EXHAUSTED), NUL-terminated. */
int http_body_all(struct http_conn *c, struct arena *a, size_t limit, struct slice *out,
                  struct err *e) must_check;

/* True when the whole body was read, so that the connection can carry another message. */
bool http_body_done(const struct http_conn *c);

/* Writes bytes as they are; ERR_UNAVAILABLE when the peer is gone. */
int http_write(struct http_conn *c, const void *p, size_t n, struct err *e) must_check;
/* One chunk of a chunked body (nothing for n == 0), and its end. */
int http_write_chunk(struct http_conn *c, const void *p, size_t n, struct err *e) must_check;
int http_write_last_chunk(struct http_conn *c, struct err *e) must_check;

/*
 * Ends HTTP on this connection: returns the descriptor, owned by the caller, and appends to
 * `pending` the bytes that were read behind the head. The connection object stays to be freed.
 */
int http_hijack(struct http_conn *c, struct buf *pending);
bool http_hijacked(const struct http_conn *c);

/* ---- targets ---- */

/* "%41" -> "A". NULL when malformed or when it would hold NUL. '+' is a space in queries only. */
char *http_unescape(struct arena *a, const char *s, size_t n, bool plus_is_space);
/* Appends s with everything but unreserved characters escaped. */
void http_escape(struct buf *b, const char *s);

/* Value of the first `name` in a query string ("" for a bare name), or NULL. */
const char *http_query_get(struct arena *a, const char *query, const char *name);
/* All values of `name`, in order. */
struct strs http_query_all(struct arena *a, const char *query, const char *name);
/* Is every name and value decodable? */
bool http_query_valid(struct arena *a, const char *query);
/* As Docker reads booleans: absent, "", "0", "no", "false", "none" (any case) are false. */
bool http_query_bool(struct arena *a, const char *query, const char *name, bool absent);

const char *http_reason(int status);

#endif
