/* A container's root file system: the mounts that Create asks for, on BUNDLE/rootfs. */
#ifndef SHIM_ROOTFS_H
#define SHIM_ROOTFS_H

#include "base/err.h"
#include "proto/types.pb-c.h"

/* All of them, in order, or none. Changes the working directory for a moment. */
int rootfs_mount(const char *bundle, Types__Mount *const *mounts, size_t n, struct err *e)
        must_check;

/* Everything that is mounted there; nothing mounted is fine. */
int rootfs_unmount(const char *bundle, struct err *e) must_check;

#endif
