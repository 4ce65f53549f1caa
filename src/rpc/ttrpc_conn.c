/* A ttrpc connection in a loop. See ttrpc_conn.h. */
#include "rpc/ttrpc_conn.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>
#include "base/fd.h"
#include "base/limits.h"
#include "base/mem.h"

/* While this much waits to be sent nothing more is read: a peer must take its answers. */
#define MAX_QUEUED LIMIT_TTRPC_MESSAGE

struct ttrpc_conn {
	struct loop *loop;
	struct loop_source *source; /* NULL once closed */
	int fd;
	struct ttrpc_parser parser;
	struct buf out;
	const struct ttrpc_conn_events *events;
	void *arg;
	bool busy; /* in a callback: freeing waits for its return */
	bool dead; /* ttrpc_conn_free was called meanwhile */
};

static void on_socket(void *arg, int fd, uint32_t events);

struct ttrpc_conn *ttrpc_conn_new(struct loop *l, int fd, const struct ttrpc_conn_events *events,
                                  void *arg, struct err *e)
{
	struct ttrpc_conn *c = xnew(struct ttrpc_conn);

	c->loop = l;
	c->fd = fd;
	c->events = events;
	c->arg = arg;
	if (fd_nonblock(fd, true, e) < 0 ||
	    !(c->source = loop_add(l, fd, EPOLLIN, on_socket, c, e))) {
		fd_close(&c->fd);
		free(c);
		return NULL;
	}
	return c;
}

static void stop(struct ttrpc_conn *c)
{
	loop_remove(c->source);
	c->source = NULL;
	fd_close(&c->fd);
}

static void release(struct ttrpc_conn *c)
{
	stop(c);
	ttrpc_parser_free(&c->parser);
	buf_free(&c->out);
	free(c);
}

void ttrpc_conn_free(struct ttrpc_conn *c)
{
	if (!c)
		return;
	if (c->busy)
		c->dead = true;
	else
		release(c);
}

/* Sends what the socket takes. False when the peer is gone. */
static bool push(struct ttrpc_conn *c)
{
	size_t sent = 0;

	while (sent < c->out.len) {
		ssize_t n = send(c->fd, c->out.data + sent, c->out.len - sent, MSG_NOSIGNAL);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno != EAGAIN)
			return false;
		if (n < 0)
			break;
		sent += (size_t)n;
	}
	if (sent == c->out.len)
		buf_free(&c->out);
	else
		buf_drop(&c->out, sent);
	return true;
}

static void watch(struct ttrpc_conn *c)
{
	uint32_t in = c->out.len < MAX_QUEUED ? EPOLLIN : 0;

	if (c->source && loop_modify(c->source, in | (c->out.len ? EPOLLOUT : 0), NULL) < 0)
		stop(c);
}

/* Hands out the frames that are complete; a callback may free or stop the connection. */
static void deliver(struct ttrpc_conn *c)
{
	struct ttrpc_frame f;

	while (!c->dead && c->source && ttrpc_parser_next(&c->parser, &f))
		c->events->on_frame(c->arg, &f);
}

/* False when the peer is gone. */
static bool pull(struct ttrpc_conn *c)
{
	char data[8192];
	ssize_t n = recv(c->fd, data, sizeof(data), 0);

	if (n < 0)
		return errno == EAGAIN || errno == EINTR;
	if (n == 0)
		return false;
	ttrpc_parser_feed(&c->parser, data, (size_t)n);
	deliver(c);
	return true;
}

static void on_socket(void *arg, unused_arg int fd, uint32_t events)
{
	struct ttrpc_conn *c = arg;
	bool alive = true;

	c->busy = true;
	if (events & EPOLLOUT)
		alive = push(c);
	if (alive && (events & (EPOLLIN | EPOLLHUP | EPOLLERR)))
		alive = pull(c);
	if (!alive && !c->dead && c->source) {
		stop(c);
		c->events->on_close(c->arg);
	}
	c->busy = false;
	if (c->dead)
		release(c);
	else
		watch(c);
}

void ttrpc_conn_send(struct ttrpc_conn *c, uint32_t stream, enum ttrpc_type type, struct slice data)
{
	if (!c->source)
		return;
	ttrpc_frame_append(&c->out, stream, type, data);
	/* A peer that is gone shows in the loop, where the owner expects to be told. */
	if (push(c))
		watch(c);
}

void ttrpc_conn_flush(struct ttrpc_conn *c, int timeout_ms)
{
	struct pollfd p = { .fd = c->fd, .events = POLLOUT };

	while (c->source && c->out.len && poll(&p, 1, timeout_ms) > 0 && push(c))
		;
}
