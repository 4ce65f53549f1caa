/*
 * The server's threads. See server.h.
 *
 * Owned by the loop's thread: listeners, idle connections, the queue, the count of threads. A
 * connection that is being served belongs to its thread; it comes back through loop_post.
 */
#include "http/server.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>
#include "base/fd.h"
#include "base/mem.h"

#define STACK_BYTES     (256 * 1024)
#define HEAD_TIMEOUT_MS 30000 /* for a head, from its first byte to its last */
#define BODY_GRACE_MS   1000  /* for a small body to arrive behind its head */
#define DISCARD_LIMIT   (256 * 1024)
#define ACCEPT_PAUSE_MS 100

struct listener {
	struct http_server *server;
	int fd;
	struct loop_source *source;
	struct listener *next;
};

/*
 * Requests that are here as a whole, and those whose bytes must be waited for, have threads of
 * their own: who sends slowly waits for others who do.
 */
enum lane_name { LANE_WHOLE, LANE_SLOW, LANES };

struct lane {
	unsigned threads, max;
	struct peer *head, *tail; /* wait for a thread */
};

struct peer {
	struct http_server *server;
	struct http_conn *conn;
	struct loop_source *source; /* while idle */
	struct loop_source *timer;  /* while a request has arrived in part */
	enum lane_name lane;        /* while it is served */
	struct peer *prev, *next;   /* idle list or queue */
	bool reuse;
};

struct http_server {
	struct loop *loop;
	http_handler *handler;
	void *user;
	bool stopped;
	struct lane lanes[LANES];
	struct listener *listeners;
	struct peer *idle;
};

static void peer_start(struct peer *p);

static void peer_free(struct peer *p)
{
	http_conn_free(p->conn);
	free(p);
}

/* ---- in a connection's thread ---- */

/* Reads away a small rest of the body, so that the next request can be found. */
static bool discard_body(struct http_conn *c)
{
	char block[4096];

	for (size_t got = 0; got < DISCARD_LIMIT;) {
		ssize_t k = http_body_read(c, block, sizeof(block), NULL);

		if (k < 0)
			return false;
		if (k == 0)
			return http_body_done(c);
		got += (size_t)k;
	}
	return false;
}

static void refuse(struct http_conn *c, const struct err *e)
{
	_cleanup_buf_ struct buf b = { 0 };
	int status = e->kind == ERR_EXHAUSTED ? 431 : 400;

	if (e->kind != ERR_INVALID && e->kind != ERR_EXHAUSTED)
		return; /* the peer is gone or silent: nobody to tell */
	buf_printf(&b,
	           "HTTP/1.1 %d %s\r\nContent-Type: text/plain; charset=utf-8\r\n"
	           "Connection: close\r\n\r\n%d %s: %s\n",
	           status, http_reason(status), status, http_reason(status), e->text);
	if (http_write(c, b.data, b.len, NULL) < 0)
		return;
}

static void answer(struct peer *p, struct arena *a, struct http_request *req, bool *reuse)
{
	struct http_reply reply = { .conn = p->conn, .request = req, .arena = a };

	if (http_header_has(&req->headers, "Expect", "100-continue") &&
	    http_write(p->conn, "HTTP/1.1 100 Continue\r\n\r\n", 25, NULL) < 0)
		return;
	p->server->handler(p->server->user, req, &reply);
	if (http_hijacked(p->conn))
		return;
	if (!reply.started &&
	    http_reply_body(&reply, 500, "text/plain", slice_of("no answer\n"), NULL) < 0)
		return;
	*reuse = !reply.broken && !reply.streaming && !reply.close && req->keep_alive &&
	         discard_body(p->conn);
}

/* One request; true when the connection can carry another one. */
static bool serve_one(struct peer *p)
{
	_cleanup_arena_ struct arena a = { 0 };
	struct http_request req;
	struct err e = { 0 };
	bool reuse = false;
	int r;

	http_conn_timeout(p->conn, HEAD_TIMEOUT_MS);
	r = http_read_request(p->conn, &a, &req, &e);
	http_conn_timeout(p->conn, 0);
	if (r < 0)
		refuse(p->conn, &e);
	if (r > 0)
		answer(p, &a, &req, &reuse);
	return reuse;
}

static void peer_returns(void *arg);

static void *peer_thread(void *arg)
{
	struct peer *p = arg;

	do
		p->reuse = serve_one(p);
	while (p->reuse && http_conn_gather(p->conn) == HTTP_WHOLE);
	loop_post(p->server->loop, peer_returns, p);
	return NULL;
}

/* ---- in the loop's thread ---- */

static void idle_remove(struct peer *p)
{
	struct http_server *s = p->server;

	if (p->prev)
		p->prev->next = p->next;
	else
		s->idle = p->next;
	if (p->next)
		p->next->prev = p->prev;
	p->prev = p->next = NULL;
	loop_remove(p->source);
	loop_remove(p->timer);
	p->source = p->timer = NULL;
}

static void serve_in(struct peer *p, enum lane_name lane)
{
	idle_remove(p);
	p->lane = lane;
	peer_start(p);
}

static void drop(struct peer *p)
{
	idle_remove(p);
	peer_free(p);
}

