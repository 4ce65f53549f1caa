/*
 * The daemon: what its parts share. Made once by daemon_start, before any thread exists; the
 * members do not change afterwards, what they point to looks after itself.
 */
#ifndef CONTAINERD_DAEMON_H
#define CONTAINERD_DAEMON_H

#include "base/loop.h"
#include "base/workers.h"
#include "containerd/config.h"

struct daemon {
	const struct config *config;
	struct loop *loop;       /* the I/O thread's */
	struct workers *workers; /* handlers and background work */
	struct db *db;           /* metadata */
	struct exchange *events; /* who subscribed to what */
	struct blobs *blobs;     /* content on disk */
	struct overlay *overlay; /* snapshots on disk */
	struct gc *gc;           /* what removes the unreferenced */
	struct tasks *tasks;     /* running containers and their shims */
	struct grpc_server *grpc;
	struct ttrpc_server *ttrpc;
	struct loop_source *signals; /* SIGTERM and SIGINT */
	char uuid[37];
};

/* Recovers whatever an earlier life left, then listens. */
int daemon_start(struct daemon *d, const struct config *config, struct err *e) must_check;
/* Until a signal says stop. Containers and their shims go on. */
int daemon_run(struct daemon *d, struct err *e) must_check;

#endif
