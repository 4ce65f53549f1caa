/*
 * TCP forwarding. A relay is two sockets and two pipes; bytes are spliced through the kernel and
 * never copied here. Each direction ends by itself: when its source has ended and its pipe is empty,
 * the target's sending side is shut down (half-close), and the relay is gone when both are done.
 */
#include "proxy/forward.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <unistd.h>
#include "base/fd.h"
#include "base/mem.h"

#define CHUNK        (64 * 1024)
#define CONNECT_MS   10000
#define ACCEPT_BATCH 16
#define PAUSE_MS     100 /* without accepting, when descriptors run out */

struct relay;

struct direction {
	int pipe[2];
	size_t in_pipe;
	bool source_ended, done;
	bool full; /* a pipe may be out of slots before it is out of bytes: wait until it is empty */
};

struct side {
	struct relay *relay;
	int fd;
	struct loop_source *source;
	uint32_t events;
};

struct relay {
	struct tcp_forward *owner;
	struct side side[2];     /* client, container */
	struct direction way[2]; /* from side[i] to side[1 - i] */
	bool connected;
	struct loop_source *timer; /* while connecting */
	struct relay *prev, *next;
};

struct tcp_forward {
	struct loop *loop;
	int fd;
	struct loop_source *source;
	struct loop_source *pause; /* its end, while there is one */
	struct port_address to;
	struct relay *relays;
};

static void relay_free(struct relay *r)
{
	if (r->prev)
		r->prev->next = r->next;
	else
		r->owner->relays = r->next;
	if (r->next)
		r->next->prev = r->prev;
	loop_remove(r->timer);
	for (int i = 0; i < 2; i++) {
		loop_remove(r->side[i].source);
		fd_close(&r->side[i].fd);
		fd_close(&r->way[i].pipe[0]);
		fd_close(&r->way[i].pipe[1]);
	}
	free(r);
}

/* Fills the pipe from the source. False when the relay is broken. */
static bool take_in(struct direction *d, int from)
{
	ssize_t n;

	if (d->source_ended || d->full || d->in_pipe >= CHUNK)
		return true;
	n = splice(from, NULL, d->pipe[1], NULL, CHUNK - d->in_pipe,
	           SPLICE_F_MOVE | SPLICE_F_NONBLOCK);
	if (n < 0) {
		d->full = d->in_pipe > 0;
		return errno == EAGAIN || errno == EINTR;
	}
	d->source_ended = n == 0;
	d->in_pipe += (size_t)n;
	return true;
}

/* Empties the pipe into the target. */
static bool give_out(struct direction *d, int to)
{
	while (d->in_pipe > 0) {
		ssize_t n = splice(d->pipe[0], NULL, to, NULL, d->in_pipe,
		                   SPLICE_F_MOVE | SPLICE_F_NONBLOCK);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return errno == EAGAIN;
		d->in_pipe -= (size_t)n;
	}
	d->full = false;
	if (d->source_ended && !d->done) {
		shutdown(to, SHUT_WR);
		d->done = true;
	}
	return true;
}

/* What each side must wait for, given what is in the pipes. */
static bool watch_side(struct relay *r, int i)
{
	struct side *s = &r->side[i];
	uint32_t events = 0;

	/* Nothing more to read or write here: a hang-up would be reported for ever. */
	if (r->way[i].source_ended && r->way[1 - i].done) {
		loop_remove(s->source);
		s->source = NULL;
	}
	if (!s->source)
		return true;
	if (!r->way[i].source_ended && !r->way[i].full && r->way[i].in_pipe < CHUNK)
		events |= EPOLLIN;
	if (r->way[1 - i].in_pipe > 0)
		events |= EPOLLOUT;
	if (events == s->events)
		return true;
	s->events = events;
	return loop_modify(s->source, events, NULL) == 0;
}

static bool move(struct relay *r, int i)
{
	struct direction *d = &r->way[i];

	return take_in(d, r->side[i].fd) && give_out(d, r->side[1 - i].fd);
}

static bool finish_connect(struct relay *r)
{
	int error = 0;
	socklen_t len = sizeof(error);

	if (getsockopt(r->side[1].fd, SOL_SOCKET, SO_ERROR, &error, &len) < 0 || error)
		return false;
	r->connected = true;
	loop_remove(r->timer);
	r->timer = NULL;
	return true;
}

