/* gRPC: the framing by itself, and our client against our server over a real socket. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/socket.h>
#include <unistd.h>
#include "base/clock.h"
#include "base/fd.h"
#include "base/limits.h"
#include "base/workers.h"
#include "proto/content.pb-c.h"
#include "proto/event_service.pb-c.h"
#include "proto/types.pb-c.h"
#include "proto/version.pb-c.h"
#include "rpc/grpc_client.h"
#include "rpc/grpc_server.h"
#include "rpc/grpc_wire.h"
#include "rpc/wkt.h"

/* ---- framing ---- */

static void frame_needs_all_its_bytes(unused_arg void **state)
{
	Version__VersionResponse m = VERSION__VERSION_RESPONSE__INIT;
	_cleanup_buf_ struct buf b = { 0 };
	struct err e = { 0 };
	struct slice msg;

	m.version = "1.2";
	grpc_frame_put(&b, &m.base);
	for (size_t n = 0; n < b.len; n++)
		assert_int_equal(grpc_frame_next((struct slice){ b.data, n }, &msg, &e), 0);
	assert_int_equal(grpc_frame_next((struct slice){ b.data, b.len }, &msg, &e), 1);
	assert_int_equal(msg.len, b.len - GRPC_PREFIX);
}

static void frame_refuses_long_and_compressed(unused_arg void **state)
{
	struct err e = { 0 };
	struct slice msg;

	assert_int_equal(grpc_frame_next((struct slice){ "\0\x7f\0\0\0", 5 }, &msg, &e), -1);
	assert_int_equal(e.kind, ERR_EXHAUSTED);
	assert_int_equal(grpc_frame_next((struct slice){ "\1\0\0\0\0", 5 }, &msg, &e), -1);
	assert_int_equal(e.kind, ERR_UNIMPLEMENTED);
}

static void message_is_percent_encoded(unused_arg void **state)
{
	_cleanup_buf_ struct buf b = { 0 };

	grpc_percent_encode(&b, "50% of \xc3\xa4\n");
	assert_string_equal(b.data, "50%25 of %C3%A4%0A");
	grpc_percent_decode(b.data);
	assert_string_equal(b.data, "50% of \xc3\xa4\n");
	buf_reset(&b);
	buf_adds(&b, "%zz%4%00");
	grpc_percent_decode(b.data);
	assert_string_equal(b.data, "%zz%4%00");
	buf_reset(&b);
	grpc_percent_encode(&b, " exit status 1: ");
	assert_string_equal(b.data, "%20exit status 1:%20");
}

static void timeouts(unused_arg void **state)
{
	static const struct {
		const char *text;
		int64_t ms; /* -1: refused */
	} cases[] = { { "1H", 3600000 }, { "2M", 120000 }, { "3S", 3000 },       { "4m", 4 },
		      { "1u", 1 },       { "5n", 1 },      { "2500u", 3 },       { "", -1 },
		      { "S", -1 },       { "1", -1 },      { "123456789S", -1 }, { "1SS", -1 } };
	char text[GRPC_TIMEOUT_SIZE];

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		int64_t ms = -1;

		assert_int_equal(grpc_timeout_parse(cases[i].text, &ms), cases[i].ms >= 0);
		assert_int_equal(ms, cases[i].ms);
	}
	grpc_timeout_format(text, 1500);
	assert_string_equal(text, "1500m");
}

/* ---- a server ---- */

static int version(struct rpc_call *call, unused_arg const void *req, void *resp,
                   unused_arg struct err *e)
{
	Version__VersionResponse *r = resp;

	r->version = rpc_call_metadata(call, "containerd-namespace");
	r->revision = rpc_call_metadata(call, "containerd-lease");
	return 0;
}

static int publish_fails(unused_arg struct rpc_call *call, const void *req, unused_arg void *resp,
                         struct err *e)
{
	const EventService__PublishRequest *r = req;

	return err_set(e, ERR_NOT_FOUND, "topic \"%s\" \xe2\x98\xba: not found", r->topic);
}

/* Answers each message of the client with one that says how long its data was; fails at a COMMIT. */
static int echo_lengths(struct rpc_call *call, unused_arg const void *req, unused_arg void *resp,
                        struct err *e)
{
	Content__WriteContentResponse out = CONTENT__WRITE_CONTENT_RESPONSE__INIT;
	void *msg;
	int r;

