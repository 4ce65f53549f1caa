/* The sockets that the API is served on: unix://, tcp://, fd:// (systemd). */
#ifndef ENGINE_DAEMON_LISTEN_H
#define ENGINE_DAEMON_LISTEN_H

#include <stdbool.h>
#include "base/err.h"

struct options;

#define LISTENERS_MAX 32

struct listener {
	int fd;
	bool tcp;
	const char *host;   /* as it was asked for */
	const char *unlink; /* path of a unix socket of ours, or NULL */
};
struct listeners {
	size_t n;
	struct listener v[LISTENERS_MAX];
};

/* Makes or inherits what `hosts` of the options names. The strings are borrowed. */
int listen_all(struct listeners *l, const struct options *o, struct err *e) must_check;

/* Removes the unix sockets from the file system. The descriptors belong to the server by then. */
void listen_unlink(struct listeners *l);

#endif
