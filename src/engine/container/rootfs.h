/*
 * Looking into a container's root file system before it runs (for /etc/passwd), without leaving
 * anything mounted: the mount is detached from the start and dies with its descriptor, however
 * the engine ends.
 */
#ifndef ENGINE_CONTAINER_ROOTFS_H
#define ENGINE_CONTAINER_ROOTFS_H

#include "engine/ctrd/ctrd.h"

/* A directory descriptor of what containerd said to mount; the caller's. */
int rootfs_open(const struct ctrd_mounts *m, struct err *e) must_check;

/* The same as one call of mount(2), for a child that mounts it where others have it too. */
struct rootfs_call {
	const char *type, *source;
	const char *folder;  /* the working directory of the call: options are relative to it */
	const char *options; /* joined by commas; at most a page */
};
int rootfs_describe(struct arena *a, const struct ctrd_mounts *m, struct rootfs_call *out,
                    struct err *e) must_check;

/* Puts Docker's mark, by which programs know that they are in a container, into a new writable layer. */
int rootfs_mark(const struct ctrd_mounts *m, struct err *e) must_check;

/* The root of a running container. */
int rootfs_open_pid(int pid, struct err *e) must_check;

#endif
