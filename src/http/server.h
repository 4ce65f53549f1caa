/*
 * An HTTP/1.1 server: the loop's thread watches listeners and idle connections, and gathers what
 * arrives; once there is a request to be answered, a thread serves it, straight through, and gives the
 * connection back to the loop or gives it away (hijack). When all threads are busy, further requests
 * wait their turn; those that must still be waited for have half of the threads, so that no number
 * of slow clients keeps the others from being answered.
 */
#ifndef HTTP_SERVER_H
#define HTTP_SERVER_H

#include "base/loop.h"
#include "http/http.h"

struct http_server;

/* Where the answer to one request is written. Valid while the handler runs. */
struct http_reply {
	struct http_conn *conn;
	const struct http_request *request;
	struct arena *arena;         /* of the request */
	struct http_headers headers; /* added to by http_reply_header before the head is sent */
	bool started, streaming, broken, close;
};

/*
 * Answers one request in a thread of its own. A handler that answers nothing is answered 500 for.
 * The body that a handler leaves unread is discarded when it is small; else the connection closes.
 */
typedef void http_handler(void *user, struct http_request *req, struct http_reply *reply);

struct http_server *http_server_new(struct loop *l, http_handler *fn, void *user,
                                    unsigned max_threads);
/* Takes a listening socket. */
int http_server_listen(struct http_server *s, int fd, struct err *e) must_check;
/* Takes a connection that somebody else has accepted. From the loop's thread. */
void http_server_adopt(struct http_server *s, int fd);
/* Closes listeners and idle connections; running handlers end by themselves. */
void http_server_stop(struct http_server *s);
/* After http_server_stop, when no handler runs any more. */
void http_server_free(struct http_server *s);

/* Both strings are copied. A header of the same name is replaced. */
void http_reply_header(struct http_reply *r, const char *name, const char *value);

/* The whole answer: status, headers so far, Content-Length and body (none for 204, 304, HEAD). */
int http_reply_body(struct http_reply *r, int status, const char *content_type, struct slice body,
                    struct err *e) must_check;

/* A body of unknown length: the head now (chunked), then pieces that are sent at once, then the
 * end. */
int http_reply_begin(struct http_reply *r, int status, const char *content_type, struct err *e)
        must_check;
int http_reply_write(struct http_reply *r, const void *p, size_t n, struct err *e) must_check;
int http_reply_end(struct http_reply *r, struct err *e) must_check;

/*
 * Sends "101 UPGRADED" (when the client asked to upgrade) or "200 OK" with this content type, and
 * gives the connection away: the descriptor belongs to the caller, `pending` gets the bytes that
 * the client has already sent behind its request.
 */
int http_reply_hijack(struct http_reply *r, const char *content_type, struct buf *pending,
                      struct err *e) must_check;
/* The same without sending: the head is appended to `head`, for the caller to send when he is ready. */
int http_reply_hijack_quietly(struct http_reply *r, const char *content_type, struct buf *head,
                              struct buf *pending);

/*
 * As http_reply_begin, then gives the descriptor away for a stream that outlives the handler: the
 * caller writes chunks of its own (events, logs -f, stats) and closes it.
 */
int http_reply_detach(struct http_reply *r, int status, const char *content_type, struct err *e)
        must_check;

#endif
