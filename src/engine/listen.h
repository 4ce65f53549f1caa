/* The sockets that the API is served on: unix://, tcp://, fd:// (systemd). */
#ifndef ENGINE_LISTEN_H
#define ENGINE_LISTEN_H

#include "base/err.h"

struct listeners {
	size_t n;
	int fds[32];
	const char *unlink[32]; /* path of a unix socket of ours, or NULL */
};

/* Adds what `host` names; `group` owns unix sockets when it exists. The string is borrowed. */
int listen_add(struct listeners *l, const char *host, const char *group, struct err *e) must_check;

/* Removes the unix sockets from the file system. The descriptors belong to the server by then. */
void listen_unlink(struct listeners *l);

#endif
