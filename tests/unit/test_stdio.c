/* engine/stdio: lines, attached clients, stdin, reading and following logs. */
#include "stdio_fixture.h"

#include <sys/wait.h>

#include "base/json.h"

static void lines_become_entries(void **state)
{
	struct fixture *f = *state;
	const char *text;

	f->config.attrs = "{\"a\":\"b\"}";
	start(f);
	say(f->out, "one\ntwo <&>\n");
	say(f->err, "\xff\x01 bad\n");
	say(f->out, "no newline");
	finish(f);
	text = log_text(f);
	assert_non_null(strstr(
	        text,
	        "{\"log\":\"one\\n\",\"stream\":\"stdout\",\"attrs\":{\"a\":\"b\"},\"time\":\""));
	assert_non_null(
	        strstr(text, "{\"log\":\"two \\u003c\\u0026\\u003e\\n\",\"stream\":\"stdout\""));
	assert_non_null(strstr(text, "{\"log\":\"\\ufffd\\u0001 bad\\n\",\"stream\":\"stderr\""));
	assert_non_null(strstr(text, "{\"log\":\"no newline\",\"stream\":\"stdout\""));
	assert_int_equal(json_check((struct slice){ text, strcspn(text, "\n") }, &f->e), 0);
}

static void long_lines_are_split(void **state)
{
	struct fixture *f = *state;
	char *line = arena_alloc(&f->a, 40001);
	struct log_query q = ALL_LOGS;

	memset(line, 'x', 40000);
	start(f);
	say(f->out, line);
	say(f->out, "\nend\n");
	finish(f);
	assert_string_equal(logs(f, q), arena_printf(&f->a, "%s\nend\n", line));
	q.tail = 2; /* the rest of the long line is an entry */
	assert_int_equal(strlen(logs(f, q)), 40000 - 2 * 16384 + 1 + 4);
}

static void queries_choose_entries(void **state)
{
	struct fixture *f = *state;
	struct log_query q = ALL_LOGS;
	const char *text;

	start(f);
	for (int i = 0; i < 100; i++)
		say(i % 2 ? f->err : f->out,
		    arena_printf(&f->a, "line %d \"q\" \\ \t\xc3\xa9\n", i));
	finish(f);
	q.err = false;
	assert_true(str_starts(logs(f, q), "line 0 \"q\" \\ \t\xc3\xa9\nline 2 "));
	q = ALL_LOGS;
	q.tail = 0;
	assert_string_equal(logs(f, q), "");
	q = ALL_LOGS;
	q.mux = true;
	q.tail = 1;
	text = logs(f, q);
	assert_true(text[0] == 1 || text[0] == 2);
	assert_int_equal(text[7], strlen(text + 8));
	q = ALL_LOGS;
	q.timestamps = true;
	text = logs(f, q);
	assert_int_equal(strcspn(text, " "), strlen("2026-01-02T03:04:05.123456789Z"));
	q.until = 1;
	assert_string_equal(logs(f, q), "");
	q = ALL_LOGS;
	q.since = INT64_MAX;
	assert_string_equal(logs(f, q), "");
}

static int attach(struct fixture *f, struct stdio_client c)
{
	int sv[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sv), 0);
	c.fd = sv[0];
	assert_int_equal(stdio_attach(f->s, &c, &f->e), 0);
	return sv[1];
}

static void clients_hear_and_end(void **state)
{
	struct fixture *f = *state;
	char text[64] = { 0 };
	int mux, raw;

	start(f);
	mux = attach(f, (struct stdio_client){ .out = true, .err = true, .wire = STDIO_MUX });
	raw = attach(f, (struct stdio_client){ .out = true });
	say(f->out, "hi");
	assert_int_equal(fd_read_full(raw, text, 2, NULL), 2); /* before its newline */
	say(f->err, "no\n");
	finish(f);
	assert_int_equal(fd_read_full(raw, text, sizeof(text), NULL), 0);
	assert_int_equal(fd_read_full(mux, text, sizeof(text), NULL), 8 + 2 + 8 + 3);
	assert_memory_equal(text, "\1\0\0\0\0\0\0\2hi\2\0\0\0\0\0\0\3no\n", 21);
	close(mux);
	close(raw);
}

