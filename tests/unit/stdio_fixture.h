/* A pump with one container's streams and log in a folder of its own, for the tests of engine/stdio. */
#ifndef UNIT_STDIO_FIXTURE_H
#define UNIT_STDIO_FIXTURE_H

#include "unit.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/fd.h"
#include "base/file.h"
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

static inline int hold(const char *path)
{
	int fd;

	mkfifo(path, 0700);
	fd = open(path, O_RDWR | O_CLOEXEC);
	assert_true(fd >= 0);
	fcntl(fd, F_SETPIPE_SZ, 1 << 20);
	return fd;
}

static inline int set_up(void **state)
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

static inline int tear_down(void **state)
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

static inline void start(struct fixture *f)
{
	f->pump = pump_start(&f->e);
	assert_non_null(f->pump);
	f->s = stdio_open(f->pump, &f->config, &f->e);
	if (!f->s)
		fail_msg("%s", f->e.text);
}

static inline void say(int fd, const char *text)
{
	assert_int_equal(fd_write_all(fd, text, strlen(text), NULL), 0);
}

static inline void finish(struct fixture *f)
{
	stdio_exited(f->s);
	assert_int_equal(stdio_wait(f->s, 10000, &f->e), 0);
}

static inline const char *log_text(struct fixture *f)
{
	struct slice text;

	assert_int_equal(file_read(&f->a, AT_FDCWD, f->config.log_path, 1 << 26, &text, &f->e), 0);
	return text.data;
}

/* What `docker logs` would send. */
static inline const char *logs(struct fixture *f, struct log_query q)
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

#define ALL_LOGS ((struct log_query){ .out = true, .err = true, .tail = -1 })

/* Writes a line; then the logs are these, as soon as the pump has come to it. */
static inline void say_and_see(struct fixture *f, const char *line, const char *want)
{
	say(f->out, line);
	for (int i = 0; i < 500 && !str_eq(logs(f, ALL_LOGS), want); i++)
		usleep(10000);
	assert_string_equal(logs(f, ALL_LOGS), want);
}

#endif
