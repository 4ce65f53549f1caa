/*
 * containerd-shim-runc-v2: stays with a container (or with the containers of a pod) from Create to
 * Delete, is the parent of its processes, and reports their ends. One thread, one loop.
 *
 * What the pieces are: main.c (command line), start.c (the `start` action, which forks the server),
 * cleanup.c (the `delete` action), server.c (the server's loop and end), task*.c (the methods of the
 * task service), op.c (one method after the other where they change a process), container.c and ending.c (containers, processes, their ends), runc.c (the runtime's
 * commands), io.c and relay.c (streams), rootfs.c (mounts), record.c (files in the bundle),
 * publisher.c and events.c (events), reaper.c, cgroup.c, oom.c, stats*.c.
 */
#ifndef SHIM_SHIM_H
#define SHIM_SHIM_H

#include <stdbool.h>
#include "base/arena.h"
#include "base/err.h"
#include "base/map.h"
#include "base/str.h"

/* The command line, as containerd writes it. Strings are borrowed from argv. */
struct shim_args {
	const char *ns, *id, *address, *publish_binary, *bundle, *socket;
	bool debug, version, info;
	const char *action; /* "start" or "delete" */
};

struct shim {
	const struct shim_args *args;
	const char *socket_dir; /* of our own socket; sockets for terminals are made there */
	struct loop *loop;
	struct loop_source *signals;
	struct reaper *reaper;
	struct publisher *publisher;
	struct ttrpc_server *server;
	struct map containers; /* id -> struct container */
	bool shutdown;         /* asked to end: when nothing runs and all events are delivered */
};

/* The actions; they return the exit code. */
int shim_start(const struct shim_args *a, struct err *e) must_check;
int shim_delete(const struct shim_args *a, struct err *e) must_check;
int shim_info(const struct shim_args *a, struct err *e) must_check;

/* Serves on listen_fd until shut down, then removes `socket`, its path. */
int shim_serve(const struct shim_args *a, int listen_fd, const char *socket, struct err *e)
        must_check;

/* Ends the server when it was asked to and nothing is left. */
void shim_check_end(struct shim *s);

/* All of stdin, within limits. */
int shim_read_stdin(struct buf *b, struct err *e) must_check;

/* Where containerd listens for events. */
const char *shim_ttrpc_address(struct arena *a, const struct shim_args *args);

#endif
