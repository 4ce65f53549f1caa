/* See listen.h. */
#include "engine/daemon/listen.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>
#include "base/fd.h"
#include "base/file.h"
#include "base/log.h"
#include "engine/daemon/flags.h"

#define BACKLOG    511
#define SYSTEMD_FD 3

/* The port of an address that names none. */
#define PLAIN_PORT "2375"
#define TLS_PORT   "2376"

static int push(struct listeners *l, struct listener one, struct err *e)
{
	if (one.fd < 0)
		return -1;
	if (l->n == LISTENERS_MAX) {
		close(one.fd);
		return err_set(e, ERR_EXHAUSTED, "too many sockets to listen on");
	}
	l->v[l->n++] = one;
	return 0;
}

/* ---- unix:// ---- */

/* A group by name or number. Only Docker's default may be missing. */
static int group_id(const char *name, gid_t *out, struct err *e)
{
	struct group *g = getgrnam(name);
	uint64_t n;

	if (g)
		*out = g->gr_gid;
	else if (str_u64(name, &n) && n <= INT32_MAX)
		*out = (gid_t)n;
	else if (str_eq(name, "docker"))
		log_warn("there is no group docker: the API's socket is root's alone");
	else
		return err_set(e, ERR_NOT_FOUND, "group %s not found", name);
	return 0;
}

static int add_unix(struct listeners *l, const char *host, const char *path, const char *group,
                    struct err *e)
{
	_cleanup_arena_ struct arena a = { 0 };
	const char *slash = strrchr(path, '/');
	_cleanup_close_ int fd = -1;
	gid_t gid = 0;

	if (path[0] != '/')
		return err_set(e, ERR_INVALID, "unix://%s: the path must be absolute", path);
	if (!str_empty(group) && group_id(group, &gid, e) < 0)
		return -1;
	if (slash != path && dir_make(arena_strndup(&a, path, (size_t)(slash - path)), 0755, e) < 0)
		return -1;
	fd = unix_listen(path, 0660, e);
	if (fd >= 0 && chown(path, 0, gid) < 0)
		return err_errno(e, errno, "give %s to group %s", path, group);
	return push(l, (struct listener){ .fd = take_fd(&fd), .host = host, .unlink = path }, e);
}

/* ---- tcp:// ---- */

static bool is_loopback(const struct sockaddr *sa)
{
	if (sa->sa_family == AF_INET)
		return (ntohl(((const struct sockaddr_in *)sa)->sin_addr.s_addr) >> 24) == 127;
	return IN6_IS_ADDR_LOOPBACK(&((const struct sockaddr_in6 *)sa)->sin6_addr);
}

static void warn_of_the_open(const struct sockaddr *sa, const char *host, const struct options *o)
{
	if (!o->tlsverify.value && !is_loopback(sa))
		log_warn("%s without --tlsverify gives root on this machine to everyone who can "
		         "reach it",
		         host);
}

static int tcp_socket(const struct addrinfo *ai, const char *host, struct err *e)
{
	_cleanup_close_ int fd = socket(ai->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int on = 1;

	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) < 0 ||
	    bind(fd, ai->ai_addr, ai->ai_addrlen) < 0 || listen(fd, BACKLOG) < 0)
		return err_errno(e, errno, "listen on %s", host);
	return take_fd(&fd);
}

static int add_tcp(struct listeners *l, const char *host, const char *address,
                   const struct options *o, struct err *e)
{
	_cleanup_arena_ struct arena a = { 0 };
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM,
		                  .ai_flags = AI_PASSIVE | AI_NUMERICHOST },
	                *found;
	const char *colon = strrchr(address, ':'), *name = address;
	const char *port = o->tls.value ? TLS_PORT : PLAIN_PORT;
	uint64_t number;
	int r, fd;

	if (colon && !strchr(colon, ']')) {
		name = arena_strndup(&a, address, (size_t)(colon - address));
		port = colon + 1;
	}
	if (name[0] == '[')
		name = arena_strndup(&a, name + 1, strcspn(name + 1, "]"));
	if (str_eq(name, "localhost") || !*name)
		name = "127.0.0.1";
	if (!str_u64(port, &number) || number > 65535)
		return err_set(e, ERR_INVALID, "%s: invalid port %s", host, port);
	r = getaddrinfo(name, port, &hints, &found);
	if (r != 0)
		return err_set(e, ERR_INVALID, "%s: %s", host, gai_strerror(r));
	warn_of_the_open(found->ai_addr, host, o);
	fd = tcp_socket(found, host, e);
	freeaddrinfo(found);
	return push(l, (struct listener){ .fd = fd, .tcp = true, .host = host }, e);
}

