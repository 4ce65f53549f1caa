/*
 * A call on the gRPC server: its request, from the first header until a worker has it, and its
 * end. The answer is grpc_reply.c. See grpc_session.h for who may touch what.
 */
#include "rpc/grpc_session.h"

#include <stdlib.h>
#include "base/limits.h"
#include "base/log.h"
#include "base/mem.h"
#include "rpc/grpc_wire.h"

struct grpc_call *grpc_call_new(struct grpc_session *ss, int32_t stream)
{
	struct grpc_call *c = xalloc(sizeof(*c));

	c->rpc.ops = &grpc_call_ops;
	c->rpc.user = ss->server->user;
	c->server = ss->server;
	c->session = ss;
	c->refs = 1;
	c->stream = stream;
	c->next = ss->calls;
	if (c->next)
		c->next->at = &c->next;
	c->at = &ss->calls;
	ss->calls = c;
	pthread_mutex_init(&c->lock, NULL);
	pthread_cond_init(&c->changed, NULL);
	return c;
}

void grpc_call_unref(struct grpc_call *c)
{
	if (atomic_fetch_sub(&c->refs, 1) > 1)
		return;
	buf_free(&c->in);
	buf_free(&c->out);
	pthread_mutex_destroy(&c->lock);
	pthread_cond_destroy(&c->changed);
	arena_free(&c->message);
	arena_free(&c->rpc.arena);
	free(c);
}

/* Tells the handler that nobody waits for its answer any more. */
static void cancel(struct grpc_call *c)
{
	rpc_call_cancel(&c->rpc);
	pthread_mutex_lock(&c->lock);
	c->in_end = true;
	pthread_cond_broadcast(&c->changed);
	pthread_mutex_unlock(&c->lock);
}

void grpc_call_closed(struct grpc_call *c)
{
	*c->at = c->next;
	if (c->next)
		c->next->at = c->at;
	c->session = NULL;
	loop_remove(c->timer);
	c->timer = NULL;
	if (c->dispatched && !c->done)
		cancel(c);
	else
		grpc_call_unref(c);
}

/* ---- headers ---- */

static void refuse(struct grpc_call *c, enum err_kind kind, const char *text)
{
	if (c->refused.kind == ERR_NONE)
		err_set(&c->refused, kind, "%s", text);
}

static void header_path(struct grpc_call *c, const char *value)
{
	const struct rpc_route *r = map_get(&c->server->routes, value);

	if (!r) {
		if (c->refused.kind == ERR_NONE)
			err_set(&c->refused, ERR_UNIMPLEMENTED, "unknown method %s", value);
		return;
	}
	c->rpc.method = &rpc_methods[r->method];
	c->handler = r->handler;
}

static void header_method(struct grpc_call *c, const char *value)
{
	if (!str_eq(value, "POST"))
		refuse(c, ERR_INTERNAL, "grpc: the method is not POST");
}

static void header_content_type(struct grpc_call *c, const char *value)
{
	const char *rest = str_after(value, "application/grpc");

	if (!rest || (*rest && *rest != '+' && *rest != ';'))
		refuse(c, ERR_INTERNAL, "grpc: the content-type is not application/grpc");
}

static void on_deadline(void *arg)
{
	struct grpc_call *c = arg;
	struct grpc_session *ss = c->session;
	struct err e = { 0 };

	c->timer = NULL;
	err_set(&e, ERR_DEADLINE, "context deadline exceeded");
	grpc_reply_error(c, &e);
	if (c->dispatched && !c->done)
		cancel(c);
	grpc_session_flush(ss);
}

static void header_timeout(struct grpc_call *c, const char *value)
{
	int64_t ms;

	if (!grpc_timeout_parse(value, &ms))
		refuse(c, ERR_INTERNAL, "grpc: malformed grpc-timeout");
	else if (!c->timer)
		c->timer = loop_timer(c->server->loop, ms, on_deadline, c);
}

static void header_ignored(unused_arg struct grpc_call *c, unused_arg const char *value)
{
}

static void header_encoding(struct grpc_call *c, const char *value)
{
	if (!str_eq(value, "identity"))
		refuse(c, ERR_UNIMPLEMENTED, "grpc: only identity encoding is supported");
}

