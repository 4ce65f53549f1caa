/* base: errors, arenas, buffers, files, maps, processes, time, the loop. */
#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/clock.h"
#include "base/fd.h"
#include "base/file.h"
#include "base/id.h"
#include "base/log.h"
#include "base/loop.h"
#include "base/map.h"
#include "base/proc.h"
#include "base/pattern.h"
#include "base/str.h"

static void error_reads_like_a_sentence(unused_arg void **state)
{
	struct err e = { 0 };

	assert_int_equal(err_errno(&e, EACCES, "mount %s", "/data"), -1);
	err_wrap(&e, "create container %s", "web");
	assert_string_equal(e.text, "create container web: mount /data: permission denied");
	assert_int_equal(e.kind, ERR_PERMISSION);
	assert_int_equal(e.errnum, EACCES);
}

static void error_cuts_the_outermost_words(unused_arg void **state)
{
	struct err e = { 0 };
	char words[500];

	memset(words, 'w', sizeof(words) - 1);
	words[sizeof(words) - 1] = '\0';
	err_set(&e, ERR_NOT_FOUND, "the cause");
	err_wrap(&e, "%s", words);
	assert_int_equal(strlen(e.text), sizeof(e.text) - 1);
	assert_true(str_ends(e.text, "w: the cause"));
	err_wrap(&e, "more");
	assert_true(str_ends(e.text, "w: the cause"));
}

static void error_kinds_map_both_ways(unused_arg void **state)
{
	assert_int_equal(err_from_grpc(err_grpc_code(ERR_NOT_FOUND)), ERR_NOT_FOUND);
	assert_int_equal(err_from_grpc(err_grpc_code(ERR_UNAVAILABLE)), ERR_UNAVAILABLE);
	assert_int_equal(err_http_status(ERR_INVALID), 400);
	assert_int_equal(err_from_http(404), ERR_NOT_FOUND);
}

static void arena_keeps_what_it_gave(unused_arg void **state)
{
	_cleanup_arena_ struct arena a = { 0 };
	struct strs list = { 0 };

	for (int i = 0; i < 1000; i++)
		arena_push(&a, &list, arena_printf(&a, "item %d", i));
	assert_int_equal(list.n, 1000);
	assert_string_equal(list.v[0], "item 0");
	assert_string_equal(list.v[999], "item 999");
	assert_int_equal((uintptr_t)arena_alloc(&a, 3) % 16, 0);
}

static void buffer_is_always_terminated(unused_arg void **state)
{
	_cleanup_buf_ struct buf b = { 0 };

	assert_string_equal(buf_cstr(&b), "");
	buf_printf(&b, "%d-%s", 7, "x");
	buf_addc(&b, '!');
	assert_string_equal(b.data, "7-x!");
	buf_drop(&b, 2);
	assert_string_equal(b.data, "x!");
	buf_drop(&b, 9);
	assert_int_equal(b.len, 0);
}

static void numbers_are_whole(unused_arg void **state)
{
	uint64_t u;
	int64_t i;

	assert_true(str_u64("18446744073709551615", &u));
	assert_false(str_u64("18446744073709551616", &u));
	assert_false(str_u64("-1", &u));
	assert_false(str_u64(" 1", &u));
	assert_false(str_u64("1x", &u));
	assert_true(str_i64("-9223372036854775808", &i));
	assert_false(str_i64("+1", &i));
}

static void path_clean_as_go(unused_arg void **state)
{
	static const char *const cases[][2] = {
		{ "", "." },
		{ "/", "/" },
		{ "a//b/./c/", "a/b/c" },
		{ "/../a", "/a" },
		{ "a/../../b", "../b" },
		{ "../../x", "../../x" },
		{ "/a/b/../..", "/" },
		{ "a/..", "." },
	};
	_cleanup_arena_ struct arena a = { 0 };

	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		assert_string_equal(path_clean(&a, cases[i][0]), cases[i][1]);
}

