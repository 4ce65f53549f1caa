/*
 * The collector's graph: a node for each row that can be garbage, read into an arena. gc_graph.c
 * reads it, gc_mark.c walks it.
 */
#ifndef CONTAINERD_GC_GRAPH_H
#define CONTAINERD_GC_GRAPH_H

#include "base/map.h"
#include "containerd/gc_mark.h"
#include "containerd/labels.h"

enum mark { UNMARKED, FLAT, MARKED }; /* flat: its labels do not count as references */

struct node {
	struct gc_garbage what;
	const char *parent; /* snapshots: the parent's name, or NULL */
	int64_t created;    /* content and snapshots */
	struct labels labels;
	enum mark mark;
	bool queued;
	struct node *todo; /* next that is to be followed */
	struct backref *backrefs;
};

struct backref {
	struct node *from; /* kept when the node that holds this list is */
	struct backref *next;
};

struct graph {
	struct arena *a;
	struct tx *tx;
	struct map nodes; /* "KIND NS NAME" -> node */
	struct node *todo;
	int64_t now, young;
	bool spared;
};

/* By digest, SNAPSHOTTER/KEY or reference; NULL when there is no such row. */
struct node *graph_find(struct graph *g, enum gc_kind kind, const char *ns, const char *name);
void graph_mark(struct graph *g, struct node *n, enum mark how); /* n NULL: nothing */

/* The nodes that labels name: gc.ref.content*, gc.ref.snapshot.*. All are marked. */
void graph_mark_labels(struct graph *g, const char *ns, struct labels l);

/* All rows of content, snapshots and ingests, and what their labels say of themselves. */
int graph_read(struct graph *g, struct err *e) must_check;

#endif
