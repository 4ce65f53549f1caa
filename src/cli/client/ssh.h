/*
 * Daemons behind ssh: ssh://[USER@]HOST[:PORT][/SOCKET] is a connection through the user's `ssh`, at
 * whose other end `docker system dial-stdio` joins it with the daemon's socket.
 */
#ifndef CLI_CLIENT_SSH_H
#define CLI_CLIENT_SSH_H

#include "http/client.h"

struct http_conn *ssh_dial(const char *address, struct err *e) must_check;

#endif
