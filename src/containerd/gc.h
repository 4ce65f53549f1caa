/*
 * The garbage collector. Content and snapshots live as long as something refers to them:
 *
 *     images -> content; containers -> snapshots; snapshots -> their parents;
 *     leases -> what they hold; labels containerd.io/gc.ref.{content,snapshot}*, gc.bref.*, gc.root
 *
 * It marks from those roots and deletes the rows that are left, in one transaction; the files go
 * after that transaction is on disk. Files whose row a service deleted itself are handed to it too,
 * so there is one place that removes anything.
 */
#ifndef CONTAINERD_GC_H
#define CONTAINERD_GC_H

#include "base/err.h"
#include "containerd/daemon.h"

struct gc;

struct gc *gc_new(struct daemon *d);

/* Soon, in the background. What is younger than a minute is spared: its referrer may be on the way. */
void gc_schedule(struct gc *gc);
/* Something changed that may have dropped a reference: collects after a hundred of them. */
void gc_mutated(struct gc *gc);
/* Now, exactly, waiting for the end: for calls that say sync. */
int gc_run(struct gc *gc, struct err *e) must_check;

/* Their rows are gone: remove the files soon. */
void gc_drop_blob(struct gc *gc, const char *digest);
void gc_drop_snapshot(struct gc *gc, int64_t id);

#endif
