/*
 * One connection of the gRPC server: bytes between the socket and nghttp2, and nghttp2's callbacks
 * turned into calls' events. All of it runs on the I/O thread.
 */
#include "rpc/grpc_session.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>
#include "base/fd.h"
#include "base/limits.h"
#include "base/mem.h"

/* A stream may have this much under way before its handler reads; a connection much more. */
#define STREAM_WINDOW     (1 * MIB)
#define CONNECTION_WINDOW (16 * MIB)
#define OUT_CHUNK         (64 * KIB)

/* ---- nghttp2's callbacks ---- */

static struct grpc_call *call_of(nghttp2_session *h2, int32_t stream)
{
	return nghttp2_session_get_stream_user_data(h2, stream);
}

static int on_begin_headers(nghttp2_session *h2, const nghttp2_frame *frame, void *arg)
{
	if (frame->hd.type != NGHTTP2_HEADERS || frame->headers.cat != NGHTTP2_HCAT_REQUEST)
		return 0;
	nghttp2_session_set_stream_user_data(h2, frame->hd.stream_id,
	                                     grpc_call_new(arg, frame->hd.stream_id));
	return 0;
}

static int on_header(nghttp2_session *h2, const nghttp2_frame *frame, const uint8_t *name,
                     size_t name_len, const uint8_t *value, size_t value_len,
                     unused_arg uint8_t flags, unused_arg void *arg)
{
	struct grpc_call *c = call_of(h2, frame->hd.stream_id);

	if (c)
		grpc_call_header(c, (struct slice){ (const char *)name, name_len },
		                 (struct slice){ (const char *)value, value_len });
	return 0;
}

static int on_frame(nghttp2_session *h2, const nghttp2_frame *frame, unused_arg void *arg)
{
	struct grpc_call *c = call_of(h2, frame->hd.stream_id);

	if (!c || (frame->hd.type != NGHTTP2_HEADERS && frame->hd.type != NGHTTP2_DATA))
		return 0;
	if (frame->hd.type == NGHTTP2_HEADERS && frame->headers.cat == NGHTTP2_HCAT_REQUEST)
		grpc_call_headers_done(c);
	if (frame->hd.flags & NGHTTP2_FLAG_END_STREAM)
		grpc_call_input_end(c);
	return 0;
}

static int on_data(nghttp2_session *h2, unused_arg uint8_t flags, int32_t stream, const uint8_t *p,
                   size_t n, unused_arg void *arg)
{
	struct grpc_call *c = call_of(h2, stream);

	nghttp2_session_consume_connection(h2, n);
	if (c)
		grpc_call_data(c, p, n);
	else
		nghttp2_session_consume_stream(h2, stream, n);
	return 0;
}

static int on_stream_close(nghttp2_session *h2, int32_t stream, unused_arg uint32_t code,
                           unused_arg void *arg)
{
	struct grpc_call *c = call_of(h2, stream);

	if (c) {
		nghttp2_session_set_stream_user_data(h2, stream, NULL);
		grpc_call_closed(c);
	}
	return 0;
}

static nghttp2_session *h2_new(struct grpc_session *ss)
{
	nghttp2_settings_entry settings[] = {
		{ NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, LIMIT_GRPC_STREAMS },
		{ NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, STREAM_WINDOW },
		{ NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, LIMIT_HTTP_HEAD },
	};
	nghttp2_session_callbacks *cb;
	nghttp2_option *option;
	nghttp2_session *h2;

	if (nghttp2_session_callbacks_new(&cb) || nghttp2_option_new(&option))
		abort();
	nghttp2_session_callbacks_set_on_begin_headers_callback(cb, on_begin_headers);
	nghttp2_session_callbacks_set_on_header_callback(cb, on_header);
	nghttp2_session_callbacks_set_on_frame_recv_callback(cb, on_frame);
	nghttp2_session_callbacks_set_on_data_chunk_recv_callback(cb, on_data);
	nghttp2_session_callbacks_set_on_stream_close_callback(cb, on_stream_close);
	nghttp2_option_set_no_auto_window_update(option, 1);
	if (nghttp2_session_server_new2(&h2, cb, ss, option))
		abort();
	nghttp2_session_callbacks_del(cb);
	nghttp2_option_del(option);
	nghttp2_submit_settings(h2, NGHTTP2_FLAG_NONE, settings, ARRAY_LEN(settings));
	nghttp2_session_set_local_window_size(h2, NGHTTP2_FLAG_NONE, 0, CONNECTION_WINDOW);
	return h2;
}

