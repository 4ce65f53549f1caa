/*
 * Looking into a container's root file system before it runs (for /etc/passwd), without leaving
 * anything mounted: the mount is detached from the start and dies with its descriptor, however
 * the engine ends.
 */
#ifndef ENGINE_ROOTFS_H
#define ENGINE_ROOTFS_H

#include "engine/ctrd.h"

/* A directory descriptor of what containerd said to mount; the caller's. */
int rootfs_open(const struct ctrd_mounts *m, struct err *e) must_check;

/* The root of a running container. */
int rootfs_open_pid(int pid, struct err *e) must_check;

#endif