	while ((r = rpc_call_recv(call, &msg, e)) > 0) {
		const Content__WriteContentRequest *in = msg;

		if (in->action == CONTENT__WRITE_ACTION__COMMIT)
			return err_set(e, ERR_PRECONDITION, "unexpected commit");
		pb_set(&out, offset, (int64_t)in->data.len);
		if (rpc_call_send(call, &out, e) < 0)
			return -1;
	}
	return r;
}

/* Parked: a hundred envelopes now, the end when the test says so or the client leaves. */
static _Atomic(struct rpc_call *) parked;
static atomic_bool left;

static void on_left(struct rpc_call *call, unused_arg void *arg)
{
	struct err e = { 0 };

	left = true;
	err_set(&e, ERR_CANCELED, "context canceled");
	rpc_call_finish(call, NULL, &e);
}

static int subscribe(struct rpc_call *call, unused_arg const void *req, unused_arg void *resp,
                     struct err *e)
{
	Types__Envelope env = TYPES__ENVELOPE__INIT;

	for (int i = 0; i < 100; i++) {
		env.topic = arena_printf(rpc_call_arena(call), "/test/%d", i);
		if (grpc_call_queue(call, &env, e) < 0)
			return -1;
	}
	parked = call;
	rpc_call_on_cancel(call, on_left, NULL);
	return RPC_LATER;
}

static int too_slow(unused_arg struct rpc_call *call, unused_arg const void *req,
                    unused_arg void *resp, unused_arg struct err *e)
{
	usleep(300000);
	return 0;
}

static const struct rpc_route routes[] = {
	{ RPC_VERSION_VERSION, version },       { RPC_EVENTS_PUBLISH, publish_fails },
	{ RPC_CONTENT_WRITE, echo_lengths },    { RPC_EVENTS_SUBSCRIBE, subscribe },
	{ RPC_INTROSPECTION_SERVER, too_slow },
};

static struct {
	struct loop *loop;
	struct workers *workers;
	struct grpc_server *server;
	struct grpc_client *client;
	pthread_t thread;
	char path[64];
} t;

static void *run_loop(unused_arg void *arg)
{
	struct err e = { 0 };

	assert_int_equal(loop_run(t.loop, &e), 0);
	return NULL;
}

static int start(unused_arg void **state)
{
	struct err e = { 0 };

	snprintf(t.path, sizeof(t.path), "/tmp/lighter-grpc-%d.sock", getpid());
	t.loop = loop_new(&e);
	t.workers = workers_new(8, 256 * KIB);
	t.server = grpc_server_new(t.loop, t.workers, NULL);
	grpc_server_route(t.server, routes, ARRAY_LEN(routes));
	if (grpc_server_listen(t.server, unix_listen(t.path, 0600, &e), &e) < 0)
		return -1;
	t.client = grpc_client_new(t.path, "moby");
	return pthread_create(&t.thread, NULL, run_loop, NULL);
}

static void stop_loop(unused_arg void *arg)
{
	loop_stop(t.loop);
}

static int stop(unused_arg void **state)
{
	grpc_client_free(t.client);
	workers_free(t.workers);
	loop_post(t.loop, stop_loop, NULL);
	pthread_join(t.thread, NULL);
	grpc_server_free(t.server);
	loop_free(t.loop);
	unlink(t.path);
	return 0;
}

static void unary_with_metadata(unused_arg void **state)
{
	_cleanup_arena_ struct arena a = { 0 };
	Google__Empty req = GOOGLE__EMPTY__INIT;
	struct grpc_opts o = { .lease = "l1" };
	Version__VersionResponse *resp;
	struct err e = { 0 };

	for (int i = 0; i < 200; i++) {
		assert_int_equal(grpc_call(t.client, i % 2 ? &o : NULL, RPC_VERSION_VERSION, &req,
		                           &a, (void **)&resp, &e),
		                 0);
		assert_string_equal(resp->version, "moby");
		assert_true(str_eq(resp->revision, i % 2 ? "l1" : NULL));
	}
}