/* ---- the socket ---- */

void grpc_session_free(struct grpc_session *ss)
{
	*ss->at = ss->next;
	if (ss->next)
		ss->next->at = ss->at;
	ss->server->nsessions--;
	loop_remove(ss->source);
	fd_close(&ss->fd);
	while (ss->calls)
		grpc_call_closed(ss->calls);
	nghttp2_session_del(ss->h2);
	buf_free(&ss->out);
	free(ss);
}

/* Gathers frames into one write. False when nghttp2 is in a state that ends the session. */
static bool gather(struct grpc_session *ss)
{
	const uint8_t *p;
	ssize_t n;

	while (ss->out.len < OUT_CHUNK && (n = nghttp2_session_mem_send(ss->h2, &p)) != 0) {
		if (n < 0)
			return false;
		buf_add(&ss->out, p, (size_t)n);
	}
	return true;
}

/* Writes `out`. 1: all of it, 0: the socket is full, -1: the peer is gone. */
static int write_out(struct grpc_session *ss)
{
	while (ss->out.len > 0) {
		ssize_t n = send(ss->fd, ss->out.data, ss->out.len, MSG_NOSIGNAL);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return errno == EAGAIN ? 0 : -1;
		buf_drop(&ss->out, (size_t)n);
	}
	if (ss->out.cap > OUT_CHUNK / 4)
		buf_free(&ss->out);
	return 1;
}

static int watch_writable(struct grpc_session *ss, bool want)
{
	struct err e = { 0 };

	if (ss->want_write == want)
		return 0;
	ss->want_write = want;
	return loop_modify(ss->source, want ? EPOLLIN | EPOLLOUT : EPOLLIN, &e);
}

void grpc_session_flush(struct grpc_session *ss)
{
	int r;

	do {
		if (!gather(ss)) {
			grpc_session_free(ss);
			return;
		}
		r = write_out(ss);
	} while (r > 0 && nghttp2_session_want_write(ss->h2));
	if (r < 0 || watch_writable(ss, r == 0) < 0 ||
	    (!nghttp2_session_want_read(ss->h2) && !nghttp2_session_want_write(ss->h2)))
		grpc_session_free(ss);
}

/* 1: more may come, 0: nothing there now, -1: the connection is over. */
static int read_in(struct grpc_session *ss)
{
	uint8_t chunk[16 * KIB];
	ssize_t n = recv(ss->fd, chunk, sizeof(chunk), 0);

	if (n < 0)
		return errno == EINTR ? 1 : errno == EAGAIN ? 0 : -1;
	if (n == 0 || nghttp2_session_mem_recv(ss->h2, chunk, (size_t)n) < 0)
		return -1;
	return n == (ssize_t)sizeof(chunk);
}

/* How often one connection reads before others get their turn. */
#define READS_IN_A_ROW 16

static void on_socket(void *arg, unused_arg int fd, uint32_t events)
{
	struct grpc_session *ss = arg;
	int r = 1;

	if (events & (EPOLLIN | EPOLLHUP | EPOLLERR))
		for (int i = 0; i < READS_IN_A_ROW && r > 0; i++)
			r = read_in(ss);
	if (r < 0)
		grpc_session_free(ss);
	else
		grpc_session_flush(ss);
}

void grpc_session_start(struct grpc_server *s, int fd)
{
	struct grpc_session *ss = xalloc(sizeof(*ss));
	struct err e = { 0 };

	ss->server = s;
	ss->fd = fd;
	ss->source = loop_add(s->loop, fd, EPOLLIN, on_socket, ss, &e);
	if (!ss->source) {
		fd_close(&ss->fd);
		free(ss);
		return;
	}
	ss->h2 = h2_new(ss);
	ss->next = s->sessions;
	if (ss->next)
		ss->next->at = &ss->next;
	ss->at = &s->sessions;
	s->sessions = ss;
	s->nsessions++;
	grpc_session_flush(ss);
}
