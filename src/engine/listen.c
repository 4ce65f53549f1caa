/* See listen.h. */
#include "engine/listen.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <netdb.h>
#include <netinet/in.h>
#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>
#include "base/fd.h"
#include "base/file.h"
#include "base/log.h"
#include "base/str.h"

#define BACKLOG      511
#define SYSTEMD_FD   3
#define DEFAULT_PORT "2375"

static int push(struct listeners *l, int fd, const char *path, struct err *e)
{
	if (fd < 0)
		return -1;
	if (l->n == ARRAY_LEN(l->fds)) {
		close(fd);
		return err_set(e, ERR_EXHAUSTED, "too many sockets to listen on");
	}
	l->unlink[l->n] = path;
	l->fds[l->n++] = fd;
	return 0;
}

static int add_unix(struct listeners *l, const char *path, const char *group, struct err *e)
{
	_cleanup_arena_ struct arena a = { 0 };
	const char *slash = strrchr(path, '/');
	struct group *g = str_empty(group) ? NULL : getgrnam(group);
	int fd;

	if (path[0] != '/')
		return err_set(e, ERR_INVALID, "unix://%s: the path must be absolute", path);
	if (slash != path && dir_make(arena_strndup(&a, path, (size_t)(slash - path)), 0755, e) < 0)
		return -1;
	fd = unix_listen(path, 0660, e);
	if (fd >= 0 && g && chown(path, 0, g->gr_gid) < 0)
		log_warn("%s: give it to group %s: %s", path, group, strerror(errno));
	return push(l, fd, path, e);
}

static bool is_loopback(const struct sockaddr *sa)
{
	if (sa->sa_family == AF_INET)
		return (ntohl(((const struct sockaddr_in *)sa)->sin_addr.s_addr) >> 24) == 127;
	return IN6_IS_ADDR_LOOPBACK(&((const struct sockaddr_in6 *)sa)->sin6_addr);
}

static int tcp_socket(const struct addrinfo *ai, const char *host, struct err *e)
{
	_cleanup_close_ int fd = socket(ai->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int on = 1;

	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) < 0 ||
	    bind(fd, ai->ai_addr, ai->ai_addrlen) < 0 || listen(fd, BACKLOG) < 0)
		return err_errno(e, errno, "listen on tcp://%s", host);
	if (!is_loopback(ai->ai_addr))
		log_warn("tcp://%s gives root on this machine to everyone who can reach it", host);
	return take_fd(&fd);
}

static int add_tcp(struct listeners *l, const char *host, struct err *e)
{
	_cleanup_arena_ struct arena a = { 0 };
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM,
		                  .ai_flags = AI_PASSIVE | AI_NUMERICHOST },
	                *found;
	const char *colon = strrchr(host, ':'), *port = DEFAULT_PORT, *name = host;
	int r, fd;

	if (colon && !strchr(colon, ']')) {
		name = arena_strndup(&a, host, (size_t)(colon - host));
		port = colon + 1;
	}
	if (name[0] == '[')
		name = arena_strndup(&a, name + 1, strcspn(name + 1, "]"));
	if (str_eq(name, "localhost"))
		name = "127.0.0.1";
	r = getaddrinfo(*name ? name : "127.0.0.1", port, &hints, &found);
	if (r != 0)
		return err_set(e, ERR_INVALID, "tcp://%s: %s", host, gai_strerror(r));
	fd = tcp_socket(found, host, e);
	freeaddrinfo(found);
	return push(l, fd, NULL, e);
}

/* systemd's protocol: sd_listen_fds(3). */
static int add_inherited(struct listeners *l, struct err *e)
{
	const char *pid = getenv("LISTEN_PID"), *count = getenv("LISTEN_FDS");
	uint64_t owner, n;

	if (!pid || !count || !str_u64(pid, &owner) || !str_u64(count, &n) ||
	    owner != (uint64_t)getpid() || n == 0 || n > ARRAY_LEN(l->fds))
		return err_set(e, ERR_INVALID, "fd://: no sockets were handed over by systemd");
	for (uint64_t i = 0; i < n; i++) {
		int fd = dup(SYSTEMD_FD + (int)i);

		if (fd >= 0 && fcntl(fd, F_SETFD, FD_CLOEXEC) < 0)
			return err_errno(e, errno, "fd://");
		if (push(l, fd, NULL, e) < 0)
			return -1;
		close(SYSTEMD_FD + (int)i);
	}
	return 0;
}

int listen_add(struct listeners *l, const char *host, const char *group, struct err *e)
{
	const char *rest;

	if ((rest = str_after(host, "unix://")))
		return add_unix(l, rest, group, e);
	if ((rest = str_after(host, "tcp://")))
		return add_tcp(l, rest, e);
	if (str_after(host, "fd://"))
		return add_inherited(l, e);
	return err_set(e, ERR_INVALID,
	               "invalid bind address \"%s\": expected unix://, tcp:// or fd://", host);
}

void listen_unlink(struct listeners *l)
{
	for (size_t i = 0; i < l->n; i++)
		if (l->unlink[i])
			unlink(l->unlink[i]);
}