static const struct {
	const char *name;
	void (*handle)(struct grpc_call *c, const char *value);
} header_table[] = {
	{ ":path", header_path },
	{ ":method", header_method },
	{ "content-type", header_content_type },
	{ "grpc-timeout", header_timeout },
	{ "grpc-encoding", header_encoding },
	{ ":scheme", header_ignored },
	{ ":authority", header_ignored },
	{ "te", header_ignored },
	{ "user-agent", header_ignored },
	{ "grpc-accept-encoding", header_ignored },
};

void grpc_call_header(struct grpc_call *c, struct slice name, struct slice value)
{
	struct arena *a = &c->rpc.arena;
	struct rpc_metadata m;

	if (c->dispatched)
		return;
	m.value = arena_strndup(a, value.data, value.len);
	for (size_t i = 0; i < ARRAY_LEN(header_table); i++) {
		if (slice_eq(name, header_table[i].name)) {
			header_table[i].handle(c, m.value);
			return;
		}
	}
	if (c->rpc.metadata.n >= LIMIT_RPC_METADATA) {
		refuse(c, ERR_EXHAUSTED, "grpc: too many headers");
		return;
	}
	m.key = arena_strndup(a, name.data, name.len);
	arena_push(a, &c->rpc.metadata, m);
}

/* ---- the request's messages ---- */

/* The worker's side: unpacks the one request (unless the client streams) and runs the handler. */
static void handle_request(struct grpc_call *c)
{
	enum rpc_shape shape = c->rpc.method->shape;
	const void *req = NULL;
	struct err e = { 0 };
	struct slice msg;

	if (shape == RPC_UNARY || shape == RPC_SERVER_STREAM) {
		int r = grpc_frame_next((struct slice){ c->in.data, c->in.len }, &msg, &e);

		if (r == 0)
			err_set(&e, ERR_INTERNAL, "grpc: the request ended without a message");
		if (r > 0)
			req = rpc_unpack(&c->rpc.arena, c->rpc.method->req, msg.data, msg.len, &e);
		buf_free(&c->in);
		if (!req) {
			rpc_call_finish(&c->rpc, NULL, &e);
			return;
		}
	}
	rpc_call_start(&c->rpc, c->handler, req);
}

static void handle(void *arg)
{
	struct grpc_call *c = arg;

	handle_request(c);
	grpc_call_unref(c);
}

static void dispatch(struct grpc_call *c)
{
	c->dispatched = true;
	c->refs++;
	workers_run(c->server->workers, handle, c);
}

static bool client_streams(const struct grpc_call *c)
{
	return c->rpc.method->shape == RPC_CLIENT_STREAM || c->rpc.method->shape == RPC_BIDI;
}

void grpc_call_headers_done(struct grpc_call *c)
{
	if (!c->handler)
		refuse(c, ERR_UNIMPLEMENTED, "grpc: no method");
	if (c->refused.kind != ERR_NONE)
		grpc_reply_error(c, &c->refused);
	else if (client_streams(c))
		dispatch(c);
}

/* Gives flow-control window back for what the handler took, or for the rest of a long message. */
static void consume(struct grpc_call *c, size_t n)
{
	if (n > 0 && c->session)
		nghttp2_session_consume_stream(c->session->h2, c->stream, n);
}

void grpc_call_data(struct grpc_call *c, const uint8_t *p, size_t n)
{
	struct err e = { 0 };
	struct slice msg;
	int r;

	if (c->answered) {
		consume(c, n);
		return;
	}
	pthread_mutex_lock(&c->lock);
	buf_add(&c->in, p, n);
	c->unconsumed += n;
	r = grpc_frame_next((struct slice){ c->in.data, c->in.len }, &msg, &e);
	if (r > 0 && !client_streams(c) && c->in.len > GRPC_PREFIX + msg.len)
		r = err_set(&e, ERR_INTERNAL, "grpc: more than one message in a request");
	n = r == 0 || !client_streams(c) ? c->unconsumed : 0;
	c->unconsumed -= n;
	pthread_cond_broadcast(&c->changed);
	pthread_mutex_unlock(&c->lock);
	consume(c, n);
	if (r < 0 && !client_streams(c))
		grpc_reply_error(c, &e);
}

void grpc_call_input_end(struct grpc_call *c)
{
	pthread_mutex_lock(&c->lock);
	c->in_end = true;
	pthread_cond_broadcast(&c->changed);
	pthread_mutex_unlock(&c->lock);
	if (!c->dispatched && !c->answered)
		dispatch(c);
}
