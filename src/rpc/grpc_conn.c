/* A connection of the gRPC client. See grpc_conn.h. */
#include "rpc/grpc_conn.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>
#include "base/clock.h"
#include "base/fd.h"
#include "base/limits.h"
#include "base/mem.h"
#include "rpc/grpc_wire.h"

#define WINDOW (1 * MIB)

/* ---- nghttp2's callbacks ---- */

static struct grpc_exchange *exchange_of(struct grpc_conn *c, int32_t stream)
{
	return c->x && c->x->stream == stream ? c->x : NULL;
}

/* Copies a header's value, cut to what fits. */
static void copy_value(char *dst, size_t size, const uint8_t *value, size_t n)
{
	n = MIN(n, size - 1);
	memcpy(dst, value, n);
	dst[n] = '\0';
}

static int on_header(unused_arg nghttp2_session *h2, const nghttp2_frame *frame,
                     const uint8_t *name, size_t name_len, const uint8_t *value, size_t value_len,
                     unused_arg uint8_t flags, void *arg)
{
	struct grpc_exchange *x = exchange_of(arg, frame->hd.stream_id);
	struct slice key = { (const char *)name, name_len };
	char number[12];
	int64_t code;

	if (!x)
		return 0;
	copy_value(number, sizeof(number), value, value_len);
	if (slice_eq(key, "grpc-status") && str_i64(number, &code)) {
		x->has_status = true;
		x->status.kind = err_from_grpc((int)code);
	} else if (slice_eq(key, "grpc-message")) {
		copy_value(x->status.text, sizeof(x->status.text), value, value_len);
		grpc_percent_decode(x->status.text);
	} else if (slice_eq(key, ":status") && str_i64(number, &code)) {
		x->http_status = (int)code;
	}
	return 0;
}

static int on_data(unused_arg nghttp2_session *h2, unused_arg uint8_t flags, int32_t stream,
                   const uint8_t *p, size_t n, void *arg)
{
	struct grpc_exchange *x = exchange_of(arg, stream);

	if (x)
		buf_add(&x->in, p, n);
	return 0;
}

static int on_stream_close(unused_arg nghttp2_session *h2, int32_t stream, uint32_t code, void *arg)
{
	struct grpc_exchange *x = exchange_of(arg, stream);

	if (x) {
		x->closed = true;
		x->reset_code = code;
	}
	return 0;
}

/* The server may end a stream, with a status, while our side of it is still open. */
static int on_frame(unused_arg nghttp2_session *h2, const nghttp2_frame *frame, void *arg)
{
	struct grpc_exchange *x = exchange_of(arg, frame->hd.stream_id);
	bool body = frame->hd.type == NGHTTP2_HEADERS || frame->hd.type == NGHTTP2_DATA;

	if (x && body && frame->hd.flags & NGHTTP2_FLAG_END_STREAM)
		x->closed = true;
	return 0;
}

static ssize_t read_body(unused_arg nghttp2_session *h2, unused_arg int32_t stream, uint8_t *p,
                         size_t size, uint32_t *flags, nghttp2_data_source *source,
                         unused_arg void *arg)
{
	struct grpc_exchange *x = source->ptr;
	size_t n = MIN(size, x->out.len);

	if (n > 0) {
		memcpy(p, x->out.data, n);
		buf_drop(&x->out, n);
	}
	if (x->out.len == 0 && x->out_end)
		*flags = NGHTTP2_DATA_FLAG_EOF;
	else if (n == 0)
		return NGHTTP2_ERR_DEFERRED;
	return (ssize_t)n;
}

static nghttp2_session *h2_new(struct grpc_conn *c)
{
	nghttp2_settings_entry settings[] = {
		{ NGHTTP2_SETTINGS_ENABLE_PUSH, 0 },
		{ NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, WINDOW },
	};
	nghttp2_session_callbacks *cb;
	nghttp2_session *h2;

	if (nghttp2_session_callbacks_new(&cb))
		abort();
	nghttp2_session_callbacks_set_on_header_callback(cb, on_header);
	nghttp2_session_callbacks_set_on_data_chunk_recv_callback(cb, on_data);
	nghttp2_session_callbacks_set_on_frame_recv_callback(cb, on_frame);
	nghttp2_session_callbacks_set_on_stream_close_callback(cb, on_stream_close);
	if (nghttp2_session_client_new(&h2, cb, c))
		abort();
	nghttp2_session_callbacks_del(cb);
	nghttp2_submit_settings(h2, NGHTTP2_FLAG_NONE, settings, ARRAY_LEN(settings));
	nghttp2_session_set_local_window_size(h2, NGHTTP2_FLAG_NONE, 0, WINDOW);
	return h2;
}

/* ---- the connection ---- */

struct grpc_conn *grpc_conn_open(const char *path, struct err *e)
{
	_cleanup_close_ int fd = unix_connect(path, e);
	struct grpc_conn *c;

	if (fd < 0 || fd_nonblock(fd, true, e) < 0) {
		err_kind_set(e, ERR_UNAVAILABLE);
		return NULL;
	}
	c = xalloc(sizeof(*c));
	c->fd = take_fd(&fd);
	c->h2 = h2_new(c);
	return c;
}

void grpc_conn_free(struct grpc_conn *c)
{
	if (!c)
		return;
	nghttp2_session_del(c->h2);
	fd_close(&c->fd);
	buf_free(&c->out);
	free(c);
}

