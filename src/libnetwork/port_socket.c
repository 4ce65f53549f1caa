/* See port_socket.h. */
#include "libnetwork/port_socket.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include "base/fd.h"

int port_address_parse(const char *ip, uint64_t port, struct port_address *out, struct err *e)
{
	struct sockaddr_in *v4 = (struct sockaddr_in *)&out->sa;
	struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)&out->sa;

	*out = (struct port_address){ 0 };
	if (port > 65535)
		return err_set(e, ERR_INVALID, "invalid port %llu", (unsigned long long)port);
	if (inet_pton(AF_INET, ip, &v4->sin_addr) == 1) {
		v4->sin_family = AF_INET;
		v4->sin_port = htons((uint16_t)port);
		out->len = sizeof(*v4);
		return 0;
	}
	if (inet_pton(AF_INET6, ip, &v6->sin6_addr) == 1) {
		v6->sin6_family = AF_INET6;
		v6->sin6_port = htons((uint16_t)port);
		out->len = sizeof(*v6);
		return 0;
	}
	return err_set(e, ERR_INVALID, "invalid IP address \"%s\"", ip);
}

int port_socket_type(const char *proto, struct err *e)
{
	if (str_eq(proto, "tcp"))
		return SOCK_STREAM;
	if (str_eq(proto, "udp"))
		return SOCK_DGRAM;
	return err_set(e, ERR_UNIMPLEMENTED, "publishing %s ports is not there yet", proto);
}

static int open_socket(int type, int family, struct err *e)
{
	_cleanup_close_ int fd = socket(family, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	int one = 1;

	if (fd < 0)
		return err_errno(e, errno, "socket");
	if (family == AF_INET6 && setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &one, sizeof(one)) < 0)
		return err_errno(e, errno, "set IPV6_V6ONLY");
	return take_fd(&fd);
}

static int bind_failed(int errnum, struct err *e)
{
	err_errno(e, errnum, "bind");
	return errnum == EADDRINUSE ? err_kind_set(e, ERR_PRECONDITION) : -1;
}

int port_listen(int type, const struct port_address *at, struct err *e)
{
	_cleanup_close_ int fd = open_socket(type, at->sa.ss_family, e);
	int one = 1;

	if (fd < 0)
		return -1;
	/* A restart may bind again while old connections linger; a living listener still refuses. */
	if (type == SOCK_STREAM && setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)) < 0)
		return err_errno(e, errno, "set SO_REUSEADDR");
	if (bind(fd, (const struct sockaddr *)&at->sa, at->len) < 0 ||
	    (type == SOCK_STREAM && listen(fd, SOMAXCONN) < 0))
		return bind_failed(errno, e);
	return take_fd(&fd);
}

/* Without SO_REUSEADDR: with it, two sockets that do not listen may share a port. */
int port_hold(int type, const struct port_address *at, struct err *e)
{
	_cleanup_close_ int fd = open_socket(type, at->sa.ss_family, e);

	if (fd < 0)
		return -1;
	if (bind(fd, (const struct sockaddr *)&at->sa, at->len) < 0)
		return bind_failed(errno, e);
	return take_fd(&fd);
}

static bool is_v6(const struct port_bind *p)
{
	return strchr(p->host_ip, ':') != NULL;
}

static bool is_any(const struct port_bind *p)
{
	return str_eq(p->host_ip, "0.0.0.0") || str_eq(p->host_ip, "::");
}

bool port_overlap(const struct port_bind *a, const struct port_bind *b)
{
	return str_eq(a->proto, b->proto) && a->host_port == b->host_port && is_v6(a) == is_v6(b) &&
	       (is_any(a) || is_any(b) || str_eq(a->host_ip, b->host_ip));
}

int port_bind_error(const struct port_bind *p, bool ours, struct err *e)
{
	const char *open = is_v6(p) ? "[" : "", *close = is_v6(p) ? "]" : "";
	unsigned long long port = p->host_port;

	if (ours && e && e->kind == ERR_PRECONDITION)
		return err_set(e, ERR_PRECONDITION,
		               "Bind for %s%s%s:%llu failed: port is already allocated", open,
		               p->host_ip, close, port);
	return err_wrap(e, "Error starting userland proxy: listen %s%c %s%s%s:%llu", p->proto,
	                is_v6(p) ? '6' : '4', open, p->host_ip, close, port);
}
