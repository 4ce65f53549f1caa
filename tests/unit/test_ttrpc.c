/* ttrpc: frames in pieces, and a server with parked calls against the blocking client. */
#include "unit.h"

#include <poll.h>
#include <pthread.h>
#include <sys/socket.h>
#include <unistd.h>
#include "base/clock.h"
#include "base/fd.h"
#include "base/limits.h"
#include "proto/shim.pb-c.h"
#include "rpc/ttrpc_client.h"
#include "rpc/ttrpc_frame.h"
#include "rpc/ttrpc_server.h"
#include "rpc/wkt.h"

/* ---- frames ---- */

static void frames_come_in_any_pieces(void **state)
{
	_cleanup_buf_ struct buf wire = { 0 };
	struct ttrpc_parser p = { 0 };
	struct ttrpc_frame f;
	int seen = 0;

	(void)state;
	ttrpc_frame_append(&wire, 1, TTRPC_REQUEST, slice_of("hello"));
	ttrpc_frame_append(&wire, 3, TTRPC_RESPONSE, slice_of(""));
	assert_memory_equal(wire.data, "\0\0\0\5\0\0\0\1\1\0hello", 15);
	for (size_t i = 0; i < wire.len; i++) {
		ttrpc_parser_feed(&p, wire.data + i, 1);
		while (ttrpc_parser_next(&p, &f)) {
			assert_int_equal(f.stream, seen ? 3 : 1);
			assert_int_equal(f.type, seen ? TTRPC_RESPONSE : TTRPC_REQUEST);
			assert_true(slice_eq(f.data, seen ? "" : "hello"));
			seen++;
		}
	}
	assert_int_equal(seen, 2);
	ttrpc_parser_free(&p);
}

static void an_oversized_frame_is_skipped(void **state)
{
	static char junk[64 * 1024];
	struct ttrpc_parser p = { 0 };
	struct ttrpc_frame f;
	_cleanup_buf_ struct buf next = { 0 };
	size_t left = LIMIT_TTRPC_MESSAGE + 1;

	(void)state;
	ttrpc_parser_feed(&p, "\x00\x40\x00\x01\0\0\0\5\1\0", TTRPC_HEADER);
	assert_true(ttrpc_parser_next(&p, &f));
	assert_true(f.oversized);
	assert_int_equal(f.stream, 5);
	for (size_t n; left > 0; left -= n) {
		n = MIN(left, sizeof(junk));
		ttrpc_parser_feed(&p, junk, n);
		assert_false(ttrpc_parser_next(&p, &f));
		assert_true(p.in.cap < 1024 * 1024);
	}
	ttrpc_frame_append(&next, 7, TTRPC_REQUEST, slice_of("x"));
	ttrpc_parser_feed(&p, next.data, next.len);
	assert_true(ttrpc_parser_next(&p, &f));
	assert_int_equal(f.stream, 7);
	assert_false(f.oversized);
	ttrpc_parser_free(&p);
}

/* ---- server and client ---- */

struct world {
	char dir[32], path[64];
	struct loop *loop;
	struct ttrpc_server *server;
	pthread_t thread;
	struct rpc_call *parked;
	_Atomic int cancelled;
};

static int on_state(struct rpc_call *call, const void *request, void *response, struct err *e)
{
	const Shim__StateRequest *req = request;
	Shim__StateResponse *resp = response;

	if (str_empty(req->id))
		return err_set(e, ERR_NOT_FOUND, "container not created");
	resp->id = req->id;
	resp->bundle = rpc_call_metadata(call, TTRPC_NAMESPACE);
	pb_set(resp, pid, 12);
	return 0;
}

static void on_gone(struct rpc_call *call, void *arg)
{
	struct world *w = arg;
	struct err e;

	err_set(&e, ERR_CANCELED, "gone");
	w->cancelled++;
	w->parked = NULL;
	rpc_call_finish(call, NULL, &e);
}

static int on_wait(struct rpc_call *call, const void *request, void *response, struct err *e)
{
	struct world *w = rpc_call_user(call);

	(void)request, (void)response, (void)e;
	w->parked = call;
	rpc_call_on_cancel(call, on_gone, w);
	return RPC_LATER;
}