static void files_are_replaced_and_trees_removed(unused_arg void **state)
{
	_cleanup_arena_ struct arena a = { 0 };
	char dir[] = "/tmp/lighter-unit-XXXXXX";
	struct err e = { 0 };
	struct slice text;
	int dirfd;

	assert_non_null(mkdtemp(dir));
	assert_int_equal(dir_make(path_join(&a, dir, "x/y/z"), 0755, &e), 0);
	dirfd = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	assert_int_equal(file_replace(dirfd, "f", "one", 3, 0600, FILE_DURABLE, &e), 0);
	assert_int_equal(file_replace(dirfd, "f", "two", 3, 0600, FILE_VOLATILE, &e), 0);
	assert_int_equal(file_read(&a, dirfd, "f", 100, &text, &e), 0);
	assert_string_equal(text.data, "two");
	assert_int_equal(file_read(&a, dirfd, "f", 2, &text, &e), -1);
	assert_int_equal(e.kind, ERR_EXHAUSTED);
	assert_int_equal(symlinkat("/etc", dirfd, "x/link"), 0);
	assert_int_equal(tree_remove(AT_FDCWD, dir, &e), 0);
	assert_false(path_exists(dir));
	assert_true(path_exists("/etc/passwd"));
	fd_close(&dirfd);
}

static void map_survives_many_changes(unused_arg void **state)
{
	struct map m = { 0 };
	char key[16];
	size_t count = 0;
	const char *k;
	void *v;

	for (long i = 1; i <= 2000; i++) {
		snprintf(key, sizeof(key), "k%ld", i);
		assert_null(map_set(&m, key, (void *)i));
	}
	for (long i = 1; i <= 2000; i += 2) {
		snprintf(key, sizeof(key), "k%ld", i);
		assert_ptr_equal(map_remove(&m, key), (void *)i);
	}
	assert_null(map_get(&m, "k1"));
	assert_ptr_equal(map_get(&m, "k2000"), (void *)2000L);
	for (size_t i = 0; map_next(&m, &i, &k, &v);)
		count++;
	assert_int_equal(count, 1000);
	map_free(&m);
}

static void spawn_passes_descriptors_and_reports_exec_errors(unused_arg void **state)
{
	struct err e = { 0 };
	char text[16] = "";
	int p[2];
	pid_t pid;

	assert_int_equal(pipe2(p, O_CLOEXEC), 0);
	pid = proc_spawn(
	        &(struct proc_spawn){
	                .file = "sh",
	                .argv = (const char *const[]){ "sh", "-c", "echo hi >&3; exit 7", NULL },
	                .fd = { PROC_NULL, PROC_NULL, PROC_INHERIT },
	                .pass = (int[]){ p[1] },
	                .npass = 1 },
	        NULL, &e);
	assert_true(pid > 0);
	fd_close(&p[1]);
	assert_int_equal(fd_read_full(p[0], text, sizeof(text), &e), 3);
	assert_string_equal(text, "hi\n");
	assert_int_equal(proc_wait(pid, &e), 7);
	fd_close(&p[0]);
	assert_int_equal(
	        proc_spawn(&(struct proc_spawn){ .file = "/etc/passwd",
	                                         .argv = (const char *const[]){ "x", NULL } },
	                   NULL, &e),
	        -1);
	assert_int_equal(e.kind, ERR_NOT_FOUND);
}

static void signals_parse_in_all_spellings(unused_arg void **state)
{
	assert_int_equal(signal_parse("KILL"), 9);
	assert_int_equal(signal_parse("sigterm"), 15);
	assert_int_equal(signal_parse("64"), 64);
	assert_int_equal(signal_parse("65"), 0);
	assert_int_equal(signal_parse("RTMIN+3"), 37);
	assert_int_equal(signal_parse("SIGRTMAX-1"), 63);
	assert_int_equal(signal_parse("NOPE"), 0);
	assert_string_equal(signal_name(9), "SIGKILL");
}

