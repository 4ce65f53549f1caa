/*
 * The answer of a call on the gRPC server, and the streams' messages in both directions.
 *
 * The handler's side (finish, send, recv, grpc_call_queue) fills the call's `out` under its lock
 * and posts to the I/O thread; the I/O thread's side turns that into HEADERS, DATA and trailers.
 */
#include <stdlib.h>
#include "base/limits.h"
#include "rpc/grpc_session.h"
#include "rpc/grpc_wire.h"

/* A handler that sends waits while this much lies in `out`. */
#define OUT_HIGH (256 * KIB)

/* ---- the I/O thread's side ---- */

static nghttp2_nv header(const char *name, const char *value)
{
	return (nghttp2_nv){ (uint8_t *)name, (uint8_t *)value, strlen(name), strlen(value),
		             NGHTTP2_NV_FLAG_NONE };
}

#define STATUS_HEADERS 2

struct status_text {
	char code[12];
	struct buf message;
};

/* grpc-status and, if there is one, grpc-message. `t` holds the text until nghttp2 has copied it.
 */
static size_t status_headers(const struct err *e, struct status_text *t, nghttp2_nv *nv)
{
	snprintf(t->code, sizeof(t->code), "%d", err_grpc_code(e->kind));
	nv[0] = header("grpc-status", t->code);
	if (e->kind == ERR_NONE)
		return 1;
	grpc_percent_encode(&t->message, e->text);
	nv[1] = header("grpc-message", buf_cstr(&t->message));
	return 2;
}

static void submit_trailers(struct grpc_call *c, const struct err *e)
{
	nghttp2_nv nv[STATUS_HEADERS];
	struct status_text t = { 0 };
	size_t n = status_headers(e, &t, nv);

	nghttp2_submit_trailer(c->session->h2, c->stream, nv, n);
	buf_free(&t.message);
}

/* nghttp2 asks for the next bytes of the body; runs inside nghttp2_session_mem_send. */
static ssize_t read_body(unused_arg nghttp2_session *h2, unused_arg int32_t stream, uint8_t *p,
                         size_t size, uint32_t *flags, nghttp2_data_source *source,
                         unused_arg void *arg)
{
	struct grpc_call *c = source->ptr;
	size_t n;

	pthread_mutex_lock(&c->lock);
	n = MIN(size, c->out.len);
	if (n > 0) {
		memcpy(p, c->out.data, n);
		buf_drop(&c->out, n);
		pthread_cond_broadcast(&c->changed);
	}
	if (c->out.len == 0 && c->finished) {
		*flags = NGHTTP2_DATA_FLAG_EOF | NGHTTP2_DATA_FLAG_NO_END_STREAM;
		submit_trailers(c, &c->status);
	} else if (n == 0) {
		n = (size_t)NGHTTP2_ERR_DEFERRED;
	}
	pthread_mutex_unlock(&c->lock);
	return (ssize_t)n;
}

static void submit_headers(struct grpc_call *c)
{
	nghttp2_nv nv[] = { header(":status", "200"), header("content-type", "application/grpc") };
	nghttp2_data_provider body = { .source.ptr = c, .read_callback = read_body };

	c->headers_sent = true;
	nghttp2_submit_response(c->session->h2, c->stream, nv, ARRAY_LEN(nv), &body);
}

/* Headers and status in one frame, or a reset where messages were already promised. */
void grpc_reply_error(struct grpc_call *c, const struct err *e)
{
	nghttp2_nv nv[2 + STATUS_HEADERS] = { header(":status", "200"),
		                              header("content-type", "application/grpc") };
	struct status_text t = { 0 };

	if (c->answered || !c->session)
		return;
	c->answered = true;
	if (c->headers_sent) {
		nghttp2_submit_rst_stream(c->session->h2, NGHTTP2_FLAG_NONE, c->stream,
		                          NGHTTP2_CANCEL);
		return;
	}
	nghttp2_submit_response(c->session->h2, c->stream, nv, 2 + status_headers(e, &t, nv + 2),
	                        NULL);
	buf_free(&t.message);
}

void grpc_reply_output(struct grpc_call *c)
{
	bool failed;

	if (c->answered || !c->session)
		return;
	pthread_mutex_lock(&c->lock);
	failed = c->finished && c->status.kind != ERR_NONE && c->out.len == 0;
	pthread_mutex_unlock(&c->lock);
	if (failed && !c->headers_sent)
		grpc_reply_error(c, &c->status);
	else if (!c->headers_sent)
		submit_headers(c);
	else
		nghttp2_session_resume_data(c->session->h2, c->stream);
	if (c->done)
		c->answered = true;
}

