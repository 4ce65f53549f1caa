/* src/http: heads and bodies in all framings, lies, routes, queries, the server over a socket. */
#include "unit.h"

#include <pthread.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>
#include "base/fd.h"
#include "http/client.h"
#include "http/route.h"
#include "http/server.h"

/* A connection whose peer has sent `text`. */
static struct http_conn *conn_open(const char *text, int *peer)
{
	int sv[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sv), 0);
	assert_int_equal(write(sv[1], text, strlen(text)), strlen(text));
	*peer = sv[1];
	return http_conn_new(sv[0]);
}

/* ... and has closed its side. */
static struct http_conn *conn_with(const char *text, int *peer)
{
	struct http_conn *c = conn_open(text, peer);

	shutdown(*peer, SHUT_WR);
	return c;
}

/* `docker exec` asks to upgrade and sends a JSON body before that; it may come later than the head. */
static void an_upgrade_may_have_a_body(unused_arg void **state)
{
	static const char head[] = "POST /exec/x/start HTTP/1.1\r\nConnection: Upgrade\r\n"
	                           "Upgrade: tcp\r\nContent-Length: 2\r\n\r\n";
	_cleanup_arena_ struct arena a = { 0 };
	_cleanup_buf_ struct buf rest = { 0 };
	struct http_request req;
	struct slice body;
	struct http_conn *c;
	int sv[2], fd;

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sv), 0);
	c = http_conn_new(sv[0]);
	assert_int_equal(write(sv[1], head, sizeof(head) - 1), sizeof(head) - 1);
	assert_int_equal(http_read_request(c, &a, &req, NULL), 1);
	assert_string_equal(req.upgrade, "tcp");
	assert_int_equal(write(sv[1], "{}raw", 5), 5);
	assert_int_equal(http_body_all(c, &a, 100, &body, NULL), 0);
	assert_string_equal(body.data, "{}");
	fd = http_hijack(c, &rest);
	assert_string_equal(buf_cstr(&rest), "raw");
	http_conn_free(c);
	close(fd);
	close(sv[1]);
}

/* What a server may give a thread to, and what it had better wait for. */
static void arrivals_are_told_apart(unused_arg void **state)
{
	static const struct {
		const char *text;
		enum http_arrival is;
	} cases[] = {
		{ "", HTTP_NOTHING },
		{ "G", HTTP_PART_HEAD },
		{ "GET / HTTP/1.1\r\nHost: d\r\n", HTTP_PART_HEAD },
		{ "GET / HTTP/1.1\r\nHost: d\r\n\r\n", HTTP_WHOLE },
		{ "\x16\x03\x01\x02", HTTP_WHOLE },
		{ "GET / HTTP/1.1\nHost: d\n\n", HTTP_WHOLE },
		{ "POST / HTTP/1.1\r\nContent-Length: 3\r\n\r\nab", HTTP_PART_BODY },
		{ "POST / HTTP/1.1\r\ncontent-length:3\r\n\r\nabc", HTTP_WHOLE },
		{ "POST / HTTP/1.1\r\nContent-Length: 99999999\r\n\r\nab", HTTP_STREAM },
		{ "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n", HTTP_STREAM },
		{ "POST / HTTP/1.1\r\nExpect: 100-continue\r\n\r\n", HTTP_STREAM },
		{ "GET / HTTP/1.1\r\nX-Content-Length: 9\r\n\r\n", HTTP_WHOLE },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		int peer;
		struct http_conn *c = conn_open(cases[i].text, &peer);

		if (http_conn_gather(c) != cases[i].is)
			fail_msg("case %zu", i);
		close(peer); /* what is there is all that will come */
		assert_int_equal(http_conn_gather(c), *cases[i].text ? HTTP_WHOLE : HTTP_GONE);
		http_conn_free(c);
	}
}

