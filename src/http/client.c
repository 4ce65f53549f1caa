/* Dialling and requests. See client.h. */
#include "http/client.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include "base/fd.h"

static int connect_any(const struct addrinfo *ai, const char *address, struct err *e)
{
	int saved = ECONNREFUSED;

	for (; ai; ai = ai->ai_next) {
		_cleanup_close_ int fd =
		        socket(ai->ai_family, ai->ai_socktype | SOCK_CLOEXEC, ai->ai_protocol);
		int one = 1;

		if (fd >= 0 && connect(fd, ai->ai_addr, ai->ai_addrlen) == 0) {
			setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
			return take_fd(&fd);
		}
		saved = errno;
	}
	return err_errno(e, saved, "connect to %s", address);
}

static int tcp_connect(const char *host_port, const char *address, struct err *e)
{
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM }, *list;
	const char *colon = strrchr(host_port, ':');
	_cleanup_arena_ struct arena a = { 0 };
	const char *host;
	int r;

	if (!colon || colon == host_port || !colon[1])
		return err_set(e, ERR_INVALID, "address %s: expected host:port", address);
	host = arena_strndup(&a, host_port, (size_t)(colon - host_port));
	if (*host == '[' && str_ends(host, "]"))
		host = arena_strndup(&a, host + 1, strlen(host) - 2);
	r = getaddrinfo(host, colon + 1, &hints, &list);
	if (r != 0)
		return err_set(e, ERR_UNAVAILABLE, "connect to %s: %s", address, gai_strerror(r));
	r = connect_any(list, address, e);
	freeaddrinfo(list);
	return r;
}

struct http_conn *http_dial(const char *address, struct err *e)
{
	const char *path = str_after(address, "unix://"), *tcp = str_after(address, "tcp://");
	int fd;

	if (!tcp)
		tcp = str_after(address, "http://");
	if (path) {
		fd = unix_connect(path, e);
	} else if (tcp) {
		fd = tcp_connect(tcp, address, e);
	} else {
		err_set(e, ERR_UNIMPLEMENTED, "address %s: only unix:// and tcp:// are there yet",
		        address);
		return NULL;
	}
	if (fd < 0)
		return NULL;
	return http_conn_new(fd);
}

int http_send(struct http_conn *c, const struct http_send *s, struct err *e)
{
	_cleanup_buf_ struct buf b = { 0 };
	bool needs_length = str_eq(s->method, "POST") || str_eq(s->method, "PUT");

	buf_printf(&b, "%s %s HTTP/1.1\r\nHost: %s\r\n", s->method, s->target, s->host);
	for (size_t i = 0; i < s->nheaders; i++)
		buf_printf(&b, "%s: %s\r\n", s->headers[i].name, s->headers[i].value);
	if (s->content_type && (s->body.data || s->chunked))
		buf_printf(&b, "Content-Type: %s\r\n", s->content_type);
	if (s->chunked)
		buf_adds(&b, "Transfer-Encoding: chunked\r\n");
	else if (s->body.data || needs_length)
		buf_printf(&b, "Content-Length: %zu\r\n", s->body.len);
	buf_adds(&b, "\r\n");
	buf_add(&b, s->body.data, s->body.len);
	return http_write(c, b.data, b.len, e);
}
