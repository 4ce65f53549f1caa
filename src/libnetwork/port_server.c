/*
 * Finding, starting and talking to the port server. See port_server.h.
 *
 * `lock` guards the connection for requests and the table of what was given (port_table.c). A
 * watcher thread sits on a connection of its own: when that ends, the server is dead,
 * and the watcher starts another one and gives it the table again.
 */
#include "libnetwork/port_server_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>
#include "base/fd.h"
#include "base/mem.h"
#include "base/proc.h"

#define WATCHER_STACK (64 * 1024)
#define RETRY_US      100000
#define PATIENCE_S    10

/* ---- starting ---- */

/* Reads "0\n", or "1\n<why>", from the status pipe of a docker-proxy. */
static int read_status(int fd, struct err *e)
{
	char text[300] = "";
	ssize_t n = fd_read_full(fd, text, sizeof(text) - 1, e);

	if (n < 0)
		return -1;
	if (str_starts(text, "0\n"))
		return 0;
	text[strcspn(text, "\n")] = text[0] == '1' ? ' ' : '\0';
	return err_set(e, ERR_UNAVAILABLE, "%s", text[0] ? text + 1 : "it ended without a word");
}

/* The child leaves the server behind, re-parented, and ends; so there is a child to wait for. */
static int start_process(struct port_server *s, struct err *e)
{
	const char *argv[] = { "docker-proxy", "--serve", s->socket_path, NULL };
	_cleanup_close_ int status = -1, status_in = -1;
	int pipe_fds[2];
	pid_t pid;

	if (pipe2(pipe_fds, O_CLOEXEC) < 0)
		return err_errno(e, errno, "pipe");
	status = pipe_fds[0];
	status_in = pipe_fds[1];
	pid = proc_spawn(&(struct proc_spawn){ .file = s->proxy_path,
	                                       .argv = argv,
	                                       .cwd = "/",
	                                       .fd = { PROC_NULL, PROC_NULL, PROC_NULL },
	                                       .pass = &status_in,
	                                       .npass = 1,
	                                       .new_session = true },
	                 NULL, e);
	if (pid < 0)
		return -1;
	fd_close(&status_in);
	if (read_status(status, e) < 0) {
		(void)!proc_wait(pid, NULL);
		return -1;
	}
	return proc_wait(pid, e) < 0 ? -1 : 0;
}

static int start(struct port_server *s, struct err *e)
{
	if (start_process(s, e) < 0)
		return err_wrap(e, "start the port server");
	return 0;
}

/* ---- requests, with the lock held ---- */

int port_server_ask_once(struct port_server *s, struct arena *a, const struct port_request *req,
                         struct port_reply *reply, struct err *e)
{
	int r;

	if (port_message_send(s->fd, &port_request_type, req, e) < 0)
		return -1;
	r = port_message_recv(a, s->fd, &port_reply_type, reply, e);
	return r > 0 ? 0 : r < 0 ? -1 : err_set(e, ERR_UNAVAILABLE, "the port server has ended");
}

static void *watch(void *arg);

static int start_watcher(struct port_server *s, struct err *e)
{
	pthread_attr_t attr;
	int r;

	if (s->watching)
		return 0;
	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, WATCHER_STACK);
	r = pthread_create(&s->watcher, &attr, watch, s);
	pthread_attr_destroy(&attr);
	if (r != 0)
		return err_errno(e, r, "watch the port server");
	s->watching = true;
	return 0;
}

/* What cannot be given again is said; the rest is no worse for it. */
static int give_one_again(struct port_server *s, const struct given *g, struct err *e)
{
	_cleanup_arena_ struct arena a = { 0 };
	struct port_reply reply;
	struct err why = { 0 };

	if (port_server_ask_once(s, &a, &g->req, &reply, e) < 0)
		return -1;
	if (str_empty(reply.error) || !s->warn)
		return 0;
	err_set(&why, ERR_UNAVAILABLE, "%s for %.12s again: %s", g->req.op, g->req.id, reply.error);
	s->warn(s->warn_ctx, &why);
	return 0;
}

/* Names first: a resolver that knows none yet would ask elsewhere. */
static int give_again(struct port_server *s, struct err *e)
{
	const char *key;
	void *value;

	for (int pass = 0; pass < 2; pass++)
		for (size_t i = 0; map_next(&s->table, &i, &key, &value);) {
			const struct given *g = value;

			if ((g->req.resolver != NULL) == (pass == 1) && give_one_again(s, g, e) < 0)
				return -1;
		}
	return 0;
}

/* One that hangs is taken for dead: the connection ends, and the request fails. */
static int connect_patiently(const char *path, struct err *e)
{
	int fd = unix_connect(path, e);

	if (fd >= 0)
		socket_patience(fd, PATIENCE_S);
	return fd;
}

