/*
 * The root file system of a container: bound, filled with mounts and devices, entered.
 * All of it runs in the init process, in its own mount namespace.
 */
#ifndef LIBCONTAINER_ROOTFS_H
#define LIBCONTAINER_ROOTFS_H

#include <stdbool.h>
#include <stdint.h>
#include "libcontainer/cgroup.h"
#include "oci/runtime.h"
#include "base/arena.h"
#include "base/err.h"

/* A mount that becomes read-only once everything is in place. */
struct rootfs_late {
	int mnt; /* owned */
	uint64_t set;
};

struct rootfs {
	struct arena *a;
	const struct oci_spec *spec;
	const struct cgroup *cgroup;
	int root;           /* the root mount; owned */
	int proc;           /* our procfs (procfs.h); borrowed */
	int private;        /* CLONE_NEW* flags of what the container does not share */
	const int *sources; /* per mount: a tree cloned by the runtime for us, or -1; may be NULL */
	struct {
		size_t n;
		struct rootfs_late *v;
	} late;
};

/* Binds the root, makes all mounts, devices and links below it. */
int rootfs_prepare(struct rootfs *r, struct err *e) must_check;

/* Makes it "/". The caller's cwd is "/" then. */
int rootfs_enter(struct rootfs *r, bool no_pivot, struct err *e) must_check;

/* Read-only where asked for; maskedPaths and readonlyPaths. After rootfs_enter. */
int rootfs_finish(struct rootfs *r, struct err *e) must_check;

/* mounts.c: all of spec->mounts in order. */
int rootfs_mount_all(struct rootfs *r, struct err *e) must_check;
/* cgroup_mount.c: a mount of type cgroup at an existing directory. */
int rootfs_mount_cgroup(struct rootfs *r, const struct oci_mount *m, int target, struct err *e)
        must_check;
/* devices.c: nodes and links in /dev, unless /dev is bound from outside. */
int rootfs_make_devices(struct rootfs *r, struct err *e) must_check;
/* masks.c */
int rootfs_mask_paths(struct rootfs *r, struct err *e) must_check;

#endif
