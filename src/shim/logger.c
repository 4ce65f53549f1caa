/* Logging programs. See logger.h. */
#include "shim/logger.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <unistd.h>
#include "base/fd.h"
#include "base/mem.h"
#include "base/proc.h"
#include "base/str.h"

#define READY_MS     10000
#define TERMINATE_MS 12000 /* after SIGTERM, as with the original */

struct logger {
	struct loop *loop;
	struct reaper *reaper;
	pid_t pid; /* 0: gone */
	int ready;
	struct loop_source *source, *timer;
	bool is_ready, closed;
	struct err failure;
	logger_fn *fn;
	void *arg;
};

/* ---- readiness ---- */

static void settle(struct logger *l, const struct err *failure)
{
	logger_fn *fn = l->fn;

	loop_remove(take_ptr(l->source));
	loop_remove(take_ptr(l->timer));
	fd_close(&l->ready);
	l->is_ready = true;
	if (failure)
		l->failure = *failure;
	l->fn = NULL;
	if (fn)
		fn(l->arg, failure);
}

static void on_ready(void *arg, unused_arg int fd, unused_arg uint32_t events)
{
	settle(arg, NULL);
}

static void on_late(void *arg)
{
	struct logger *l = arg;
	struct err e;

	l->timer = NULL;
	err_set(&e, ERR_DEADLINE, "the logging binary was not ready in %d s", READY_MS / 1000);
	settle(l, &e);
}

void logger_wait(struct logger *l, logger_fn *fn, void *arg)
{
	if (l->is_ready) {
		fn(arg, l->failure.kind ? &l->failure : NULL);
		return;
	}
	l->fn = fn;
	l->arg = arg;
}

/* ---- the end ---- */

static void on_end(void *arg, unused_arg pid_t pid, uint32_t status, unused_arg int64_t when)
{
	struct logger *l = arg;
	struct err e;

	l->pid = 0;
	if (!l->is_ready) {
		err_set(&e, ERR_UNKNOWN, "the logging binary ended with %u before it was ready",
		        status);
		settle(l, &e);
	}
	if (l->closed) {
		loop_remove(l->timer);
		free(l);
	}
}

static void on_stubborn(void *arg)
{
	struct logger *l = arg;

	l->timer = NULL;
	kill(l->pid, SIGKILL);
}

void logger_close(struct logger *l)
{
	l->fn = NULL;
	settle(l, NULL);
	l->closed = true;
	if (!l->pid) {
		free(l);
		return;
	}
	kill(l->pid, SIGTERM);
	l->timer = loop_timer(l->loop, TERMINATE_MS, on_stubborn, l);
}

/* ---- the start ---- */

static int hex_digit(char c)
{
	return c >= '0' && c <= '9'                 ? c - '0'
	       : (c | 32) >= 'a' && (c | 32) <= 'f' ? (c | 32) - 'a' + 10
	                                            : -1;
}

/* Undoes percent-encoding; in a query a plus is a blank. */
static char *decode(struct arena *a, const char *s, size_t n, bool query)
{
	char *out = arena_alloc(a, n + 1), *w = out;

	for (size_t i = 0; i < n; i++) {
		if (s[i] == '%' && i + 2 < n && hex_digit(s[i + 1]) >= 0 &&
		    hex_digit(s[i + 2]) >= 0) {
			*w++ = (char)(hex_digit(s[i + 1]) * 16 + hex_digit(s[i + 2]));
			i += 2;
		} else {
			*w++ = query && s[i] == '+' ? ' ' : s[i];
		}
	}
	return out;
}

/* "/bin/log?a=1&b" is the program /bin/log with the arguments a, 1, b and an empty one. */
static struct strs parse_uri(struct arena *a, const char *uri)
{
	size_t n = strcspn(uri, "?");
	struct strs argv = { 0 };
	const char *p = uri + n + (uri[n] == '?');

	arena_push(a, &argv, decode(a, uri, n, false));
	while (*p) {
		size_t pair = strcspn(p, "&"), key = strcspn(p, "=&");

		arena_push(a, &argv, decode(a, p, key, true));
		arena_push(a, &argv,
		           decode(a, p + key + (key < pair), pair - key - (key < pair), true));
		p += pair + (p[pair] == '&');
	}
	arena_push(a, &argv, NULL);
	return argv;
}

static pid_t spawn(const struct logger_config *c, const int pass[3], struct err *e)
{
	_cleanup_arena_ struct arena a = { 0 };
	struct strs argv = parse_uri(&a, c->uri);
	const char *const env[] = { arena_printf(&a, "CONTAINER_ID=%s", c->id),
		                    arena_printf(&a, "CONTAINER_NAMESPACE=%s", c->ns), NULL };
	struct proc_spawn s = {
		.file = argv.v[0],
		.argv = argv.v,
		.env = env,
		.fd = { PROC_NULL, PROC_NULL, PROC_INHERIT },
		.pass = pass,
		.npass = 3,
	};

	return proc_spawn(&s, NULL, e);
}

static int open_pipes(int pipes[3][2], struct err *e)
{
	for (int i = 0; i < 3; i++)
		if (pipe2(pipes[i], O_CLOEXEC) < 0)
			return err_errno(e, errno, "pipe");
	return 0;
}

static void close_pipes(int pipes[3][2])
{
	for (int i = 0; i < 3; i++) {
		fd_close(&pipes[i][0]);
		fd_close(&pipes[i][1]);
	}
}

static struct logger *watch(const struct logger_config *c, pid_t pid, int ready, struct err *e)
{
	struct logger *l = xnew(struct logger);

	*l = (struct logger){ .loop = c->loop, .reaper = c->reaper, .pid = pid, .ready = ready };
	reaper_watch(c->reaper, pid, on_end, l);
	l->source = loop_add(c->loop, ready, EPOLLIN, on_ready, l, e);
	if (!l->source) {
		logger_close(l);
		return NULL;
	}
	l->timer = loop_timer(c->loop, READY_MS, on_late, l);
	return l;
}

struct logger *logger_new(const struct logger_config *c, int out[2], struct err *e)
{
	int pipes[3][2] = { { -1, -1 }, { -1, -1 }, { -1, -1 } }; /* stdout, stderr, ready */
	struct logger *l = NULL;
	pid_t pid = -1;

	if (open_pipes(pipes, e) == 0)
		pid = spawn(c, (const int[]){ pipes[0][0], pipes[1][0], pipes[2][1] }, e);
	if (pid > 0)
		l = watch(c, pid, take_fd(&pipes[2][0]), e);
	if (l) {
		out[0] = take_fd(&pipes[0][1]);
		out[1] = take_fd(&pipes[1][1]);
	} else {
		err_wrap(e, "logging binary");
	}
	close_pipes(pipes);
	return l;
}
