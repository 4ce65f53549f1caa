/* Addresses, listening sockets, and which protocol serves them. See forward.h. */
#include "proxy/forward.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include "base/fd.h"
#include "base/str.h"

struct forward {
	int fd; /* of a port that is only held */
	struct tcp_forward *tcp;
	struct udp_forward *udp;
};

int address_parse(const char *ip, uint64_t port, struct address *out, struct err *e)
{
	struct sockaddr_in *v4 = (struct sockaddr_in *)&out->sa;
	struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)&out->sa;

	*out = (struct address){ 0 };
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

static int configure(int fd, int type, int family, struct err *e)
{
	int one = 1;

	/* A restart may bind again while old connections linger; a living listener still refuses. */
	if (type == SOCK_STREAM && setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)) < 0)
		return err_errno(e, errno, "set SO_REUSEADDR");
	if (family == AF_INET6 && setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &one, sizeof(one)) < 0)
		return err_errno(e, errno, "set IPV6_V6ONLY");
	return 0;
}

int listen_socket(int type, const struct address *at, struct err *e)
{
	int family = at->sa.ss_family;
	_cleanup_close_ int fd = socket(family, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0)
		return err_errno(e, errno, "socket");
	if (configure(fd, type, family, e) < 0)
		return -1;
	if (bind(fd, (const struct sockaddr *)&at->sa, at->len) < 0 ||
	    (type == SOCK_STREAM && listen(fd, SOMAXCONN) < 0)) {
		int saved = errno;

		err_errno(e, saved, "bind");
		return saved == EADDRINUSE ? err_kind_set(e, ERR_PRECONDITION) : -1;
	}
	return take_fd(&fd);
}

struct forward *forward_open(struct loop *l, const char *proto, int fd, const struct address *to,
                             struct err *e)
{
	struct forward *f = calloc(1, sizeof(*f));
	bool ok;

	if (!f)
		abort();
	f->fd = -1;
	if (!l) {
		f->fd = fd;
		return f;
	}
	if (str_eq(proto, "udp"))
		ok = (f->udp = udp_forward_open(l, fd, to, e)) != NULL;
	else
		ok = (f->tcp = tcp_forward_open(l, fd, to, e)) != NULL;
	if (ok)
		return f;
	free(f);
	return NULL;
}

void forward_close(struct forward *f)
{
	if (!f)
		return;
	if (f->tcp)
		tcp_forward_close(f->tcp);
	if (f->udp)
		udp_forward_close(f->udp);
	fd_close(&f->fd);
	free(f);
}
