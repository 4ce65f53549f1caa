/*
 * Rows of snapshots, for the files of the service. There is one snapshotter, overlayfs; names are
 * unique in a namespace. A snapshot stands on its parents; only committed ones can be parents.
 */
#ifndef CONTAINERD_SNAPSHOT_ROWS_H
#define CONTAINERD_SNAPSHOT_ROWS_H

#include "containerd/db.h"
#include "containerd/labels.h"
#include "containerd/overlay.h"
#include "proto/snapshots.pb-c.h"
#include "rpc/rpc.h"

#define SNAPSHOTTER "overlayfs"

/* The kinds are the protocol's numbers. */
enum snapshot_kind {
	SNAPSHOT_VIEW = SNAPSHOTS__KIND__VIEW,
	SNAPSHOT_ACTIVE = SNAPSHOTS__KIND__ACTIVE,
	SNAPSHOT_COMMITTED = SNAPSHOTS__KIND__COMMITTED,
};

struct snapshot {
	int64_t id;
	const char *key, *parent; /* parent "": none */
	enum snapshot_kind kind;
	int64_t size, inodes;
	struct labels labels;
	int64_t created, updated;
};

#define SNAPSHOT_COLUMNS "id, key, parent, kind, size, inodes, labels, created, updated"

struct snapshot snapshot_read(struct arena *a, struct rows *r);

int snapshot_find(struct tx *tx, struct arena *a, const char *ns, const char *key,
                  struct snapshot *out, struct err *e) must_check;
/* Is the name taken? When that cannot be said, yes. */
bool snapshot_exists(struct tx *tx, struct arena *a, const char *ns, const char *key);
int snapshot_not_found(const char *key, struct err *e);

/* The snapshot and all it stands on. */
int snapshot_stack(struct tx *tx, struct arena *a, const char *ns, const struct snapshot *s,
                   struct overlay_stack *out, struct err *e) must_check;

Snapshots__Info *snapshot_info(struct arena *a, const struct snapshot *s);

int snapshotter_check(const char *name, struct err *e) must_check;

/* Begins a transaction and finds the snapshot of a request. */
int snapshot_open(struct rpc_call *call, struct tx *tx, enum db_mode mode, const char *snapshotter,
                  const char *key, const char **ns, struct snapshot *s, struct err *e) must_check;

#endif