static void on_closed(void *arg)
{
	*(volatile int *)arg += 1;
}

static void stdin_reaches_the_process(void **state)
{
	struct fixture *f = *state;
	volatile int closed = 0;
	char text[16] = "";
	int c;

	f->config.on_stdin_closed = on_closed;
	f->config.arg = (void *)&closed;
	start(f);
	c = attach(f, (struct stdio_client){ .in = true,
	                                     .out = true,
	                                     .close_stdin = true,
	                                     .detach_keys = "ctrl-p,ctrl-q",
	                                     .early = "ab",
	                                     .early_len = 2 });
	say(c, "c\x10"
	       "d");
	assert_int_equal(fd_read_full(f->in, text, 5, NULL), 5);
	assert_string_equal(text, "abc\x10"
	                          "d");
	shutdown(c, SHUT_WR);
	usleep(50000);
	assert_int_equal(closed, 0); /* the process may not have its end of the fifo yet */
	stdio_started(f->s);
	for (int i = 0; i < 500 && !closed; i++)
		usleep(10000);
	assert_int_equal(closed, 1);
	say(f->out, "still");
	assert_int_equal(fd_read_full(c, text, 5, NULL), 5);
	close(c);
}

static void keys_detach(void **state)
{
	struct fixture *f = *state;
	char text[16] = "";
	int c;

	start(f);
	c = attach(f, (struct stdio_client){
	                      .in = true, .out = true, .detach_keys = "ctrl-p,ctrl-q" });
	say(c, "x\x10\x11");
	assert_int_equal(fd_read_full(c, text, 1, NULL), 0);
	assert_int_equal(fd_read_full(f->in, text, 1, NULL), 1);
	assert_string_equal(text, "x");
	assert_int_equal(detach_keys_check("ctrl-p,oops", &f->e), -1);
	close(c);
}

static void a_slow_client_loses_nothing(void **state)
{
	struct fixture *f = *state;
	char *block = arena_alloc(&f->a, 100001);
	size_t total = 0;
	int c;

	memset(block, 'y', 99999);
	block[99999] = '\n';
	start(f);
	c = attach(f, (struct stdio_client){ .out = true });
	if (fork() == 0) {
		for (int i = 0; i < 50; i++)
			say(f->out, block);
		_exit(0);
	}
	usleep(200000);
	while (total < 5000000) {
		ssize_t n = read(c, block, 100000);

		assert_true(n > 0);
		total += (size_t)n;
	}
	assert_int_equal(total, 5000000);
	wait(NULL);
	close(c);
}

static void a_slow_client_outlives_the_process(void **state)
{
	struct fixture *f = *state;
	char *block = arena_alloc(&f->a, 600001);
	size_t total = 0;
	ssize_t n;
	int c;

	memset(block, 'z', 599999);
	block[599999] = '\n';
	start(f);
	c = attach(f, (struct stdio_client){ .out = true });
	say(f->out, block);
	finish(f);
	stdio_close(f->s);
	f->s = NULL;
	usleep(50000);
	while ((n = read(c, block, 600000)) > 0)
		total += (size_t)n;
	assert_int_equal(total, 600000);
	close(c);
}

static void following_sees_everything_once(void **state)
{
	struct fixture *f = *state;
	struct log_query q = ALL_LOGS;
	char text[256] = "";
	int sv[2];

	start(f);
	say_and_see(f, "before\n", "before\n");
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sv), 0);
	q.chunked = true;
	assert_int_equal(log_follow(f->s, &q, sv[0], NULL, NULL, &f->e), 0);
	say_and_see(f, "after\n", "before\nafter\n");
	finish(f);
	assert_true(fd_read_full(sv[1], text, sizeof(text) - 1, NULL) > 0);
	assert_string_equal(text, "7\r\nbefore\n\r\n6\r\nafter\n\r\n0\r\n\r\n");
	close(sv[1]);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		T(lines_become_entries),           T(long_lines_are_split),
		T(queries_choose_entries),         T(clients_hear_and_end),
		T(stdin_reaches_the_process),      T(keys_detach),
		T(a_slow_client_loses_nothing),    T(a_slow_client_outlives_the_process),
		T(following_sees_everything_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
