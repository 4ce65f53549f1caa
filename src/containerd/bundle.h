/*
 * Bundles: STATE/io.containerd.runtime.v2.task/NS/ID, in the original's layout: what a shim and its
 * OCI runtime work in, and what the next life of the daemon finds the shim by.
 *
 *     config.json   the container's specification        rootfs/   where the shim mounts the root
 *     log           fifo of the shim's log               address   the shim's socket
 *     work          link to ROOT/io.containerd.runtime.v2.task/NS/ID
 *     shim-binary-path                                   exit.json our shim's record of the end
 */
#ifndef CONTAINERD_BUNDLE_H
#define CONTAINERD_BUNDLE_H

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"
#include "containerd/config.h"

/* STATE/io.containerd.runtime.v2.task or, with a namespace and an id, below it. */
const char *bundle_root(const struct config *c, struct arena *a);
const char *bundle_path(const struct config *c, struct arena *a, const char *ns, const char *id);

/* Makes all of it but the shim's files. What an earlier task left there is removed before. */
int bundle_create(const struct config *c, const char *ns, const char *id, struct slice spec,
                  struct err *e) must_check;

/* Unmounts the root file system if it is still mounted and removes both directories. */
int bundle_remove(const struct config *c, const char *ns, const char *id, struct err *e) must_check;

/* A small file of the bundle. Reading one that is not there gives NULL without an error. */
int bundle_write(const char *path, const char *name, const char *text, struct err *e) must_check;
const char *bundle_read(struct arena *a, const char *path, const char *name);

#endif