static void errors_keep_kind_and_text(unused_arg void **state)
{
	_cleanup_arena_ struct arena a = { 0 };
	EventService__PublishRequest req = EVENT_SERVICE__PUBLISH_REQUEST__INIT;
	Google__Empty empty = GOOGLE__EMPTY__INIT;
	struct err e = { 0 };
	void *resp;

	req.topic = "/x";
	assert_int_equal(grpc_call(t.client, NULL, RPC_EVENTS_PUBLISH, &req, &a, &resp, &e), -1);
	assert_int_equal(e.kind, ERR_NOT_FOUND);
	assert_string_equal(e.text, "topic \"/x\" \xe2\x98\xba: not found");
	assert_int_equal(grpc_call(t.client, NULL, RPC_HEALTH_CHECK, &empty, &a, &resp, &e), -1);
	assert_int_equal(e.kind, ERR_UNIMPLEMENTED);
}

static void deadline_passes(unused_arg void **state)
{
	_cleanup_arena_ struct arena a = { 0 };
	Google__Empty req = GOOGLE__EMPTY__INIT;
	struct grpc_opts o = { .timeout_ms = 50 };
	struct err e = { 0 };
	void *resp;

	assert_int_equal(grpc_call(t.client, &o, RPC_INTROSPECTION_SERVER, &req, &a, &resp, &e),
	                 -1);
	assert_int_equal(e.kind, ERR_DEADLINE);
}

static void both_streams_with_long_messages(unused_arg void **state)
{
	static const size_t sizes[] = { 0, 1, 100, 70000, 3 * MIB, 15 * MIB, 5 };
	_cleanup_arena_ struct arena a = { 0 };
	Content__WriteContentRequest req = CONTENT__WRITE_CONTENT_REQUEST__INIT;
	Content__WriteContentResponse *resp;
	struct err e = { 0 };
	struct grpc_stream *s = grpc_stream_open(t.client, NULL, RPC_CONTENT_WRITE, &e);

	assert_non_null(s);
	for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
		req.has_data = true;
		req.data.len = sizes[i];
		req.data.data = arena_alloc(&a, sizes[i]);
		assert_int_equal(grpc_stream_send(s, &req, &e), 0);
	}
	assert_int_equal(grpc_stream_close_send(s, &e), 0);
	for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
		assert_int_equal(grpc_stream_recv(s, &a, (void **)&resp, &e), 1);
		assert_int_equal(resp->offset, sizes[i]);
	}
	assert_int_equal(grpc_stream_recv(s, &a, (void **)&resp, &e), 0);
	grpc_stream_free(s);
}

/* The server ends the stream while the client's side is open. */
static void stream_fails_early(unused_arg void **state)
{
	_cleanup_arena_ struct arena a = { 0 };
	Content__WriteContentRequest req = CONTENT__WRITE_CONTENT_REQUEST__INIT;
	struct err e = { 0 };
	struct grpc_stream *s = grpc_stream_open(t.client, NULL, RPC_CONTENT_WRITE, &e);
	void *resp;

	assert_non_null(s);
	assert_int_equal(grpc_stream_send(s, &req, &e), 0);
	assert_int_equal(grpc_stream_recv(s, &a, &resp, &e), 1);
	pb_set(&req, action, CONTENT__WRITE_ACTION__COMMIT);
	assert_int_equal(grpc_stream_send(s, &req, &e), 0);
	assert_int_equal(grpc_stream_recv(s, &a, &resp, &e), -1);
	assert_int_equal(e.kind, ERR_PRECONDITION);
	assert_string_equal(e.text, "unexpected commit");
	grpc_stream_free(s);
}

static struct grpc_stream *subscribe_all(struct arena *a)
{
	EventService__SubscribeRequest req = EVENT_SERVICE__SUBSCRIBE_REQUEST__INIT;
	struct err e = { 0 };
	struct grpc_stream *s = grpc_stream_open(t.client, NULL, RPC_EVENTS_SUBSCRIBE, &e);
	Types__Envelope *env;

	assert_non_null(s);
	assert_int_equal(grpc_stream_send(s, &req, &e), 0);
	assert_int_equal(grpc_stream_close_send(s, &e), 0);
	for (int i = 0; i < 100; i++) {
		assert_int_equal(grpc_stream_recv(s, a, (void **)&env, &e), 1);
		assert_string_equal(env->topic, arena_printf(a, "/test/%d", i));
	}
	return s;
}

