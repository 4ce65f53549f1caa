/* A blocking ttrpc client. See ttrpc_client.h. */
#include "rpc/ttrpc_client.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>
#include "base/clock.h"
#include "base/fd.h"
#include "base/limits.h"
#include "base/mem.h"
#include "rpc/ttrpc_frame.h"

#define MAX_IDLE 2

struct conn {
	int fd;
	uint32_t stream; /* of the last call */
	struct ttrpc_parser parser;
	struct conn *next;
};

struct ttrpc_client {
	char *path;
	int watch;
	pthread_mutex_t lock; /* guards idle */
	struct conn *idle;
};

static void conn_free(struct conn *c)
{
	fd_close(&c->fd);
	ttrpc_parser_free(&c->parser);
	free(c);
}

static struct conn *conn_open(const char *path, struct err *e)
{
	struct conn *c = xnew(struct conn);

	c->fd = unix_connect(path, e);
	if (c->fd < 0 || fd_nonblock(c->fd, true, e) < 0) {
		conn_free(c);
		return NULL;
	}
	return c;
}

struct ttrpc_client *ttrpc_client_new(const char *address, struct err *e)
{
	const char *path = str_after(address, "unix://");
	struct ttrpc_client *c = xnew(struct ttrpc_client);

	c->path = xstrdup(path ? path : address);
	pthread_mutex_init(&c->lock, NULL);
	c->watch = unix_connect(c->path, e);
	if (c->watch < 0) {
		err_kind_set(e, ERR_UNAVAILABLE);
		ttrpc_client_free(c);
		return NULL;
	}
	return c;
}

void ttrpc_client_free(struct ttrpc_client *c)
{
	if (!c)
		return;
	for (struct conn *i = c->idle, *next; i; i = next) {
		next = i->next;
		conn_free(i);
	}
	fd_close(&c->watch);
	pthread_mutex_destroy(&c->lock);
	free(c->path);
	free(c);
}

const char *ttrpc_client_path(const struct ttrpc_client *c)
{
	return c->path;
}

int ttrpc_client_fd(const struct ttrpc_client *c)
{
	return c->watch;
}

/* ---- the pool ---- */

static struct conn *take_conn(struct ttrpc_client *c, struct err *e)
{
	struct conn *i;

	pthread_mutex_lock(&c->lock);
	i = c->idle;
	if (i)
		c->idle = i->next;
	pthread_mutex_unlock(&c->lock);
	if (i)
		return i;
	i = conn_open(c->path, e);
	if (!i)
		err_kind_set(e, ERR_UNAVAILABLE);
	return i;
}

static void give_back(struct ttrpc_client *c, struct conn *i)
{
	size_t n = 0;

	pthread_mutex_lock(&c->lock);
	for (struct conn *k = c->idle; k; k = k->next)
		n++;
	if (n < MAX_IDLE) {
		i->next = c->idle;
		c->idle = i;
		i = NULL;
	}
	pthread_mutex_unlock(&c->lock);
	if (i)
		conn_free(i);
}

/* ---- one call ---- */

static int wait_for(struct conn *c, short events, int64_t deadline, struct err *e)
{
	struct pollfd p = { .fd = c->fd, .events = events };

	for (;;) {
		int64_t left = deadline ? deadline - clock_mono_ms() : -1;
		int n;

		if (deadline && left <= 0)
			return err_set(e, ERR_DEADLINE, "no answer in time");
		n = poll(&p, 1, (int)MIN(left, 3600000));
		if (n > 0)
			return 0;
		if (n < 0 && errno != EINTR)
			return err_errno(e, errno, "wait for the server");
	}
}

static int send_all(struct conn *c, const struct buf *b, int64_t deadline, struct err *e)
{
	for (size_t sent = 0; sent < b->len;) {
		ssize_t n = send(c->fd, b->data + sent, b->len - sent, MSG_NOSIGNAL);

		if (n >= 0) {
			sent += (size_t)n;
			continue;
		}
		if (errno != EAGAIN && errno != EINTR)
			return err_errno(e, errno, "send request");
		if (errno == EAGAIN && wait_for(c, POLLOUT, deadline, e) < 0)
			return -1;
	}
	return 0;
}

static int receive_some(struct conn *c, int64_t deadline, struct err *e)
{
	char data[8192];
	ssize_t n = recv(c->fd, data, sizeof(data), 0);

	if (n > 0) {
		ttrpc_parser_feed(&c->parser, data, (size_t)n);
		return 0;
	}
	if (n == 0)
		return err_set(e, ERR_UNAVAILABLE, "connection closed by the server");
	if (errno == EINTR)
		return 0;
	if (errno != EAGAIN)
		return err_errno(e, errno, "receive answer");
	return wait_for(c, POLLIN, deadline, e);
}

static int receive_answer(struct conn *c, int64_t deadline, struct ttrpc_frame *f, struct err *e)
{
	for (;;) {
		while (!ttrpc_parser_next(&c->parser, f))
			if (receive_some(c, deadline, e) < 0)
				return -1;
		if (f->stream != c->stream || f->type != TTRPC_RESPONSE)
			continue;
		if (f->oversized)
			return err_set(e, ERR_EXHAUSTED, "answer is longer than %lu bytes",
			               LIMIT_TTRPC_MESSAGE);
		return 0;
	}
}

static int exchange(struct conn *c, struct slice request, int64_t deadline, struct ttrpc_frame *f,
                    struct err *e)
{
	_cleanup_buf_ struct buf out = { 0 };

	c->stream = c->stream ? c->stream + 2 : 1;
	ttrpc_frame_append(&out, c->stream, TTRPC_REQUEST, request);
	if (send_all(c, &out, deadline, e) < 0)
		return -1;
	return receive_answer(c, deadline, f, e);
}

int ttrpc_call(struct ttrpc_client *c, const struct ttrpc_opts *o, enum rpc_method_id method,
               const void *req, struct arena *a, void **resp, struct err *e)
{
	static const struct ttrpc_opts none;
	const struct rpc_method *m = &rpc_methods[method];
	int64_t timeout_ms = (o ? o : &none)->timeout_ms;
	struct slice request =
	        ttrpc_request_pack(a, m, req, (o ? o : &none)->ns, timeout_ms * NS_PER_MS);
	struct conn *conn = take_conn(c, e);
	struct ttrpc_frame f;

	if (!conn)
		return -1;
	if (exchange(conn, request, timeout_ms ? clock_mono_ms() + timeout_ms : 0, &f, e) < 0) {
		conn_free(conn);
		return -1;
	}
	f.data.data = arena_memdup(a, f.data.data, f.data.len);
	give_back(c, conn);
	return ttrpc_response_unpack(a, m, f.data, resp, e);
}