static int on_kill(struct rpc_call *call, const void *request, void *response, struct err *e)
{
	struct world *w = rpc_call_user(call);
	Shim__WaitResponse *resp;

	(void)request, (void)response;
	if (!w->parked)
		return err_set(e, ERR_PRECONDITION, "nobody waits");
	resp = pb_new(rpc_call_arena(w->parked), shim__wait_response, Shim__WaitResponse);
	pb_set(resp, exit_status, 137);
	rpc_call_finish(w->parked, resp, NULL);
	w->parked = NULL;
	return 0;
}

static const struct rpc_route routes[] = {
	{ RPC_TASK_V2_STATE, on_state },
	{ RPC_TASK_V2_WAIT, on_wait },
	{ RPC_TASK_V2_KILL, on_kill },
};

static void *serve(void *arg)
{
	struct world *w = arg;

	if (loop_run(w->loop, NULL) < 0)
		abort();
	return NULL;
}

static int setup(void **state)
{
	struct world *w = calloc(1, sizeof(*w));
	struct err e = { 0 };
	int fd;

	snprintf(w->dir, sizeof(w->dir), "/tmp/test_ttrpc.XXXXXX");
	assert_non_null(mkdtemp(w->dir));
	snprintf(w->path, sizeof(w->path), "%s/s", w->dir);
	fd = unix_listen(w->path, 0600, &e);
	assert_true(fd >= 0);
	w->loop = loop_new(&e);
	w->server = ttrpc_server_new(w->loop, fd, routes, ARRAY_LEN(routes), w, &e);
	assert_non_null(w->server);
	pthread_create(&w->thread, NULL, serve, w);
	*state = w;
	return 0;
}

static void stop(void *arg)
{
	struct world *w = arg;

	ttrpc_server_free(w->server);
	w->server = NULL;
	loop_stop(w->loop);
}

static void stop_server(struct world *w)
{
	if (!w->server)
		return;
	loop_post(w->loop, stop, w);
	pthread_join(w->thread, NULL);
}

static int teardown(void **state)
{
	struct world *w = *state;

	stop_server(w);
	loop_free(w->loop);
	unlink(w->path);
	rmdir(w->dir);
	free(w);
	return 0;
}

static void answers_errors_and_metadata(void **state)
{
	struct world *w = *state;
	_cleanup_arena_ struct arena a = { 0 };
	struct err e = { 0 };
	struct ttrpc_client *c = ttrpc_client_new(w->path, &e);
	struct ttrpc_opts o = { .ns = "moby", .timeout_ms = 5000 };
	Shim__StateRequest req = SHIM__STATE_REQUEST__INIT;
	Shim__StateResponse *resp;
	void *p;

	assert_non_null(c);
	req.id = "web";
	assert_int_equal(ttrpc_call(c, &o, RPC_TASK_V2_STATE, &req, &a, &p, &e), 0);
	resp = p;
	assert_string_equal(resp->id, "web");
	assert_string_equal(resp->bundle, "moby");
	assert_int_equal(resp->pid, 12);
	req.id = "";
	assert_int_equal(ttrpc_call(c, &o, RPC_TASK_V2_STATE, &req, &a, &p, &e), -1);
	assert_int_equal(e.kind, ERR_NOT_FOUND);
	assert_string_equal(e.text, "container not created");
	assert_int_equal(ttrpc_call(c, &o, RPC_TASK_V3_STATE, &req, &a, &p, &e), -1);
	assert_int_equal(e.kind, ERR_UNIMPLEMENTED);
	ttrpc_client_free(c);
}

struct waiter {
	struct ttrpc_client *client;
	unsigned status;
};

static void *wait_for_exit(void *arg)
{
	struct waiter *w = arg;
	_cleanup_arena_ struct arena a = { 0 };
	Shim__WaitRequest req = SHIM__WAIT_REQUEST__INIT;
	void *resp;

	if (ttrpc_call(w->client, NULL, RPC_TASK_V2_WAIT, &req, &a, &resp, NULL) == 0)
		w->status = ((Shim__WaitResponse *)resp)->exit_status;
	return NULL;
}

static void a_long_wait_is_in_nobodys_way(void **state)
{
	struct world *w = *state;
	_cleanup_arena_ struct arena a = { 0 };
	struct err e = { 0 };
	struct waiter waiter = { ttrpc_client_new(w->path, &e), 0 };
	Shim__KillRequest req = SHIM__KILL_REQUEST__INIT;
	pthread_t thread;
	void *resp;

	pthread_create(&thread, NULL, wait_for_exit, &waiter);
	while (ttrpc_call(waiter.client, NULL, RPC_TASK_V2_KILL, &req, &a, &resp, &e) < 0) {
		assert_int_equal(e.kind, ERR_PRECONDITION);
		usleep(1000);
	}
	pthread_join(thread, NULL);
	assert_int_equal(waiter.status, 137);
	ttrpc_client_free(waiter.client);
}