static void on_side(void *arg, unused_arg int fd, uint32_t events)
{
	struct side *s = arg;
	struct relay *r = s->relay;
	bool ok = true;

	if (!r->connected) {
		if (s == &r->side[0]) /* the client hung up before we got through */
			ok = !(events & (EPOLLHUP | EPOLLERR));
		else
			ok = finish_connect(r);
	}
	if (ok && r->connected)
		ok = move(r, 0) && move(r, 1);
	if (ok && r->connected)
		ok = !(r->way[0].done && r->way[1].done) && watch_side(r, 0) && watch_side(r, 1);
	/* A reset of one side while nothing of it is left to deliver. */
	if (ok && (events & EPOLLERR))
		ok = false;
	if (!ok)
		relay_free(r);
}

static void on_connect_timeout(void *arg)
{
	struct relay *r = arg;

	r->timer = NULL;
	relay_free(r);
}

static int dial(const struct port_address *to)
{
	int one = 1;
	int fd = socket(to->sa.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0)
		return -1;
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	if (connect(fd, (const struct sockaddr *)&to->sa, to->len) < 0 && errno != EINPROGRESS)
		fd_close(&fd);
	return fd;
}

static struct relay *relay_new(struct tcp_forward *f, int client)
{
	struct relay *r = xalloc(sizeof(*r));

	r->owner = f;
	r->next = f->relays;
	if (f->relays)
		f->relays->prev = r;
	f->relays = r;
	for (int i = 0; i < 2; i++) {
		r->side[i] = (struct side){ .relay = r, .fd = -1 };
		r->way[i].pipe[0] = r->way[i].pipe[1] = -1;
	}
	r->side[0].fd = client;
	return r;
}

/* Takes an accepted connection. */
static void relay_start(struct tcp_forward *f, int client)
{
	struct relay *r = relay_new(f, client);
	int one = 1;

	setsockopt(client, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	r->side[1].fd = dial(&f->to);
	if (r->side[1].fd < 0 || pipe2(r->way[0].pipe, O_CLOEXEC | O_NONBLOCK) < 0 ||
	    pipe2(r->way[1].pipe, O_CLOEXEC | O_NONBLOCK) < 0) {
		relay_free(r);
		return;
	}
	r->side[1].events = EPOLLOUT;
	r->side[0].source = loop_add(f->loop, client, 0, on_side, &r->side[0], NULL);
	r->side[1].source = loop_add(f->loop, r->side[1].fd, EPOLLOUT, on_side, &r->side[1], NULL);
	r->timer = loop_timer(f->loop, CONNECT_MS, on_connect_timeout, r);
	if (!r->side[0].source || !r->side[1].source)
		relay_free(r);
}

static void on_pause_end(void *arg)
{
	struct tcp_forward *f = arg;

	f->pause = NULL;
	if (loop_modify(f->source, EPOLLIN, NULL) < 0)
		f->pause = loop_timer(f->loop, PAUSE_MS, on_pause_end, f);
}

/* The connection stays in the kernel's queue, and would wake us again at once. */
static void pause_accepting(struct tcp_forward *f)
{
	if (!f->pause && loop_modify(f->source, 0, NULL) == 0)
		f->pause = loop_timer(f->loop, PAUSE_MS, on_pause_end, f);
}

static void on_listener(void *arg, int fd, unused_arg uint32_t events)
{
	struct tcp_forward *f = arg;

	for (int i = 0; i < ACCEPT_BATCH; i++) {
		int client = accept4(fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

		if (client < 0) {
			if (errno == EMFILE || errno == ENFILE || errno == ENOMEM)
				pause_accepting(f);
			return;
		}
		relay_start(f, client);
	}
}

struct tcp_forward *tcp_forward_open(struct loop *l, int fd, const struct port_address *to,
                                     struct err *e)
{
	struct tcp_forward *f = xalloc(sizeof(*f));

	f->loop = l;
	f->fd = fd;
	f->to = *to;
	f->source = loop_add(l, fd, EPOLLIN, on_listener, f, e);
	if (!f->source) {
		tcp_forward_close(f);
		return NULL;
	}
	return f;
}

void tcp_forward_close(struct tcp_forward *f)
{
	while (f->relays)
		relay_free(f->relays);
	loop_remove(f->pause);
	loop_remove(f->source);
	fd_close(&f->fd);
	free(f);
}
