/* engine/stdio: logs that survive a kill, attached clients, stdin, reading and following logs. */
#include "unit.h"

#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include "base/fd.h"
#include "base/file.h"
#include "base/json.h"
#include "engine/stdio/logs.h"
#include "engine/stdio/pump.h"

struct fixture {
	struct arena a;
	char dir[40];
	struct pump *pump;
	struct stdio_config config;
	struct stdio *s;
	int out, err, in; /* the shim's ends */
	struct err e;
};

static int hold(const char *path)
{
	int fd;

	mkfifo(path, 0700);
	fd = open(path, O_RDWR | O_CLOEXEC);
	assert_true(fd >= 0);
	fcntl(fd, F_SETPIPE_SZ, 1 << 20);
	return fd;
}

static int set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	signal(SIGPIPE, SIG_IGN);
	str_copy(f->dir, sizeof(f->dir), "/tmp/lighter-stdio-XXXXXX");
	assert_non_null(mkdtemp(f->dir));
	f->config = (struct stdio_config){ .in = path_join(&f->a, f->dir, "in"),
		                           .out = path_join(&f->a, f->dir, "out"),
		                           .err = path_join(&f->a, f->dir, "err"),
		                           .log_path = path_join(&f->a, f->dir, "log"),
		                           .state_dir = path_join(&f->a, f->dir, "state") };
	f->out = hold(f->config.out);
	f->err = hold(f->config.err);
	f->in = hold(f->config.in);
	*state = f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	if (f->s)
		stdio_close(f->s);
	if (f->pump)
		pump_stop(f->pump);
	fd_close(&f->out);
	fd_close(&f->err);
	fd_close(&f->in);
	assert_int_equal(tree_remove(AT_FDCWD, f->dir, &f->e), 0);
	arena_free(&f->a);
	free(f);
	return 0;
}

static void start(struct fixture *f)
{
	f->pump = pump_start(&f->e);
	assert_non_null(f->pump);
	f->s = stdio_open(f->pump, &f->config, &f->e);
	if (!f->s)
		fail_msg("%s", f->e.text);
}

static void say(int fd, const char *text)
{
	assert_int_equal(fd_write_all(fd, text, strlen(text), NULL), 0);
}

static void finish(struct fixture *f)
{
	stdio_exited(f->s);
	assert_int_equal(stdio_wait(f->s, 10000, &f->e), 0);
}

static const char *log_text(struct fixture *f)
{
	struct slice text;

	assert_int_equal(file_read(&f->a, AT_FDCWD, f->config.log_path, 1 << 26, &text, &f->e), 0);
	return text.data;
}

/* What `docker logs` would send. */
static const char *logs(struct fixture *f, struct log_query q)
{
	char *text = arena_alloc(&f->a, 1 << 16);
	int sv[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, sv), 0);
	assert_int_equal(log_send(f->config.driver, f->config.log_path, &q, sv[0], &f->e), 0);
	close(sv[0]);
	assert_true(fd_read_full(sv[1], text, (1 << 16) - 1, NULL) >= 0);
	close(sv[1]);
	return text;
}

static const struct log_query all = { .out = true, .err = true, .tail = -1 };

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
	struct log_query q = all;

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
	struct log_query q = all;
	const char *text;

	start(f);
	for (int i = 0; i < 100; i++)
		say(i % 2 ? f->err : f->out,
		    arena_printf(&f->a, "line %d \"q\" \\ \t\xc3\xa9\n", i));
	finish(f);
	q.err = false;
	assert_true(str_starts(logs(f, q), "line 0 \"q\" \\ \t\xc3\xa9\nline 2 "));
	q = all;
	q.tail = 0;
	assert_string_equal(logs(f, q), "");
	q = all;
	q.mux = true;
	q.tail = 1;
	text = logs(f, q);
	assert_true(text[0] == 1 || text[0] == 2);
	assert_int_equal(text[7], strlen(text + 8));
	q = all;
	q.timestamps = true;
	text = logs(f, q);
	assert_int_equal(strcspn(text, " "), strlen("2026-01-02T03:04:05.123456789Z"));
	q.until = 1;
	assert_string_equal(logs(f, q), "");
	q = all;
	q.since = INT64_MAX;
	assert_string_equal(logs(f, q), "");
}

