/* engine/stdio: log files that are rotated, of both drivers, and engines killed while they write. */
#include "stdio_fixture.h"

#include <sys/wait.h>

static void rotation_keeps_parts(void **state)
{
	struct fixture *f = *state;
	struct log_query q = ALL_LOGS;
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
		_exit(log_send(f->config.driver, f->config.log_path, &ALL_LOGS, sv[0], NULL) < 0);
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
	assert_string_equal(logs(f, ALL_LOGS), "0\n2\n3\n");
	say_and_see(f, "4\n", "0\n2\n3\n4\n");
	say_and_see(f, "5\n", "2\n3\n4\n5\n");
	finish(f);
}

/* Frames of the local driver: written, cut in the middle, found again; tails from the end. */
static void the_local_driver_keeps_lines(void **state)
{
	struct fixture *f = *state;
	struct log_query q = ALL_LOGS;
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
	q = ALL_LOGS;
	assert_string_equal(logs(f, q), "one\n\n");
}

static void followers_go_through_rotations(void **state)
{
	struct fixture *f = *state;
	struct log_query q = ALL_LOGS;
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
		T(rotation_keeps_parts),
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