/* Its time is over: a body may still come, slowly; a head should be here. */
static void on_late(void *arg)
{
	struct peer *p = arg;

	p->timer = NULL;
	if (http_conn_gather(p->conn) == HTTP_PART_HEAD)
		drop(p);
	else
		serve_in(p, LANE_SLOW);
}

static void wait_for_more(struct peer *p, int64_t ms)
{
	if (!p->timer)
		p->timer = loop_timer(p->server->loop, ms, on_late, p);
}

/* What has arrived decides who serves it, if anybody does yet. */
static void consider(struct peer *p)
{
	switch (http_conn_gather(p->conn)) {
	case HTTP_NOTHING:
		return;
	case HTTP_GONE:
		drop(p);
		return;
	case HTTP_PART_HEAD:
		wait_for_more(p, HEAD_TIMEOUT_MS);
		return;
	case HTTP_PART_BODY:
		wait_for_more(p, BODY_GRACE_MS);
		return;
	case HTTP_STREAM:
		serve_in(p, LANE_SLOW);
		return;
	case HTTP_WHOLE:
		serve_in(p, LANE_WHOLE);
		return;
	}
}

static void on_readable(void *arg, unused_arg int fd, unused_arg uint32_t events)
{
	consider(arg);
}

static void idle_add(struct peer *p)
{
	struct http_server *s = p->server;

	p->source = loop_add(s->loop, http_conn_fd(p->conn), EPOLLIN, on_readable, p, NULL);
	if (!p->source) {
		peer_free(p);
		return;
	}
	p->next = s->idle;
	if (s->idle)
		s->idle->prev = p;
	s->idle = p;
	consider(p); /* bytes may be here which epoll tells nobody of */
}

static void enqueue(struct lane *l, struct peer *p)
{
	if (l->tail)
		l->tail->next = p;
	else
		l->head = p;
	l->tail = p;
}

static void start_queued(struct lane *l)
{
	struct peer *p = l->head;

	if (!p || l->threads >= l->max)
		return;
	l->head = p->next;
	if (!l->head)
		l->tail = NULL;
	p->next = NULL;
	peer_start(p);
}

static void peer_returns(void *arg)
{
	struct peer *p = arg;
	struct http_server *s = p->server;
	struct lane *l = &s->lanes[p->lane];

	l->threads--;
	if (p->reuse && !s->stopped)
		idle_add(p);
	else
		peer_free(p);
	start_queued(l);
}

static void peer_start(struct peer *p)
{
	struct lane *l = &p->server->lanes[p->lane];
	pthread_attr_t attr;
	pthread_t thread;

	if (l->threads >= l->max) {
		enqueue(l, p);
		return;
	}
	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, STACK_BYTES);
	pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
	if (pthread_create(&thread, &attr, peer_thread, p) == 0)
		l->threads++;
	else
		peer_free(p);
	pthread_attr_destroy(&attr);
}

void http_server_adopt(struct http_server *s, int fd)
{
	struct peer *p = xalloc(sizeof(*p));

	p->server = s;
	p->conn = http_conn_new(fd);
	idle_add(p);
}

static void accept_again(void *arg)
{
	struct listener *l = arg;

	if (l->source && loop_modify(l->source, EPOLLIN, NULL) < 0)
		return; /* cannot happen: the descriptor is ours and open */
}

static void on_accept(void *arg, int fd, unused_arg uint32_t events)
{
	struct listener *l = arg;
	int conn = accept4(fd, NULL, NULL, SOCK_CLOEXEC);

	if (conn < 0) {
		/* Out of descriptors: pause instead of spinning on a listener that stays ready. */
		if ((errno == EMFILE || errno == ENFILE) && loop_modify(l->source, 0, NULL) == 0)
			loop_timer(l->server->loop, ACCEPT_PAUSE_MS, accept_again, l);
		return;
	}
	http_server_adopt(l->server, conn);
}

struct http_server *http_server_new(struct loop *l, http_handler *fn, void *user,
                                    unsigned max_threads)
{
	struct http_server *s = xalloc(sizeof(*s));

	s->loop = l;
	s->handler = fn;
	s->user = user;
	s->lanes[LANE_WHOLE].max = max_threads / 2;
	s->lanes[LANE_SLOW].max = max_threads / 2;
	return s;
}

int http_server_listen(struct http_server *s, int fd, struct err *e)
{
	struct listener *l = xalloc(sizeof(*l));

	l->server = s;
	l->fd = fd;
	l->source = loop_add(s->loop, fd, EPOLLIN, on_accept, l, e);
	if (!l->source) {
		close(fd);
		free(l);
		return -1;
	}
	l->next = s->listeners;
	s->listeners = l;
	return 0;
}

void http_server_stop(struct http_server *s)
{
	struct peer *p;

	s->stopped = true;
	for (struct listener *l = s->listeners; l; l = l->next) {
		loop_remove(l->source);
		l->source = NULL;
		fd_close(&l->fd);
	}
	while ((p = s->idle)) {
		idle_remove(p);
		peer_free(p);
	}
}

void http_server_free(struct http_server *s)
{
	for (struct listener *l = s->listeners, *next; l; l = next) {
		next = l->next;
		free(l);
	}
	free(s);
}