static void rotation_keeps_parts(void **state)
{
	struct fixture *f = *state;
	struct log_query q = all;
	char want[8192] = "";

	f->config.max_size = 1000;
	f->config.max_files = 3;
	start(f);
	for (int i = 0; i < 60; i++) {
		say(f->out, arena_printf(&f->a, "entry %d\n", i));
		usleep(1000);
	}
	finish(f);
	assert_true(path_exists(arena_printf(&f->a, "%s.1", f->config.log_path)));
	assert_true(path_exists(arena_printf(&f->a, "%s.2", f->config.log_path)));
	assert_false(path_exists(arena_printf(&f->a, "%s.3", f->config.log_path)));
	for (int i = 40; i < 60; i++)
		snprintf(want + strlen(want), sizeof(want) - strlen(want), "entry %d\n", i);
	q.tail = 20;
	assert_string_equal(logs(f, q), want);
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
	struct log_query q = all;
	char text[256] = "";
	int sv[2];

	start(f);
	say(f->out, "before\n");
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sv), 0);
	q.chunked = true;
	usleep(50000);
	assert_int_equal(log_follow(f->s, &q, sv[0], NULL, NULL, &f->e), 0);
	say(f->out, "after\n");
	usleep(50000);
	finish(f);
	assert_true(fd_read_full(sv[1], text, sizeof(text) - 1, NULL) > 0);
	assert_string_equal(text, "7\r\nbefore\n\r\n6\r\nafter\n\r\n0\r\n\r\n");
	close(sv[1]);
}

/* ---- the kill: engines die at any moment, the writer goes on ---- */

#define KILL_LINES 60000

static void write_lines(int fd)
{
	char text[64];

	for (int i = 0; i < KILL_LINES; i++) {
		int n = snprintf(text, sizeof(text), "line number %d\n", i);

		if (write(fd, text, (size_t)n) != n)
			_exit(1);
	}
	_exit(0);
}

/* An engine that pumps until it is killed. */
static pid_t engine(struct fixture *f)
{
	pid_t pid = fork();

	if (pid == 0) {
		struct pump *p = pump_start(NULL);

		if (!p || !stdio_open(p, &f->config, NULL))
			_exit(1);
		pause();
	}
	return pid;
}

static void check_all_lines(struct fixture *f)
{
	const char *p = log_text(f);

	for (int i = 0; i < KILL_LINES; i++) {
		char want[80];
		int n = snprintf(want, sizeof(want),
		                 "{\"log\":\"line number %d\\n\",\"stream\":\"stdout\"", i);

		if (strncmp(p, want, (size_t)n) != 0)
			fail_msg("at line %d: %.60s", i, p);
		p = strchr(p, '\n') + 1;
	}
	assert_string_equal(p, "");
}

static int kill_while_writing(struct fixture *f)
{
	int kills = 0, status;
	pid_t writer = fork();

	if (writer == 0)
		write_lines(f->out);
	while (waitpid(writer, &status, WNOHANG) == 0) {
		pid_t pid = engine(f);

		usleep((useconds_t)(random() % 4000));
		kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
		kills++;
	}
	assert_int_equal(status, 0);
	start(f);
	finish(f);
	return kills;
}

static void no_line_is_lost_doubled_or_torn_over_kills(void **state)
{
	struct fixture *f = *state;
	int kills = kill_while_writing(f);

	check_all_lines(f);
	print_message("%d kills\n", kills);
}

/* What `docker logs` sends of a log of any length; the sender is a process of its own. */
static const char *long_logs(struct fixture *f)
{
	size_t room = KILL_LINES * 24;
	char *text = arena_alloc(&f->a, room + 1);
	pid_t sender;
	int sv[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, sv), 0);
	sender = fork();
	if (sender == 0)
		_exit(log_send(f->config.driver, f->config.log_path, &all, sv[0], NULL) < 0);
	close(sv[0]);
	assert_true(fd_read_full(sv[1], text, room, NULL) >= 0);
	close(sv[1]);
	waitpid(sender, NULL, 0);
	return text;
}

static void kill_with_rotation(struct fixture *f, enum log_driver driver, bool compress)
{
	const char *p;
	int kills;

	f->config.driver = driver;
	f->config.compress = compress;
	f->config.max_size = 100000;
	f->config.max_files = 900; /* none is thrown away */
	kills = kill_while_writing(f);
	p = long_logs(f);
	for (int i = 0; i < KILL_LINES; i++) {
		char want[40];
		int n = snprintf(want, sizeof(want), "line number %d\n", i);

		if (strncmp(p, want, (size_t)n) != 0)
			fail_msg("at line %d: %.60s", i, p);
		p += n;
	}
	assert_string_equal(p, "");
	/* Compression of a part ends before the next one is made: with all these kills there are few. */
	assert_true(
	        path_exists(arena_printf(&f->a, "%s.%d", f->config.log_path, compress ? 1 : 9)) ||
	        path_exists(arena_printf(&f->a, "%s.1.gz", f->config.log_path)));
	print_message("%d kills\n", kills);
}

