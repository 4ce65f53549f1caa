/*
 * `docker-proxy --serve SOCKET`: the process that owns the published ports of one engine, and the
 * name servers of its sandboxes.
 */
#ifndef PROXY_SERVE_H
#define PROXY_SERVE_H

#include "base/err.h"

/*
 * Leaves a process of its own behind (the caller's ends), which listens on the socket, tells
 * `status_fd` (libnetwork/port_server.c reads it) and serves. It returns when nobody is connected
 * and it owns nothing, or with an error. See libnetwork/port_protocol.h.
 */
int serve(const char *socket_path, int status_fd, struct err *e) must_check;

/* "0\n", or "1\n<error>\n", to whoever started us. */
void report_status(int fd, const struct err *e);

#endif
