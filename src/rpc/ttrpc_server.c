/* A ttrpc server in a loop. See ttrpc_server.h. */
#include "rpc/ttrpc_server.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>
#include "base/clock.h"
#include "base/fd.h"
#include "base/limits.h"
#include "base/mem.h"
#include "proto/ttrpc.pb-c.h"
#include "rpc/call.h"
#include "rpc/ttrpc_conn.h"
#include "rpc/wkt.h"

#define LAST_WORDS_MS 1000

struct peer {
	struct ttrpc_server *server;
	struct ttrpc_conn *conn;
	uint32_t last_stream;
	struct call *calls; /* under way */
	struct peer *next;
};

struct call {
	struct rpc_call rpc; /* first: rpc_call_ops get this back */
	struct peer *peer;   /* NULL once the connection is gone */
	uint32_t stream;
	struct loop_source *deadline;
	struct call *next;
};

struct ttrpc_server {
	struct loop *loop;
	struct loop_source *source;
	int fd;
	const struct rpc_route *routes;
	size_t nroutes;
	void *user;
	struct peer *peers;
};

/* ---- calls ---- */

static void call_free(struct call *c)
{
	loop_remove(c->deadline);
	arena_free(&c->rpc.arena);
	free(c);
}

static void unlink_call(struct call *c)
{
	struct call **p = c->peer ? &c->peer->calls : NULL;

	for (; p && *p; p = &(*p)->next) {
		if (*p == c) {
			*p = c->next;
			return;
		}
	}
}

static void answer(struct peer *p, uint32_t stream, struct arena *a, const void *resp,
                   const struct err *e)
{
	struct slice data = ttrpc_response_pack(a, resp, e);
	struct err too_long;

	if (data.len > LIMIT_TTRPC_MESSAGE) {
		err_set(&too_long, ERR_EXHAUSTED, "answer of %zu bytes is too long", data.len);
		data = ttrpc_response_pack(a, NULL, &too_long);
	}
	ttrpc_conn_send(p->conn, stream, TTRPC_RESPONSE, data);
}

static void finish(struct rpc_call *rpc, const void *resp, const struct err *e)
{
	struct call *c = (struct call *)rpc;

	unlink_call(c);
	if (c->peer)
		answer(c->peer, c->stream, &rpc->arena, resp, e);
	call_free(c);
}

static const struct rpc_call_ops call_ops = { .finish = finish };

static void on_deadline(void *arg)
{
	struct call *c = arg;

	c->deadline = NULL;
	rpc_call_cancel(&c->rpc);
}

static void copy_metadata(struct rpc_call *rpc, const Ttrpc__Request *r)
{
	for (size_t i = 0; i < r->n_metadata && i < LIMIT_RPC_METADATA; i++) {
		struct rpc_metadata pair = { r->metadata[i]->key, r->metadata[i]->value };

		if (pair.key && pair.value)
			arena_push(&rpc->arena, &rpc->metadata, pair);
	}
}

/* Takes the arena, where r and req are. */
static void start_call(struct peer *p, uint32_t stream, const struct rpc_route *route,
                       struct arena arena, const Ttrpc__Request *r, const void *req)
{
	struct call *c = xalloc(sizeof(*c));

	c->rpc.ops = &call_ops;
	c->rpc.method = &rpc_methods[route->method];
	c->rpc.arena = arena;
	c->rpc.user = p->server->user;
	copy_metadata(&c->rpc, r);
	c->peer = p;
	c->stream = stream;
	c->next = p->calls;
	p->calls = c;
	if (r->timeout_nano > 0)
		c->deadline = loop_timer(p->server->loop, r->timeout_nano / NS_PER_MS + 1,
		                         on_deadline, c);
	rpc_call_start(&c->rpc, route->handler, req);
}

