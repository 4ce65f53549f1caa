/*
 * Mounts as descriptors: fsopen(2), open_tree(2), mount_setattr(2), move_mount(2) in small verbs.
 * A mount is made, gets all its attributes while nobody can see it, and is then attached to a
 * target that is a descriptor too. Linux 5.12 or newer.
 */
#ifndef LIBCONTAINER_MOUNTFD_H
#define LIBCONTAINER_MOUNTFD_H

#include <stdbool.h>
#include <stdint.h>
#include "libcontainer/mount_options.h"
#include "base/err.h"

/* A new instance of a file system, with o's data, flags and attributes. Owned by the caller. */
int mountfd_new(const char *fstype, const char *source, const struct mount_options *o,
                struct err *e) must_check;

/* A copy of the mount at dirfd/path ("" for dirfd itself), with all below it when recursive. */
int mountfd_clone(int dirfd, const char *path, bool recursive, struct err *e) must_check;

int mountfd_setattr(int mnt, uint64_t set, uint64_t clear, bool recursive, struct err *e)
        must_check;

/* flag: MS_SHARED, MS_SLAVE, MS_PRIVATE or MS_UNBINDABLE. Works on attached mounts as well. */
int mountfd_propagation(int mnt, uint64_t flag, bool recursive, struct err *e) must_check;

/* o's attributes, of the mount and of the tree below it. */
int mountfd_apply(int mnt, const struct mount_options *o, struct err *e) must_check;

/* Attaches a detached mount on what `target` (O_PATH) stands for. `mnt` stays open. */
int mountfd_attach(int mnt, int target, struct err *e) must_check;

#endif