static void parked_stream_ends(unused_arg void **state)
{
	_cleanup_arena_ struct arena a = { 0 };
	struct grpc_stream *s = subscribe_all(&a);
	struct err e = { 0 }, end = { 0 };
	void *env;

	err_set(&end, ERR_ABORTED, "enough");
	while (!parked)
		usleep(1000);
	rpc_call_finish(parked, NULL, &end);
	assert_int_equal(grpc_stream_recv(s, &a, &env, &e), -1);
	assert_int_equal(e.kind, ERR_ABORTED);
	assert_string_equal(e.text, "enough");
	grpc_stream_free(s);
}

static void client_leaves(unused_arg void **state)
{
	_cleanup_arena_ struct arena a = { 0 };
	struct grpc_stream *s = subscribe_all(&a);
	struct err e = { 0 };
	void *env;

	grpc_stream_cancel(s);
	assert_int_equal(grpc_stream_recv(s, &a, &env, &e), -1);
	assert_int_equal(e.kind, ERR_CANCELED);
	grpc_stream_free(s);
	for (int i = 0; i < 500 && !left; i++)
		usleep(10000);
	assert_true(left);
}

static void server_is_gone(unused_arg void **state)
{
	_cleanup_arena_ struct arena a = { 0 };
	struct grpc_client *c = grpc_client_new("unix:///tmp/lighter-nobody-here.sock", NULL);
	Google__Empty req = GOOGLE__EMPTY__INIT;
	struct err e = { 0 };
	void *resp;

	assert_int_equal(grpc_call(c, NULL, RPC_VERSION_VERSION, &req, &a, &resp, &e), -1);
	assert_int_equal(e.kind, ERR_UNAVAILABLE);
	grpc_client_free(c);
}

/* A server whose answer nghttp2 refuses: SETTINGS, then HEADERS of stream 1 with a space too many. */
static void *serve_malformed(void *arg)
{
	static const char frames[] = "\0\0\0\4\0\0\0\0\0"
	                             "\0\0\x12\1\5\0\0\0\1\x88\0\x0c"
	                             "grpc-message\2x ";
	_cleanup_close_ int fd = accept(*(int *)arg, NULL, NULL);
	struct err e = { 0 };
	char rest[4096];

	assert_true(fd >= 0);
	assert_int_equal(fd_write_all(fd, frames, sizeof(frames) - 1, &e), 0);
	while (read(fd, rest, sizeof(rest)) > 0)
		;
	return NULL;
}

static void malformed_answer_is_no_wait(unused_arg void **state)
{
	_cleanup_arena_ struct arena a = { 0 };
	Google__Empty req = GOOGLE__EMPTY__INIT;
	struct err e = { 0 };
	char path[64];
	struct grpc_client *c;
	pthread_t thread;
	void *resp;
	int fd;

	snprintf(path, sizeof(path), "/tmp/lighter-grpc-bad-%d.sock", getpid());
	fd = unix_listen(path, 0600, &e);
	assert_true(fd >= 0 && fd_nonblock(fd, false, &e) == 0);
	assert_int_equal(pthread_create(&thread, NULL, serve_malformed, &fd), 0);
	c = grpc_client_new(path, NULL);
	assert_int_equal(grpc_call(c, NULL, RPC_VERSION_VERSION, &req, &a, &resp, &e), -1);
	grpc_client_free(c);
	pthread_join(thread, NULL);
	fd_close(&fd);
	unlink(path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(frame_needs_all_its_bytes),
		cmocka_unit_test(frame_refuses_long_and_compressed),
		cmocka_unit_test(message_is_percent_encoded),
		cmocka_unit_test(timeouts),
		cmocka_unit_test(unary_with_metadata),
		cmocka_unit_test(errors_keep_kind_and_text),
		cmocka_unit_test(deadline_passes),
		cmocka_unit_test(both_streams_with_long_messages),
		cmocka_unit_test(stream_fails_early),
		cmocka_unit_test(parked_stream_ends),
		cmocka_unit_test(client_leaves),
		cmocka_unit_test(server_is_gone),
		cmocka_unit_test(malformed_answer_is_no_wait),
	};

	return cmocka_run_group_tests(tests, start, stop);
}
