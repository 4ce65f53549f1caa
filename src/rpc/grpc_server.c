/* The gRPC server: routes, listeners, its beginning and its end. See grpc_server.h. */
#include "rpc/grpc_server.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>
#include "base/fd.h"
#include "base/limits.h"
#include "base/mem.h"
#include "rpc/grpc_session.h"

struct grpc_server *grpc_server_new(struct loop *loop, struct workers *workers, void *user)
{
	struct grpc_server *s = xalloc(sizeof(*s));

	s->loop = loop;
	s->workers = workers;
	s->user = user;
	return s;
}

void grpc_server_route(struct grpc_server *s, const struct rpc_route *routes, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const struct rpc_method *m = &rpc_methods[routes[i].method];
		_cleanup_buf_ struct buf path = { 0 };

		buf_printf(&path, "/%s/%s", m->service, m->name);
		map_set(&s->routes, path.data, (void *)&routes[i]);
	}
}

static void on_connection(void *arg, int fd, unused_arg uint32_t events)
{
	struct grpc_listener *l = arg;
	_cleanup_close_ int conn = accept4(fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

	if (conn < 0 || l->server->nsessions >= LIMIT_GRPC_CONNECTIONS)
		return;
	grpc_session_start(l->server, take_fd(&conn));
}

int grpc_server_listen(struct grpc_server *s, int fd, struct err *e)
{
	struct grpc_listener *l = xalloc(sizeof(*l));

	l->server = s;
	l->fd = fd;
	l->source = loop_add(s->loop, fd, EPOLLIN, on_connection, l, e);
	if (!l->source) {
		fd_close(&l->fd);
		free(l);
		return -1;
	}
	l->next = s->listeners;
	s->listeners = l;
	return 0;
}

void grpc_server_free(struct grpc_server *s)
{
	if (!s)
		return;
	for (struct grpc_listener *l = s->listeners, *next; l; l = next) {
		next = l->next;
		loop_remove(l->source);
		fd_close(&l->fd);
		free(l);
	}
	while (s->sessions)
		grpc_session_free(s->sessions);
	map_free(&s->routes);
	free(s);
}