static void requests_follow_each_other(unused_arg void **state)
{
	_cleanup_arena_ struct arena a = { 0 };
	struct http_request req;
	struct slice body;
	struct err e = { 0 };
	int peer;
	struct http_conn *c =
	        conn_with("POST /v1.41/x?a=1 HTTP/1.1\r\nHost: d\r\nContent-Length: 3\r\n\r\nabc"
	                  "POST /y HTTP/1.1\r\nHost: d\r\nTransfer-Encoding: chunked\r\n\r\n"
	                  "3\r\nxyz\r\n1\r\n!\r\n0\r\n\r\n"
	                  "GET /z HTTP/1.1\r\nConnection: close\r\n\r\n",
	                  &peer);

	assert_int_equal(http_read_request(c, &a, &req, &e), 1);
	assert_string_equal(req.path, "/v1.41/x");
	assert_string_equal(req.query, "a=1");
	assert_true(req.keep_alive && req.has_body);
	assert_int_equal(http_body_all(c, &a, 100, &body, &e), 0);
	assert_string_equal(body.data, "abc");
	assert_int_equal(http_read_request(c, &a, &req, &e), 1);
	assert_int_equal(http_body_all(c, &a, 100, &body, &e), 0);
	assert_string_equal(body.data, "xyz!");
	assert_true(http_body_done(c));
	assert_int_equal(http_read_request(c, &a, &req, &e), 1);
	assert_false(req.keep_alive);
	assert_false(req.has_body);
	assert_int_equal(http_body_all(c, &a, 100, &body, &e), 0);
	assert_int_equal(http_read_request(c, &a, &req, &e), 0);
	http_conn_free(c);
	close(peer);
}

static void lies_are_refused(unused_arg void **state)
{
	static const char *const bad[] = {
		"GET / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
		"GET / HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
		"POST / HTTP/1.1\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n",
		"GET  HTTP/1.1\r\n\r\n",
		"nonsense\r\n\r\n",
		"GET / HTTP/1.1\r\nHost: x",
		"GET http://else/ HTTP/1.1\r\n\r\n",
	};

	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		_cleanup_arena_ struct arena a = { 0 };
		struct http_request req;
		struct err e = { 0 };
		int peer;
		struct http_conn *c = conn_with(bad[i], &peer);

		if (http_read_request(c, &a, &req, &e) != -1)
			fail_msg("accepted %s", bad[i]);
		http_conn_free(c);
		close(peer);
	}
}

static void truncated_body_is_an_error(unused_arg void **state)
{
	_cleanup_arena_ struct arena a = { 0 };
	struct http_request req;
	struct slice body;
	struct err e = { 0 };
	int peer;
	struct http_conn *c = conn_with("POST / HTTP/1.1\r\nContent-Length: 10\r\n\r\nabc", &peer);

	assert_int_equal(http_read_request(c, &a, &req, &e), 1);
	assert_int_equal(http_body_all(c, &a, 100, &body, &e), -1);
	assert_string_equal(e.text, "malformed HTTP: stream ended at an unexpected time");
	http_conn_free(c);
	close(peer);
}

static void hijack_keeps_early_bytes(unused_arg void **state)
{
	_cleanup_arena_ struct arena a = { 0 };
	_cleanup_buf_ struct buf pending = { 0 };
	struct http_request req;
	struct slice body;
	struct err e = { 0 };
	int peer, fd;
	struct http_conn *c =
	        conn_with("POST /exec/1/start HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n"
	                  "Content-Length: 2\r\n\r\n{}early",
	                  &peer);

	assert_int_equal(http_read_request(c, &a, &req, &e), 1);
	assert_string_equal(req.upgrade, "tcp");
	assert_int_equal(http_body_all(c, &a, 100, &body, &e), 0);
	assert_string_equal(body.data, "{}");
	fd = http_hijack(c, &pending);
	assert_string_equal(buf_cstr(&pending), "early");
	http_conn_free(c);
	close(fd);
	close(peer);
}

