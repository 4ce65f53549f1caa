/* The collector's mark phase: which rows nothing refers to. */
#ifndef CONTAINERD_GC_MARK_H
#define CONTAINERD_GC_MARK_H

#include <stdbool.h>
#include "containerd/db.h"

enum gc_kind { GC_CONTENT, GC_SNAPSHOT, GC_INGEST };

struct gc_garbage {
	enum gc_kind kind;
	const char *ns, *key; /* digest; key; reference */
	int64_t id;           /* snapshots and ingests */
};

struct gc_result {
	size_t n;
	struct gc_garbage *v;
	bool spared; /* something was left because it is young */
};

/*
 * Reads all rows in the transaction. Rows made after `young` (ns since 1970) count as referenced.
 * Leases that have expired are deleted here.
 */
int gc_mark(struct tx *tx, struct arena *a, int64_t young, struct gc_result *out, struct err *e)
        must_check;

#endif