static void rotation_loses_nothing_over_kills(void **state)
{
	kill_with_rotation(*state, LOG_DRIVER_JSON, false);
}

static void compression_loses_nothing_over_kills(void **state)
{
	kill_with_rotation(*state, LOG_DRIVER_JSON, true);
}

static void the_local_driver_loses_nothing_over_kills(void **state)
{
	kill_with_rotation(*state, LOG_DRIVER_LOCAL, false);
}

/* Writes a line; then the logs are these, as soon as the pump has come to it. */
static void say_and_see(struct fixture *f, const char *line, const char *want)
{
	say(f->out, line);
	for (int i = 0; i < 500 && !str_eq(logs(f, all), want); i++)
		usleep(10000);
	assert_string_equal(logs(f, all), want);
}

/* A rotation that was killed after some of its renames. */
static void a_gap_between_parts_is_closed(void **state)
{
	struct fixture *f = *state;
	const char *log = f->config.log_path;

	f->config.max_size = 60; /* one entry each */
	f->config.max_files = 4;
	start(f);
	say_and_see(f, "0\n", "0\n");
	say_and_see(f, "1\n", "0\n1\n");
	say_and_see(f, "2\n", "0\n1\n2\n");
	say_and_see(f, "3\n", "0\n1\n2\n3\n");
	assert_int_equal(unlink(arena_printf(&f->a, "%s.2", log)), 0);
	assert_string_equal(logs(f, all), "0\n2\n3\n");
	say_and_see(f, "4\n", "0\n2\n3\n4\n");
	say_and_see(f, "5\n", "2\n3\n4\n5\n");
	finish(f);
}

/* Frames of the local driver: written, cut in the middle, found again; tails from the end. */
static void the_local_driver_keeps_lines(void **state)
{
	struct fixture *f = *state;
	struct log_query q = all;
	char line[20001];

	memset(line, 'x', 20000);
	line[20000] = '\0';
	f->config.driver = LOG_DRIVER_LOCAL;
	start(f);
	say(f->out, "one\n\n");
	say(f->out, line);
	say(f->out, "\nlast");
	finish(f);
	assert_string_equal(logs(f, q), arena_printf(&f->a, "one\n\n%s\nlast", line));
	q.tail = 1;
	assert_string_equal(logs(f, q), "last");
	q.tail = 4;
	assert_int_equal(strlen(logs(f, q)), 1 + 20000 + 1 + 4);
	stdio_close(f->s);
	assert_int_equal(truncate(f->config.log_path, 150), 0);
	f->s = stdio_open(f->pump, &f->config, &f->e);
	assert_non_null(f->s);
	q = all;
	assert_string_equal(logs(f, q), "one\n\n");
}

static void followers_go_through_rotations(void **state)
{
	struct fixture *f = *state;
	struct log_query q = all;
	static char text[1 << 16];
	const char *p = text;
	int sv[2];

	f->config.max_size = 300;
	f->config.max_files = 2;
	f->config.compress = true;
	start(f);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sv), 0);
	assert_int_equal(log_follow(f->s, &q, sv[0], NULL, NULL, &f->e), 0);
	for (int i = 0; i < 300; i++)
		say(f->out, arena_printf(&f->a, "%d\n", i));
	usleep(50000);
	finish(f);
	assert_true(fd_read_full(sv[1], text, sizeof(text) - 1, NULL) > 0);
	for (int i = 0; i < 300; i++) {
		char want[16];
		int n = snprintf(want, sizeof(want), "%d\n", i);

		assert_memory_equal(p, want, (size_t)n);
		p += n;
	}
	assert_string_equal(p, "");
	close(sv[1]);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		T(lines_become_entries),
		T(long_lines_are_split),
		T(queries_choose_entries),
		T(rotation_keeps_parts),
		T(clients_hear_and_end),
		T(stdin_reaches_the_process),
		T(keys_detach),
		T(a_slow_client_loses_nothing),
		T(a_slow_client_outlives_the_process),
		T(following_sees_everything_once),
		T(followers_go_through_rotations),
		T(a_gap_between_parts_is_closed),
		T(the_local_driver_keeps_lines),
		T(no_line_is_lost_doubled_or_torn_over_kills),
		T(rotation_loses_nothing_over_kills),
		T(compression_loses_nothing_over_kills),
		T(the_local_driver_loses_nothing_over_kills),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