static void responses_in_all_framings(unused_arg void **state)
{
	_cleanup_arena_ struct arena a = { 0 };
	struct http_response resp;
	struct slice body;
	struct err e = { 0 };
	int peer;
	struct http_conn *c = conn_with(
	        "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 404 Not Found\r\nContent-Length: 2\r\n\r\nno"
	        "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n"
	        "HTTP/1.1 200 OK\r\n\r\nuntil the end",
	        &peer);

	assert_int_equal(http_read_response(c, &a, "GET", &resp, &e), 0);
	assert_int_equal(resp.status, 404);
	assert_int_equal(http_body_all(c, &a, 100, &body, &e), 0);
	assert_string_equal(body.data, "no");
	assert_int_equal(http_read_response(c, &a, "HEAD", &resp, &e), 0);
	assert_int_equal(resp.content_length, 5);
	assert_int_equal(http_body_all(c, &a, 100, &body, &e), 0);
	assert_int_equal(body.len, 0);
	assert_int_equal(http_read_response(c, &a, "GET", &resp, &e), 0);
	assert_int_equal(http_body_all(c, &a, 100, &body, &e), 0);
	assert_string_equal(body.data, "until the end");
	http_conn_free(c);
	close(peer);
}

static void routes_match_whole_paths(unused_arg void **state)
{
	_cleanup_arena_ struct arena a = { 0 };
	struct http_params p;

	assert_true(http_route_match(&a, "/containers/{id}/json", "/containers/web/json", &p));
	assert_string_equal(http_param(&p, "id"), "web");
	assert_false(http_route_match(&a, "/containers/{id}/json", "/containers/web", &p));
	assert_false(http_route_match(&a, "/containers/{id}/json", "/containers/a/b/json", &p));
	assert_true(
	        http_route_match(&a, "/images/{name...}/json", "/images/host:5000/a/b/json", &p));
	assert_string_equal(http_param(&p, "name"), "host:5000/a/b");
	assert_true(http_route_match(&a, "/images/{name...}", "/images/a%2Fb", &p));
	assert_string_equal(http_param(&p, "name"), "a/b");
	assert_false(http_route_match(&a, "/images/{name...}/json", "/images/json", &p));
	assert_false(http_route_match(&a, "/x/{id}", "/x/%00", &p));
}

static void queries_decode(unused_arg void **state)
{
	_cleanup_arena_ struct arena a = { 0 };
	struct strs all;

	assert_string_equal(http_query_get(&a, "a=1&b=x%20y+z&a=2&c", "b"), "x y z");
	assert_string_equal(http_query_get(&a, "a=1&c", "c"), "");
	assert_null(http_query_get(&a, "a=1", "b"));
	all = http_query_all(&a, "a=1&b=2&a=3", "a");
	assert_int_equal(all.n, 2);
	assert_true(http_query_bool(&a, "x=1", "x", false));
	assert_false(http_query_bool(&a, "x=False", "x", true));
	assert_true(http_query_bool(&a, "", "x", true));
}

/* ---- a server over a unix socket ---- */

static void echo(void *user, struct http_request *req, struct http_reply *reply)
{
	struct slice body = { "", 0 };
	_cleanup_buf_ struct buf pending = { 0 };
	struct err e = { 0 };
	int fd;

	(void)user;
	if (str_eq(req->path, "/hijack")) {
		fd = http_reply_hijack(reply, "application/vnd.docker.raw-stream", &pending, &e);
		assert_true(fd >= 0);
		assert_int_equal(write(fd, "raw", 3), 3);
		close(fd);
		return;
	}
	if (str_eq(req->path, "/stream")) {
		assert_int_equal(http_reply_begin(reply, 200, "text/plain", &e), 0);
		assert_int_equal(http_reply_write(reply, "one,", 4, &e), 0);
		assert_int_equal(http_reply_write(reply, "two", 3, &e), 0);
		assert_int_equal(http_reply_end(reply, &e), 0);
		return;
	}
	if (str_eq(req->path, "/silent"))
		return;
	assert_int_equal(http_body_all(reply->conn, reply->arena, 1000, &body, &e), 0);
	assert_int_equal(http_reply_body(reply, 200, "text/plain", body, &e), 0);
}

