/*
 * Paths inside a root file system that a container may have filled with traps.
 *
 * Every path is walked by the kernel with RESOLVE_IN_ROOT: symlinks and ".." cannot leave `root`,
 * magic links are refused. What these functions return is a descriptor of the very object that was
 * checked; callers go on with the descriptor, never with the path.
 */
#ifndef LIBCONTAINER_INROOT_H
#define LIBCONTAINER_INROOT_H

#include <sys/types.h>
#include "base/err.h"

/* As openat(2) below root, O_CLOEXEC added. A plain -1 with errno: for callers that expect ENOENT. */
int inroot_try(int root, const char *path, int flags);

/* The same with a sentence. */
int inroot_open(int root, const char *path, int flags, struct err *e) must_check;

/* Creates what is missing; returns an O_PATH descriptor of the directory. Dangling symlinks are followed. */
int inroot_mkdir_all(int root, const char *path, mode_t mode, struct err *e) must_check;

/* An existing object of any kind, or a new empty file; O_PATH. Directories on the way are made. */
int inroot_touch(int root, const char *path, struct err *e) must_check;

/*
 * The directory that holds the last component (made when missing, O_PATH), and that component's
 * name (points into `path`). The component itself is not looked at.
 */
int inroot_parent(int root, const char *path, const char **name, struct err *e) must_check;

#endif