static void on_output(void *arg)
{
	struct grpc_call *c = arg;

	pthread_mutex_lock(&c->lock);
	c->out_posted = false;
	pthread_mutex_unlock(&c->lock);
	if (!c->session)
		return;
	grpc_reply_output(c);
	grpc_session_flush(c->session);
}

static void on_finish(void *arg)
{
	struct grpc_call *c = arg;

	c->done = true;
	if (!c->session) {
		grpc_call_unref(c);
		return;
	}
	loop_remove(c->timer);
	c->timer = NULL;
	grpc_reply_output(c);
	grpc_session_flush(c->session);
}

static void on_taken(void *arg)
{
	struct grpc_call *c = arg;
	size_t n;

	pthread_mutex_lock(&c->lock);
	n = c->unconsumed;
	c->unconsumed = 0;
	pthread_mutex_unlock(&c->lock);
	if (!c->session || n == 0)
		return;
	nghttp2_session_consume_stream(c->session->h2, c->stream, n);
	grpc_session_flush(c->session);
}

/* ---- the handler's side ---- */

static void finish(struct rpc_call *call, const void *resp, const struct err *e)
{
	struct grpc_call *c = (struct grpc_call *)call;

	pthread_mutex_lock(&c->lock);
	if (!e && resp &&
	    (call->method->shape == RPC_UNARY || call->method->shape == RPC_CLIENT_STREAM))
		grpc_frame_put(&c->out, resp);
	if (e)
		c->status = *e;
	c->finished = true;
	pthread_mutex_unlock(&c->lock);
	loop_post(c->server->loop, on_finish, c);
}

static int gone(struct err *e)
{
	return err_set(e, ERR_CANCELED, "context canceled");
}

/* With the lock held: appends and wakes the I/O thread if it does not know yet. */
static void put_message(struct grpc_call *c, const void *msg)
{
	grpc_frame_put(&c->out, msg);
	if (!c->out_posted) {
		c->out_posted = true;
		loop_post(c->server->loop, on_output, c);
	}
}

static int send_message(struct rpc_call *call, const void *msg, struct err *e)
{
	struct grpc_call *c = (struct grpc_call *)call;

	pthread_mutex_lock(&c->lock);
	while (c->out.len >= OUT_HIGH && !call->cancelled)
		pthread_cond_wait(&c->changed, &c->lock);
	if (!call->cancelled)
		put_message(c, msg);
	pthread_mutex_unlock(&c->lock);
	return call->cancelled ? gone(e) : 0;
}

int grpc_call_queue(struct rpc_call *call, const void *msg, struct err *e)
{
	struct grpc_call *c = (struct grpc_call *)call;
	bool full;

	pthread_mutex_lock(&c->lock);
	full = c->out.len >= LIMIT_GRPC_BACKLOG;
	if (!full && !call->cancelled)
		put_message(c, msg);
	pthread_mutex_unlock(&c->lock);
	if (call->cancelled)
		return gone(e);
	return full ? err_set(e, ERR_EXHAUSTED, "the client does not read its stream") : 0;
}

static int recv_message(struct rpc_call *call, void **msg, struct err *e)
{
	struct grpc_call *c = (struct grpc_call *)call;
	struct slice raw;
	int r;

	pthread_mutex_lock(&c->lock);
	while ((r = grpc_frame_next((struct slice){ c->in.data, c->in.len }, &raw, e)) == 0 &&
	       !c->in_end)
		pthread_cond_wait(&c->changed, &c->lock);
	if (call->cancelled) {
		r = gone(e);
	} else if (r > 0) {
		arena_free(&c->message);
		*msg = rpc_unpack(&c->message, call->method->req, raw.data, raw.len, e);
		buf_drop(&c->in, GRPC_PREFIX + raw.len);
		r = *msg ? 1 : -1;
		loop_post(c->server->loop, on_taken, c);
	} else if (r == 0 && c->in.len > 0) {
		r = err_set(e, ERR_INTERNAL, "grpc: the request ended inside a message");
	}
	pthread_mutex_unlock(&c->lock);
	return r;
}

const struct rpc_call_ops grpc_call_ops = { finish, send_message, recv_message };
