/*
 * Finding, starting and talking to the port server. See port_server.h.
 *
 * `lock` guards the connection for requests and the table of what was published (owner -> its
 * record). A watcher thread sits on a connection of its own: when that ends, the server is dead,
 * and the watcher starts another one and publishes the table again.
 */
#include "libnetwork/port_server.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>
#include "base/fd.h"
#include "base/map.h"
#include "base/proc.h"

#define WATCHER_STACK (64 * 1024)

struct published {
	struct arena arena;
	struct port_owner owner;
};

struct port_server {
	char *socket_path, *proxy_path;
	void (*warn)(void *ctx, const struct err *e);
	void *warn_ctx;
	pthread_mutex_t lock;
	int fd;       /* for requests; -1: none yet, or lost */
	int watch_fd; /* the watcher's */
	bool closing;
	bool watching;
	pthread_t watcher;
	struct map table; /* owner id -> struct published */
};

static void unlock(pthread_mutex_t **m)
{
	pthread_mutex_unlock(*m);
}
#define LOCKED(s)                                                               \
	__attribute__((cleanup(unlock))) pthread_mutex_t *locked_ = &(s)->lock; \
	pthread_mutex_lock(locked_)

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

static int ask_once(struct port_server *s, struct arena *a, const struct port_request *req,
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

static int publish_again(struct port_server *s, struct err *e)
{
	const char *id;
	void *value;

	for (size_t i = 0; map_next(&s->table, &i, &id, &value);) {
		_cleanup_arena_ struct arena a = { 0 };
		const struct published *p = value;
		struct port_request req = { .op = "publish", .id = p->owner.id };
		struct port_reply reply;

		req.ports.n = p->owner.ports.n;
		req.ports.v = p->owner.ports.v;
		if (ask_once(s, &a, &req, &reply, e) < 0)
			return -1;
		if (!str_empty(reply.error))
			return err_set(e, ERR_UNAVAILABLE, "publish ports of %.12s again: %s", id,
			               reply.error);
	}
	return 0;
}

/* A connection to a living server, which is started (and filled) when `may_start`. */
static int connect_server(struct port_server *s, bool may_start, struct err *e)
{
	bool started = false;

	if (s->fd >= 0)
		return 0;
	s->fd = unix_connect(s->socket_path, e);
	if (s->fd < 0 && may_start) {
		if (start(s, e) < 0 || (s->fd = unix_connect(s->socket_path, e)) < 0)
			return -1;
		started = true;
	}
	if (s->fd < 0)
		return -1;
	if (s->watch_fd < 0 && (s->watch_fd = unix_connect(s->socket_path, e)) < 0)
		return -1;
	if (start_watcher(s, e) < 0)
		return -1;
	return started ? publish_again(s, e) : 0;
}

/* One request; a server that died meanwhile is put back and asked again. */
static int ask(struct port_server *s, struct arena *a, const struct port_request *req,
               struct port_reply *reply, struct err *e)
{
	bool had = s->fd >= 0;

	if (connect_server(s, true, e) < 0)
		return -1;
	if (ask_once(s, a, req, reply, e) == 0)
		return 0;
	fd_close(&s->fd);
	if (!had)
		return -1;
	if (connect_server(s, true, e) < 0)
		return -1;
	return ask_once(s, a, req, reply, e);
}

/* ---- the watcher ---- */

/* Waits for the end of the server; false when it is we who let go. */
static bool wait_for_end(struct port_server *s, int fd)
{
	char byte;

	while (read(fd, &byte, 1) > 0 || errno == EINTR)
		;
	LOCKED(s);
	return !s->closing;
}

static void *watch(void *arg)
{
	struct port_server *s = arg;

	for (;;) {
		struct err e = { 0 };
		int fd;

		pthread_mutex_lock(&s->lock);
		fd = s->watch_fd;
		pthread_mutex_unlock(&s->lock);
		if (fd < 0 || !wait_for_end(s, fd))
			return NULL;
		LOCKED(s);
		fd_close(&s->watch_fd);
		fd_close(&s->fd);
		/* With nothing published it may stay away until it is needed. */
		if (s->table.used == 0 || connect_server(s, true, &e) < 0) {
			if (s->table.used && s->warn)
				s->warn(s->warn_ctx, &e);
			pthread_detach(s->watcher);
			s->watching = false;
			return NULL;
		}
	}
}

/* ---- the interface ---- */

static void published_free(struct published *p)
{
	if (!p)
		return;
	arena_free(&p->arena);
	free(p);
}

static void remember(struct port_server *s, const struct port_owner *owner)
{
	struct published *p = calloc(1, sizeof(*p));
	struct port_owner *copy;

	if (!p)
		abort();
	copy = json_copy(&p->arena, &port_owner_type, owner);
	p->owner = *copy;
	published_free(map_set(&s->table, owner->id, p));
}

/* What a living server owns is what an earlier engine published. */
static int adopt(struct port_server *s, struct err *e)
{
	_cleanup_arena_ struct arena a = { 0 };
	struct port_request req = { .op = "list" };
	struct port_reply reply;

	if (connect_server(s, false, NULL) < 0)
		return 0;
	if (ask_once(s, &a, &req, &reply, e) < 0)
		return err_wrap(e, "ask the port server");
	for (size_t i = 0; i < reply.owners.n; i++)
		remember(s, &reply.owners.v[i]);
	return 0;
}

struct port_server *port_server_open(const char *socket_path, const char *proxy_path,
                                     void (*warn)(void *ctx, const struct err *e), void *warn_ctx,
                                     struct err *e)
{
	struct port_server *s = calloc(1, sizeof(*s));
	int r;

	if (!s)
		abort();
	s->socket_path = strdup(socket_path);
	s->proxy_path = strdup(proxy_path);
	s->warn = warn;
	s->warn_ctx = warn_ctx;
	s->fd = s->watch_fd = -1;
	pthread_mutex_init(&s->lock, NULL);
	pthread_mutex_lock(&s->lock);
	r = adopt(s, e);
	pthread_mutex_unlock(&s->lock);
	if (r < 0) {
		port_server_close(s);
		return NULL;
	}
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
	const char *id;
	void *value;

	if (!s)
		return;
	stop_watcher(s);
	fd_close(&s->watch_fd);
	fd_close(&s->fd);
	for (size_t i = 0; map_next(&s->table, &i, &id, &value);)
		published_free(value);
	map_free(&s->table);
	pthread_mutex_destroy(&s->lock);
	free(s->socket_path);
	free(s->proxy_path);
	free(s);
}

/* An engine that comes back publishes what is published: that must not cut connections. */
static bool is_published(struct port_server *s, const struct port_owner *owner)
{
	_cleanup_buf_ struct buf have = { 0 }, want = { 0 };
	const struct published *p = map_get(&s->table, owner->id);

	if (!p || connect_server(s, false, NULL) < 0)
		return false;
	json_encode(&have, &port_owner_type, &p->owner);
	json_encode(&want, &port_owner_type, owner);
	return str_eq(have.data, want.data);
}

static int refused(const struct port_reply *reply, struct port_failure *f, struct err *e)
{
	err_set(e, err_from_grpc((int)reply->kind), "%s", reply->error);
	f->index = reply->failed - 1;
	f->in_use = err_from_grpc((int)reply->kind) == ERR_PRECONDITION;
	if (reply->holder)
		str_copy(f->holder, sizeof(f->holder), reply->holder);
	return -1;
}

int port_server_publish(struct port_server *s, const struct port_owner *owner,
                        struct port_failure *failure, struct err *e)
{
	_cleanup_arena_ struct arena a = { 0 };
	struct port_request req = { .op = "publish", .id = owner->id };
	struct port_reply reply;

	*failure = (struct port_failure){ .index = -1 };
	LOCKED(s);
	if (is_published(s, owner))
		return 0;
	req.ports.n = owner->ports.n;
	req.ports.v = owner->ports.v;
	if (ask(s, &a, &req, &reply, e) < 0)
		return -1;
	if (!str_empty(reply.error))
		return refused(&reply, failure, e);
	remember(s, owner);
	return 0;
}

int port_server_unpublish(struct port_server *s, const char *owner, struct err *e)
{
	_cleanup_arena_ struct arena a = { 0 };
	struct port_request req = { .op = "unpublish", .id = owner };
	struct port_reply reply;

	LOCKED(s);
	if (!map_get(&s->table, owner))
		return 0;
	published_free(map_remove(&s->table, owner));
	if (connect_server(s, false, NULL) < 0)
		return 0; /* no server, no port */
	if (ask_once(s, &a, &req, &reply, e) < 0) {
		fd_close(&s->fd);
		return -1;
	}
	if (!str_empty(reply.error))
		return err_set(e, err_from_grpc((int)reply.kind), "%s", reply.error);
	return 0;
}

void port_server_list(struct port_server *s, struct arena *a, struct port_owners *out)
{
	const char *id;
	void *value;

	*out = (struct port_owners){ 0 };
	LOCKED(s);
	for (size_t i = 0; map_next(&s->table, &i, &id, &value);) {
		const struct published *p = value;
		struct port_owner *copy = json_copy(a, &port_owner_type, &p->owner);

		arena_push(a, out, *copy);
	}
}