struct server_case {
	struct loop *loop;
	char path[64];
};

static void stop(void *arg)
{
	loop_stop(((struct server_case *)arg)->loop);
}

static int status_of(struct http_conn *c, const char *method, const char *target, const char *send,
                     const char *expect)
{
	_cleanup_arena_ struct arena a = { 0 };
	struct http_response resp;
	struct slice body;
	struct err e = { 0 };

	assert_int_equal(http_send(c,
	                           &(struct http_send){ .method = method,
	                                                .target = target,
	                                                .host = "d",
	                                                .content_type = "text/plain",
	                                                .body = slice_of(send) },
	                           &e),
	                 0);
	assert_int_equal(http_read_response(c, &a, method, &resp, &e), 0);
	assert_int_equal(http_body_all(c, &a, 1000, &body, &e), 0);
	assert_string_equal(body.data, expect);
	return resp.status;
}

static void *clients(void *arg)
{
	struct server_case *t = arg;
	_cleanup_arena_ struct arena a = { 0 };
	_cleanup_buf_ struct buf pending = { 0 };
	char address[80], text[8] = "";
	struct http_response resp;
	struct err e = { 0 };
	struct http_conn *c;
	int fd;

	snprintf(address, sizeof(address), "unix://%s", t->path);
	c = http_dial(address, &e);
	assert_non_null(c);
	assert_int_equal(status_of(c, "POST", "/echo", "hello", "hello"), 200);
	assert_int_equal(status_of(c, "GET", "/stream", NULL, "one,two"), 200);
	usleep(20000); /* long enough to be idle in the loop */
	assert_int_equal(status_of(c, "POST", "/echo", "again", "again"), 200);
	assert_int_equal(status_of(c, "GET", "/silent", NULL, "no answer\n"), 500);
	assert_int_equal(http_send(c,
	                           &(struct http_send){ .method = "POST",
	                                                .target = "/hijack",
	                                                .host = "d",
	                                                .headers =
	                                                        (const struct http_header[]){
	                                                                { "Connection", "Upgrade" },
	                                                                { "Upgrade", "tcp" } },
	                                                .nheaders = 2 },
	                           &e),
	                 0);
	assert_int_equal(http_read_response(c, &a, "POST", &resp, &e), 0);
	assert_int_equal(resp.status, 101);
	fd = http_hijack(c, &pending);
	assert_true(fd_read_full(fd, text, 3 - pending.len, &e) >= 0);
	assert_int_equal(pending.len + strlen(text), 3);
	close(fd);
	http_conn_free(c);
	loop_post(t->loop, stop, t);
	return NULL;
}

static void server_serves(unused_arg void **state)
{
	struct server_case t = { .path = "" };
	struct http_server *s;
	struct err e = { 0 };
	pthread_t thread;

	snprintf(t.path, sizeof(t.path), "/tmp/lighter-http-%d.sock", getpid());
	t.loop = loop_new(&e);
	s = http_server_new(t.loop, echo, NULL, 4);
	assert_int_equal(http_server_listen(s, unix_listen(t.path, 0600, &e), &e), 0);
	pthread_create(&thread, NULL, clients, &t);
	assert_int_equal(loop_run(t.loop, &e), 0);
	pthread_join(thread, NULL);
	usleep(200000); /* the thread of the hijacked request still reports to the loop */
	http_server_stop(s);
	http_server_free(s);
	loop_free(t.loop);
	unlink(t.path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_upgrade_may_have_a_body),
		cmocka_unit_test(arrivals_are_told_apart),
		cmocka_unit_test(requests_follow_each_other),
		cmocka_unit_test(lies_are_refused),
		cmocka_unit_test(truncated_body_is_an_error),
		cmocka_unit_test(hijack_keeps_early_bytes),
		cmocka_unit_test(responses_in_all_framings),
		cmocka_unit_test(routes_match_whole_paths),
		cmocka_unit_test(queries_decode),
		cmocka_unit_test(server_serves),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
