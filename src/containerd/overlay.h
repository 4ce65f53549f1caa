/*
 * Snapshots on disk, in the original's layout below ROOT/io.containerd.snapshotter.v1.overlayfs:
 *
 *     snapshots/ID/fs     the layer's files (upper directory of an overlay mount)
 *     snapshots/ID/work   its work directory; views have none
 *
 * IDs are decimal numbers and are never used twice. Rows (snapshots.c) say what an ID means.
 */
#ifndef CONTAINERD_OVERLAY_H
#define CONTAINERD_OVERLAY_H

#include <stdbool.h>
#include <stdint.h>
#include "base/arena.h"
#include "base/err.h"
#include "proto/types.pb-c.h"

struct overlay;

/* Snapshots made from now on have ids above last_id and above what is on disk. */
struct overlay *overlay_new(const char *root, int64_t last_id, struct err *e) must_check;

/* Makes the directories of a new snapshot and returns its id; the owner of fs is the parent's. */
int64_t overlay_create(struct overlay *o, bool writable, int64_t parent, struct err *e) must_check;

/*
 * Makes what is missing of a snapshot that was made but not committed. Its row was on disk when the
 * power went and its directories were not, so they were empty.
 */
int overlay_restore(const struct overlay *o, int64_t id, bool writable, int64_t parent,
                    struct err *e) must_check;

/* Who a snapshot stands on, nearest first. */
struct overlay_stack {
	int64_t id;
	bool writable, committed;
	struct {
		size_t n;
		int64_t *v;
	} parents;
};
/* How to mount it; *n mounts in the arena. */
Types__Mount **overlay_mounts(const struct overlay *o, struct arena *a,
                              const struct overlay_stack *s, size_t *n);

/* Bytes on disk and inodes of the layer alone. */
int overlay_usage(const struct overlay *o, int64_t id, int64_t *size, int64_t *inodes,
                  struct err *e) must_check;

/* Everything of the layer is on disk when this returns. */
int overlay_sync(const struct overlay *o, int64_t id, struct err *e) must_check;

int overlay_remove(const struct overlay *o, int64_t id, struct err *e) must_check;

/* Calls fn for each id on disk. */
int overlay_each(const struct overlay *o, int (*fn)(void *arg, int64_t id), void *arg,
                 struct err *e) must_check;

#endif
