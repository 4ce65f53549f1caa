/* Streams of the gRPC client, each on a connection of its own. See grpc_client.h. */
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/socket.h>
#include "base/clock.h"
#include "base/limits.h"
#include "base/mem.h"
#include "rpc/grpc_client.h"
#include "rpc/grpc_conn.h"
#include "rpc/grpc_wire.h"

/* grpc_stream_send waits while this much is not sent yet. */
#define OUT_HIGH (256 * KIB)

struct grpc_stream {
	struct grpc_conn *conn;
	struct grpc_exchange x;
	enum rpc_method_id method;
	int64_t deadline;
	atomic_bool cancelled;
};

struct grpc_stream *grpc_stream_open(struct grpc_client *c, const struct grpc_opts *o,
                                     enum rpc_method_id method, struct err *e)
{
	struct grpc_opts full = grpc_client_opts(c, o);
	struct grpc_conn *conn = grpc_client_connect(c, e);
	struct grpc_stream *s;

	if (!conn)
		return NULL;
	s = xalloc(sizeof(*s));
	s->conn = conn;
	s->method = method;
	s->deadline = full.timeout_ms ? clock_mono_ms() + full.timeout_ms : 0;
	if (grpc_conn_begin(conn, &s->x, method, &full, e) < 0) {
		grpc_stream_free(s);
		return NULL;
	}
	return s;
}

static int step(struct grpc_stream *s, bool wait, struct err *e)
{
	if (!s->cancelled && (grpc_conn_step(s->conn, wait, s->deadline, e) == 0 || s->x.closed))
		return 0;
	return s->cancelled ? err_set(e, ERR_CANCELED, "context canceled") : -1;
}

int grpc_stream_send(struct grpc_stream *s, const void *msg, struct err *e)
{
	grpc_frame_put(&s->x.out, msg);
	nghttp2_session_resume_data(s->conn->h2, s->x.stream);
	do {
		if (s->x.closed)
			return grpc_exchange_status(&s->x, e) < 0
			               ? -1
			               : err_set(e, ERR_UNAVAILABLE, "the stream is closed");
		if (step(s, s->x.out.len >= OUT_HIGH, e) < 0)
			return -1;
	} while (s->x.out.len >= OUT_HIGH);
	return 0;
}

int grpc_stream_close_send(struct grpc_stream *s, struct err *e)
{
	s->x.out_end = true;
	nghttp2_session_resume_data(s->conn->h2, s->x.stream);
	return s->x.closed ? 0 : step(s, false, e);
}

int grpc_stream_recv(struct grpc_stream *s, struct arena *a, void **msg, struct err *e)
{
	struct slice raw;
	int r;

	while ((r = grpc_frame_next((struct slice){ s->x.in.data, s->x.in.len }, &raw, e)) == 0) {
		if (s->x.closed)
			return grpc_exchange_status(&s->x, e);
		if (step(s, true, e) < 0)
			return -1;
	}
	if (r < 0)
		return -1;
	*msg = rpc_unpack(a, rpc_methods[s->method].resp, raw.data, raw.len, e);
	buf_drop(&s->x.in, GRPC_PREFIX + raw.len);
	return *msg ? 1 : -1;
}

void grpc_stream_cancel(struct grpc_stream *s)
{
	s->cancelled = true;
	shutdown(s->conn->fd, SHUT_RDWR);
}

void grpc_stream_free(struct grpc_stream *s)
{
	if (!s)
		return;
	grpc_conn_free(s->conn);
	grpc_exchange_free(&s->x);
	free(s);
}