static int broken(struct grpc_conn *c, const char *what, struct err *e)
{
	c->dead = true;
	err_set(e, ERR_UNAVAILABLE, "connection to the server is lost: %s", what);
	if (e)
		e->errnum = ECONNRESET; /* what was asked for may have been done */
	return -1;
}

/* Moves frames from nghttp2 to the socket; stops when the socket is full (out.len > 0 then). */
static int send_frames(struct grpc_conn *c, struct err *e)
{
	const uint8_t *p;
	ssize_t n;

	for (;;) {
		while (c->out.len < 64 * KIB && (n = nghttp2_session_mem_send(c->h2, &p)) != 0) {
			if (n < 0)
				return broken(c, nghttp2_strerror((int)n), e);
			buf_add(&c->out, p, (size_t)n);
		}
		if (c->out.len == 0)
			return 0;
		n = send(c->fd, c->out.data, c->out.len, MSG_NOSIGNAL);
		if (n >= 0)
			buf_drop(&c->out, (size_t)n);
		else if (errno == EAGAIN)
			return 0;
		else if (errno != EINTR)
			return broken(c, strerror(errno), e);
	}
}

static int receive(struct grpc_conn *c, struct err *e)
{
	uint8_t chunk[16 * KIB];
	ssize_t n = recv(c->fd, chunk, sizeof(chunk), 0);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return 0;
	if (n <= 0)
		return broken(c, n < 0 ? strerror(errno) : "closed by the other side", e);
	n = nghttp2_session_mem_recv(c->h2, chunk, (size_t)n);
	return n < 0 ? broken(c, nghttp2_strerror((int)n), e) : 0;
}

int grpc_conn_step(struct grpc_conn *c, bool wait, int64_t deadline_ms, struct err *e)
{
	struct pollfd p = { .fd = c->fd, .events = POLLIN };
	int64_t left = deadline_ms ? deadline_ms - clock_mono_ms() : -1;
	int r;

	if (send_frames(c, e) < 0)
		return -1;
	/* With the reset of a stream whose headers were malformed it is closed. */
	if (!wait || (c->x && c->x->closed))
		return 0;
	if (deadline_ms && left <= 0)
		return err_set(e, ERR_DEADLINE, "context deadline exceeded");
	if (c->out.len > 0)
		p.events |= POLLOUT;
	r = poll(&p, 1, (int)MIN(left, 3600000));
	if (r < 0 && errno != EINTR)
		return broken(c, strerror(errno), e);
	return r > 0 && (p.revents & ~POLLOUT) ? receive(c, e) : 0;
}

bool grpc_conn_usable(struct grpc_conn *c)
{
	struct pollfd p = { .fd = c->fd, .events = POLLIN };
	struct err ignored = { 0 };

	while (!c->dead && poll(&p, 1, 0) > 0)
		if (receive(c, &ignored) < 0)
			break;
	return !c->dead && nghttp2_session_check_request_allowed(c->h2);
}

/* ---- an exchange ---- */

static nghttp2_nv header(const char *name, const char *value)
{
	return (nghttp2_nv){ (uint8_t *)name, (uint8_t *)value, strlen(name), strlen(value),
		             NGHTTP2_NV_FLAG_NONE };
}

int grpc_conn_begin(struct grpc_conn *c, struct grpc_exchange *x, enum rpc_method_id method,
                    const struct grpc_opts *o, struct err *e)
{
	const struct rpc_method *m = &rpc_methods[method];
	nghttp2_data_provider body = { .source.ptr = x, .read_callback = read_body };
	char timeout[GRPC_TIMEOUT_SIZE];
	_cleanup_buf_ struct buf path = { 0 };
	nghttp2_nv nv[10];
	size_t n = 0;

	buf_printf(&path, "/%s/%s", m->service, m->name);
	nv[n++] = header(":method", "POST");
	nv[n++] = header(":scheme", "http");
	nv[n++] = header(":path", path.data);
	nv[n++] = header(":authority", "localhost");
	nv[n++] = header("content-type", "application/grpc");
	nv[n++] = header("te", "trailers");
	if (!str_empty(o->ns))
		nv[n++] = header("containerd-namespace", o->ns);
	if (!str_empty(o->lease))
		nv[n++] = header("containerd-lease", o->lease);
	if (o->timeout_ms > 0) {
		grpc_timeout_format(timeout, o->timeout_ms);
		nv[n++] = header("grpc-timeout", timeout);
	}
	x->stream = nghttp2_submit_request(c->h2, NULL, nv, n, &body, NULL);
	if (x->stream < 0)
		return broken(c, nghttp2_strerror(x->stream), e);
	c->x = x;
	return 0;
}

void grpc_exchange_free(struct grpc_exchange *x)
{
	buf_free(&x->in);
	buf_free(&x->out);
}

int grpc_exchange_status(const struct grpc_exchange *x, struct err *e)
{
	if (!x->has_status && x->http_status != 0 && x->http_status != 200)
		return err_set(e, ERR_UNAVAILABLE, "the server answered with HTTP status %d",
		               x->http_status);
	if (!x->has_status)
		return err_set(e, ERR_UNAVAILABLE, "the server reset the stream: %s",
		               nghttp2_http2_strerror(x->reset_code));
	if (x->status.kind == ERR_NONE)
		return 0;
	return err_set(e, x->status.kind, "%s", x->status.text);
}