static void expressions_are_bounded(unused_arg void **state)
{
	static const char *const bad[] = { "~==++++?++++++++?++++b",
		                           "a**",
		                           "a{2}{3}",
		                           "H++++++++++++++++++++++++++++++",
		                           "((a{1000}){1000}){9}",
		                           "a{32767}{32767}",
		                           "(",
		                           "a{1" };
	regex_t re;

	assert_true(regex_compile(&re, "^/tasks/(exit|oom)+$"));
	assert_int_equal(regexec(&re, "/tasks/exit", 0, NULL, 0), 0);
	regfree(&re);
	assert_true(regex_compile(&re, "^[+*]{2}[]a]+?$")); /* the shortest match, as in Go */
	assert_int_equal(regexec(&re, "+*a]", 0, NULL, 0), 0);
	assert_int_not_equal(regexec(&re, "+*", 0, NULL, 0), 0);
	regfree(&re);
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_false(regex_compile(&re, bad[i]));
}

static void times_read_as_they_were_written(unused_arg void **state)
{
	char text[CLOCK_TEXT_SIZE];
	int64_t ns;

	assert_true(clock_parse("2026-02-03T04:05:06.78Z", &ns));
	assert_string_equal(clock_format(text, ns), "2026-02-03T04:05:06.78Z");
	assert_string_equal(clock_format_fixed(text, ns), "2026-02-03T04:05:06.780000000Z");
	assert_true(clock_parse("2026-02-03T05:05:06.78+01:00", &ns));
	assert_string_equal(clock_format(text, ns), "2026-02-03T04:05:06.78Z");
	assert_string_equal(clock_format(text, 0), "0001-01-01T00:00:00Z");
	assert_false(clock_parse("2026-02-30", &ns));
	assert_false(clock_parse("2026-13-03T04:05:06Z", &ns));
}

struct loop_case {
	struct loop *loop;
	int timers, posts;
};

static void on_timer(void *arg)
{
	struct loop_case *c = arg;

	c->timers++;
}

static void on_post(void *arg)
{
	struct loop_case *c = arg;

	c->posts++;
	loop_stop(c->loop);
}

static void *post_later(void *arg)
{
	usleep(20000);
	loop_post(((struct loop_case *)arg)->loop, on_post, arg);
	return NULL;
}

static void loop_serves_timers_and_posts(unused_arg void **state)
{
	struct loop_case c = { 0 };
	struct err e = { 0 };
	pthread_t t;

	c.loop = loop_new(&e);
	assert_non_null(c.loop);
	loop_timer(c.loop, 5, on_timer, &c);
	loop_remove(loop_timer(c.loop, 1, on_timer, &c));
	pthread_create(&t, NULL, post_later, &c);
	assert_int_equal(loop_run(c.loop, &e), 0);
	pthread_join(t, NULL);
	assert_int_equal(c.timers, 1);
	assert_int_equal(c.posts, 1);
	loop_free(c.loop);
}

static void *close_later(void *arg)
{
	usleep(10000);
	fd_close(arg);
	return NULL;
}

static void who_is_dying_serves_nobody(unused_arg void **state)
{
	char dir[] = "/tmp/lighter-base-XXXXXX", path[64];
	struct err e = { 0 };
	pthread_t t;
	int fd;

	assert_non_null(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/socket", dir);
	assert_false(unix_is_served(path));
	fd = unix_listen(path, 0600, &e);
	assert_true(unix_is_served(path));
	pthread_create(&t, NULL, close_later, &fd);
	assert_false(unix_is_served(path));
	pthread_join(t, NULL);
	assert_false(unix_is_served(path));
	assert_int_equal(tree_remove(AT_FDCWD, dir, &e), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(error_reads_like_a_sentence),
		cmocka_unit_test(error_cuts_the_outermost_words),
		cmocka_unit_test(error_kinds_map_both_ways),
		cmocka_unit_test(arena_keeps_what_it_gave),
		cmocka_unit_test(buffer_is_always_terminated),
		cmocka_unit_test(numbers_are_whole),
		cmocka_unit_test(path_clean_as_go),
		cmocka_unit_test(files_are_replaced_and_trees_removed),
		cmocka_unit_test(map_survives_many_changes),
		cmocka_unit_test(spawn_passes_descriptors_and_reports_exec_errors),
		cmocka_unit_test(signals_parse_in_all_spellings),
		cmocka_unit_test(expressions_are_bounded),
		cmocka_unit_test(times_read_as_they_were_written),
		cmocka_unit_test(loop_serves_timers_and_posts),
		cmocka_unit_test(who_is_dying_serves_nobody),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