static int check_frame(struct peer *p, const struct ttrpc_frame *f, struct err *e)
{
	if (f->oversized)
		return err_set(e, ERR_EXHAUSTED, "request is longer than %lu bytes",
		               LIMIT_TTRPC_MESSAGE);
	if (f->type != TTRPC_REQUEST)
		return err_set(e, ERR_INVALID, "stream %u takes no frame of type %u", f->stream,
		               f->type);
	if (f->stream % 2 == 0 || f->stream <= p->last_stream)
		return err_set(e, ERR_INVALID, "stream %u is not odd and new", f->stream);
	p->last_stream = f->stream;
	return 0;
}

static int open_request(struct peer *p, const struct ttrpc_frame *f, struct arena *a,
                        Ttrpc__Request **r, const struct rpc_route **route, void **req,
                        struct err *e)
{
	if (check_frame(p, f, e) < 0)
		return -1;
	*r = rpc_unpack(a, &ttrpc__request__descriptor, f->data.data, f->data.len, e);
	if (!*r)
		return -1;
	*route = rpc_route_find(p->server->routes, p->server->nroutes, slice_of((*r)->service),
	                        slice_of((*r)->method), e);
	if (!*route)
		return -1;
	*req = rpc_unpack(a, rpc_methods[(*route)->method].req, (*r)->payload.data,
	                  (*r)->payload.len, e);
	return *req ? 0 : -1;
}

static void on_frame(void *arg, const struct ttrpc_frame *f)
{
	struct peer *p = arg;
	struct arena a = { 0 };
	const struct rpc_route *route;
	Ttrpc__Request *r;
	struct err e = { 0 };
	void *req;

	if (open_request(p, f, &a, &r, &route, &req, &e) == 0) {
		start_call(p, f->stream, route, a, r, req);
		return;
	}
	answer(p, f->stream, &a, NULL, &e);
	arena_free(&a);
}

/* ---- connections ---- */

static void peer_free(struct peer *p)
{
	struct peer **at = &p->server->peers;

	for (struct call *c = p->calls, *next; c; c = next) {
		next = c->next;
		call_free(c);
	}
	while (*at != p)
		at = &(*at)->next;
	*at = p->next;
	ttrpc_conn_free(p->conn);
	free(p);
}

static void on_close(void *arg)
{
	struct peer *p = arg;
	struct call *c;

	while ((c = p->calls)) {
		p->calls = c->next;
		c->peer = NULL;
		rpc_call_cancel(&c->rpc);
	}
	peer_free(p);
}

static const struct ttrpc_conn_events peer_events = { on_frame, on_close };

static bool may_connect(int fd)
{
	struct ucred cred;
	socklen_t n = sizeof(cred);

	return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &cred, &n) == 0 &&
	       (cred.uid == 0 || cred.uid == geteuid());
}

static void on_listen(void *arg, int listen_fd, unused_arg uint32_t events)
{
	struct ttrpc_server *s = arg;
	_cleanup_close_ int fd = accept4(listen_fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	struct peer *p;

	if (fd < 0 || !may_connect(fd))
		return;
	p = xalloc(sizeof(*p));
	p->server = s;
	p->conn = ttrpc_conn_new(s->loop, take_fd(&fd), &peer_events, p, NULL);
	if (!p->conn) {
		free(p);
		return;
	}
	p->next = s->peers;
	s->peers = p;
}

struct ttrpc_server *ttrpc_server_new(struct loop *l, int listen_fd, const struct rpc_route *routes,
                                      size_t nroutes, void *user, struct err *e)
{
	struct ttrpc_server *s = xalloc(sizeof(*s));

	s->loop = l;
	s->fd = listen_fd;
	s->routes = routes;
	s->nroutes = nroutes;
	s->user = user;
	if (fd_nonblock(listen_fd, true, e) < 0 ||
	    !(s->source = loop_add(l, listen_fd, EPOLLIN, on_listen, s, e))) {
		fd_close(&s->fd);
		free(s);
		return NULL;
	}
	return s;
}

void ttrpc_server_free(struct ttrpc_server *s)
{
	if (!s)
		return;
	while (s->peers) {
		ttrpc_conn_flush(s->peers->conn, LAST_WORDS_MS);
		peer_free(s->peers);
	}
	loop_remove(s->source);
	fd_close(&s->fd);
	free(s);
}