/* ---- fd://: systemd's protocol, sd_listen_fds(3) ---- */

static bool is_tcp(int fd)
{
	struct sockaddr_storage sa = { 0 };
	socklen_t n = sizeof(sa);

	return getsockname(fd, (struct sockaddr *)&sa, &n) == 0 && sa.ss_family != AF_UNIX;
}

static int inherit(struct listeners *l, const char *host, uint64_t i, struct err *e)
{
	int from = SYSTEMD_FD + (int)i, listens = 0;
	socklen_t n = sizeof(listens);

	if (getsockopt(from, SOL_SOCKET, SO_ACCEPTCONN, &listens, &n) < 0 || !listens)
		return err_set(e, ERR_INVALID, "%s: descriptor %d is no listening socket", host,
		               from);
	if (fcntl(from, F_SETFD, FD_CLOEXEC) < 0)
		return err_errno(e, errno, "%s", host);
	return push(l, (struct listener){ .fd = from, .tcp = is_tcp(from), .host = host }, e);
}

/* What follows fd:// is a descriptor's number, a name of $LISTEN_FDNAMES, or nothing: all. */
static bool is_meant(const char *which, uint64_t i, const char *names)
{
	uint64_t number;

	if (!*which || str_eq(which, "*"))
		return true;
	if (str_u64(which, &number))
		return number == SYSTEMD_FD + i;
	for (; i > 0 && names; i--) {
		names = strchr(names, ':');
		names = names ? names + 1 : NULL;
	}
	return names && slice_eq((struct slice){ names, strcspn(names, ":") }, which);
}

static int add_inherited(struct listeners *l, const char *host, const char *which, struct err *e)
{
	const char *pid = getenv("LISTEN_PID"), *count = getenv("LISTEN_FDS");
	uint64_t owner, n;
	size_t before = l->n;

	if (!pid || !count || !str_u64(pid, &owner) || !str_u64(count, &n) ||
	    owner != (uint64_t)getpid() || n == 0 || n > LISTENERS_MAX)
		return err_set(e, ERR_INVALID,
		               "no sockets found via socket activation: make sure the service was "
		               "started by systemd");
	for (uint64_t i = 0; i < n; i++)
		if (is_meant(which, i, getenv("LISTEN_FDNAMES")) && inherit(l, host, i, e) < 0)
			return -1;
	if (l->n == before)
		return err_set(e, ERR_INVALID,
		               "%s: systemd passed %s socket(s), and none of that number or name",
		               host, count);
	return 0;
}

/* ---- all ---- */

static int add(struct listeners *l, const char *host, const struct options *o, struct err *e)
{
	const char *rest;

	if ((rest = str_after(host, "unix://")))
		return add_unix(l, host, rest, o->group, e);
	if ((rest = str_after(host, "tcp://")))
		return add_tcp(l, host, rest, o, e);
	return add_inherited(l, host, str_after(host, "fd://"), e); /* see check_host */
}

/* Children shall not take these for theirs. */
static void forget_environment(void)
{
	unsetenv("LISTEN_PID");
	unsetenv("LISTEN_FDS");
	unsetenv("LISTEN_FDNAMES");
}

int listen_all(struct listeners *l, const struct options *o, struct err *e)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < o->hosts.n; i++)
		r = add(l, o->hosts.v[i], o, e);
	forget_environment();
	return r;
}

void listen_unlink(struct listeners *l)
{
	for (size_t i = 0; i < l->n; i++)
		if (l->v[i].unlink)
			unlink(l->v[i].unlink);
}