static void a_deadline_cancels_on_both_sides(void **state)
{
	struct world *w = *state;
	_cleanup_arena_ struct arena a = { 0 };
	struct err e = { 0 };
	struct ttrpc_client *c = ttrpc_client_new(w->path, &e);
	struct ttrpc_opts o = { .timeout_ms = 30 };
	Shim__WaitRequest req = SHIM__WAIT_REQUEST__INIT;
	int64_t start = clock_mono_ms();
	void *resp;

	assert_int_equal(ttrpc_call(c, &o, RPC_TASK_V2_WAIT, &req, &a, &resp, &e), -1);
	assert_true(e.kind == ERR_DEADLINE || e.kind == ERR_CANCELED);
	assert_true(clock_mono_ms() - start >= 29);
	ttrpc_client_free(c);
	for (int i = 0; i < 500 && !w->cancelled; i++) /* a busy machine reads the request late */
		usleep(10000);
	stop_server(w);
	assert_int_equal(w->cancelled, 1);
}

static void the_servers_end_shows_on_the_watch(void **state)
{
	struct world *w = *state;
	struct err e = { 0 };
	_cleanup_arena_ struct arena a = { 0 };
	struct ttrpc_client *c = ttrpc_client_new(w->path, &e);
	struct pollfd p = { .fd = ttrpc_client_fd(c), .events = POLLIN };
	Shim__StateRequest req = SHIM__STATE_REQUEST__INIT;
	void *resp;

	assert_int_equal(poll(&p, 1, 10), 0);
	stop_server(w);
	assert_int_equal(poll(&p, 1, 5000), 1);
	assert_int_equal(ttrpc_call(c, NULL, RPC_TASK_V2_STATE, &req, &a, &resp, &e), -1);
	assert_int_equal(e.kind, ERR_UNAVAILABLE);
	ttrpc_client_free(c);
	assert_null(ttrpc_client_new(w->path, &e));
	assert_int_equal(e.kind, ERR_UNAVAILABLE);
}

static void rubbish_is_answered_not_obeyed(void **state)
{
	struct world *w = *state;
	struct err e = { 0 };
	_cleanup_close_ int fd = unix_connect(w->path, &e);
	_cleanup_buf_ struct buf out = { 0 };
	_cleanup_arena_ struct arena a = { 0 };
	const struct rpc_method *m = &rpc_methods[RPC_TASK_V2_STATE];
	struct ttrpc_parser p = { 0 };
	struct ttrpc_frame f;
	int answers = 0;
	void *resp;

	ttrpc_frame_append(&out, 2, TTRPC_REQUEST, slice_of("even stream"));
	ttrpc_frame_append(&out, 1, TTRPC_REQUEST, slice_of("no message"));
	ttrpc_frame_append(&out, 1, TTRPC_REQUEST, slice_of("used stream"));
	ttrpc_frame_append(&out, 3, TTRPC_DATA, slice_of("data"));
	assert_int_equal(fd_write_all(fd, out.data, out.len, &e), 0);
	while (answers < 4) {
		char data[256];
		ssize_t n = recv(fd, data, sizeof(data), 0);

		assert_true(n > 0);
		ttrpc_parser_feed(&p, data, (size_t)n);
		for (; ttrpc_parser_next(&p, &f); answers++) {
			assert_int_equal(ttrpc_response_unpack(&a, m, f.data, &resp, &e), -1);
			assert_int_equal(e.kind, ERR_INVALID);
		}
	}
	ttrpc_parser_free(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(frames_come_in_any_pieces),
		cmocka_unit_test(an_oversized_frame_is_skipped),
		cmocka_unit_test_setup_teardown(answers_errors_and_metadata, setup, teardown),
		cmocka_unit_test_setup_teardown(a_long_wait_is_in_nobodys_way, setup, teardown),
		cmocka_unit_test_setup_teardown(a_deadline_cancels_on_both_sides, setup, teardown),
		cmocka_unit_test_setup_teardown(the_servers_end_shows_on_the_watch, setup,
		                                teardown),
		cmocka_unit_test_setup_teardown(rubbish_is_answered_not_obeyed, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