int port_server_connect(struct port_server *s, bool may_start, struct err *e)
{
	bool started = false;

	if (s->fd >= 0)
		return 0;
	s->fd = connect_patiently(s->socket_path, e);
	if (s->fd < 0 && may_start) {
		if (start(s, e) < 0 || (s->fd = connect_patiently(s->socket_path, e)) < 0)
			return -1;
		started = true;
	}
	if (s->fd < 0)
		return -1;
	if (s->watch_fd < 0 && (s->watch_fd = unix_connect(s->socket_path, e)) < 0)
		return -1;
	if (start_watcher(s, e) < 0)
		return -1;
	return started ? give_again(s, e) : 0;
}

int port_server_ask(struct port_server *s, struct arena *a, const struct port_request *req,
                    struct port_reply *reply, struct err *e)
{
	if (port_server_connect(s, true, e) < 0)
		return -1;
	if (port_server_ask_once(s, a, req, reply, e) == 0)
		return 0;
	/* It has died, or was just about to end when we came. */
	fd_close(&s->fd);
	if (port_server_connect(s, true, e) < 0)
		return -1;
	return port_server_ask_once(s, a, req, reply, e);
}

/* ---- the watcher ---- */

/* Waits for the end of the server; false when it is we who let go. */
static bool wait_for_end(struct port_server *s, int fd)
{
	ssize_t n;
	char byte;

	do
		n = read(fd, &byte, 1);
	while (n > 0 || (n < 0 && errno == EINTR));
	_cleanup_unlock_ pthread_mutex_t *held = lock_take(&s->lock);
	return !s->closing;
}

/* Another server in the place of the dead one. With nothing given it may stay away until it is needed. */
static int replace(struct port_server *s, struct err *e)
{
	fd_close(&s->watch_fd);
	fd_close(&s->fd);
	if (s->table.used == 0 || port_server_connect(s, true, e) == 0)
		return 0;
	fd_close(&s->watch_fd);
	fd_close(&s->fd);
	return -1;
}

/* False when there is nothing left to watch. */
static bool watch_once(struct port_server *s, bool *told)
{
	_cleanup_unlock_ pthread_mutex_t *held = lock_take(&s->lock);
	struct err e = { 0 };

	if (s->closing)
		return false;
	if (replace(s, &e) < 0) {
		if (!*told && s->warn)
			s->warn(s->warn_ctx, &e);
		*told = true;
		return true;
	}
	*told = false;
	if (s->watch_fd >= 0)
		return true;
	pthread_detach(s->watcher);
	s->watching = false;
	return false;
}

static void *watch(void *arg)
{
	struct port_server *s = arg;
	bool told = false;

	for (;;) {
		int fd;

		pthread_mutex_lock(&s->lock);
		fd = s->watch_fd;
		pthread_mutex_unlock(&s->lock);
		if (fd < 0)
			usleep(RETRY_US); /* it died while it was being started */
		else if (!wait_for_end(s, fd))
			return NULL;
		if (!watch_once(s, &told))
			return NULL;
	}
}

/* ---- the interface ---- */

/* One that does not answer was just about to leave: as good as none. */
static void adopt(struct port_server *s)
{
	_cleanup_arena_ struct arena a = { 0 };
	struct port_request req = { .op = "list" };
	struct port_reply reply;
	struct err gone = { 0 };

	if (port_server_connect(s, false, NULL) < 0)
		return;
	if (port_server_ask_once(s, &a, &req, &reply, &gone) == 0)
		port_table_adopt(s, &reply);
	else
		fd_close(&s->fd);
}

struct port_server *port_server_open(const char *socket_path, const char *proxy_path,
                                     void (*warn)(void *ctx, const struct err *e), void *warn_ctx)
{
	struct port_server *s = xalloc(sizeof(*s));

	s->socket_path = strdup(socket_path);
	s->proxy_path = strdup(proxy_path);
	s->warn = warn;
	s->warn_ctx = warn_ctx;
	s->fd = s->watch_fd = -1;
	pthread_mutex_init(&s->lock, NULL);
	pthread_mutex_lock(&s->lock);
	adopt(s);
	pthread_mutex_unlock(&s->lock);
	return s;
}

static void stop_watcher(struct port_server *s)
{
	bool watching;

	pthread_mutex_lock(&s->lock);
	s->closing = true;
	watching = s->watching;
	if (s->watch_fd >= 0)
		shutdown(s->watch_fd, SHUT_RDWR);
	pthread_mutex_unlock(&s->lock);
	if (watching)
		pthread_join(s->watcher, NULL);
}

void port_server_close(struct port_server *s)
{
	if (!s)
		return;
	stop_watcher(s);
	fd_close(&s->watch_fd);
	fd_close(&s->fd);
	port_table_free(s);
	pthread_mutex_destroy(&s->lock);
	free(s->socket_path);
	free(s->proxy_path);
	free(s);
}
