/*
 * Whatever bytes a client sends after HTTP/2's preface: the gRPC server takes them, with handlers of
 * each shape behind it. A round ends when the server has closed the connection.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>
#include "base/fd.h"
#include "base/limits.h"
#include "proto/types.pb-c.h"
#include "rpc/grpc_session.h"

#define PREFACE "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\4\0\0\0\0\0"

static int answer(unused_arg struct rpc_call *call, unused_arg const void *req,
                  unused_arg void *resp, unused_arg struct err *e)
{
	return 0;
}

static int send_one(struct rpc_call *call, unused_arg const void *req, unused_arg void *resp,
                    struct err *e)
{
	Types__Envelope env = TYPES__ENVELOPE__INIT;

	return rpc_call_send(call, &env, e);
}

static int receive_all(struct rpc_call *call, unused_arg const void *req, unused_arg void *resp,
                       struct err *e)
{
	void *msg;
	int r;

	while ((r = rpc_call_recv(call, &msg, e)) > 0)
		;
	return r;
}

static const struct rpc_route routes[] = {
	{ RPC_VERSION_VERSION, answer },
	{ RPC_IMAGES_CREATE, answer },
	{ RPC_EVENTS_SUBSCRIBE, send_one },
	{ RPC_CONTENT_WRITE, receive_all },
};

static struct grpc_server *server;

static void start(void)
{
	struct err e = { 0 };

	server = grpc_server_new(loop_new(&e), workers_new(4, 256 * KIB), NULL);
	grpc_server_route(server, routes, ARRAY_LEN(routes));
}

static void until_closed(void *arg)
{
	if (server->nsessions == 0)
		loop_stop(server->loop);
	else
		loop_post(server->loop, until_closed, arg);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct err e = { 0 };
	int fds[2];

	if (!server)
		start();
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, fds) < 0)
		abort();
	if (send(fds[0], PREFACE, sizeof(PREFACE) - 1, 0) < 0 || send(fds[0], data, size, 0) < 0)
		abort();
	shutdown(fds[0], SHUT_WR);
	grpc_session_start(server, fds[1]);
	loop_post(server->loop, until_closed, NULL);
	if (loop_run(server->loop, &e) < 0)
		abort();
	close(fds[0]);
	return 0;
}
