/* The collector's graph is read. See gc_graph.h. */
#include "containerd/gc_graph.h"

#include <string.h>

#define LABEL_ROOT          "containerd.io/gc.root"
#define LABEL_CONTENT       "containerd.io/gc.ref.content"
#define LABEL_SNAPSHOT      "containerd.io/gc.ref.snapshot."
#define LABEL_BACK_CONTENT  "containerd.io/gc.bref.content"
#define LABEL_BACK_SNAPSHOT "containerd.io/gc.bref.snapshot."

struct node *graph_find(struct graph *g, enum gc_kind kind, const char *ns, const char *key)
{
	_cleanup_buf_ struct buf name = { 0 };

	buf_printf(&name, "%d %s %s", kind, ns, key);
	return map_get(&g->nodes, name.data);
}

static struct node *add(struct graph *g, enum gc_kind kind, const char *ns, const char *name,
                        const char *key, int64_t id)
{
	struct node *n = arena_new(g->a, struct node);

	n->what = (struct gc_garbage){ kind, ns, key, id };
	map_set(&g->nodes, arena_printf(g->a, "%d %s %s", kind, ns, name), n);
	return n;
}

void graph_mark(struct graph *g, struct node *n, enum mark how)
{
	if (!n || n->mark >= how)
		return;
	n->mark = how;
	if (n->queued) /* flat before, and not followed yet */
		return;
	n->queued = true;
	n->todo = g->todo;
	g->todo = n;
}

/* ---- references in labels ---- */

/* "PREFIX", "PREFIX.name" or "PREFIX/name". */
static bool is_content_ref(const char *key, const char *prefix)
{
	const char *rest = str_after(key, prefix);

	return rest && (*rest == '\0' || *rest == '.' || *rest == '/');
}

/* "PREFIXsnapshotter" or "PREFIXsnapshotter/name": the node of snapshotter/value. */
static struct node *snapshot_ref(struct graph *g, const char *ns, const char *rest,
                                 const char *value)
{
	int n = (int)strcspn(rest, "/");

	return graph_find(g, GC_SNAPSHOT, ns, arena_printf(g->a, "%.*s/%s", n, rest, value));
}

void graph_mark_labels(struct graph *g, const char *ns, struct labels l)
{
	for (size_t i = 0; i < l.n; i++) {
		const char *key = l.v[i]->key ? l.v[i]->key : "";
		const char *value = l.v[i]->value ? l.v[i]->value : "", *rest;

		if (is_content_ref(key, LABEL_CONTENT))
			graph_mark(g, graph_find(g, GC_CONTENT, ns, value), MARKED);
		else if ((rest = str_after(key, LABEL_SNAPSHOT)))
			graph_mark(g, snapshot_ref(g, ns, rest, value), MARKED);
	}
}

static void add_backref(struct graph *g, struct node *to, struct node *from)
{
	struct backref *b;

	if (!to)
		return;
	b = arena_new(g->a, struct backref);
	b->from = from;
	b->next = to->backrefs;
	to->backrefs = b;
}

static void read_backrefs(struct graph *g, struct node *n)
{
	for (size_t i = 0; i < n->labels.n; i++) {
		const char *key = n->labels.v[i]->key ? n->labels.v[i]->key : "";
		const char *value = n->labels.v[i]->value ? n->labels.v[i]->value : "", *rest;

		if (is_content_ref(key, LABEL_BACK_CONTENT))
			add_backref(g, graph_find(g, GC_CONTENT, n->what.ns, value), n);
		else if ((rest = str_after(key, LABEL_BACK_SNAPSHOT)))
			add_backref(g, snapshot_ref(g, n->what.ns, rest, value), n);
	}
}

/* ---- what there is ---- */

static int read_content(struct graph *g, struct err *e)
{
	struct rows r;

	rows_open(&r, g->tx, "SELECT ns, digest, labels, created FROM content", "");
	while (rows_next(&r, e)) {
		const char *digest = rows_text(&r, g->a, 1);
		struct node *n = add(g, GC_CONTENT, rows_text(&r, g->a, 0), digest, digest, 0);

		n->labels = labels_unpack(g->a, rows_blob(&r, g->a, 2));
		n->created = rows_int(&r, 3);
	}
	return r.failed ? -1 : 0;
}

static int read_snapshots(struct graph *g, struct err *e)
{
	struct rows r;

	rows_open(&r, g->tx,
	          "SELECT ns, snapshotter, key, id, parent, labels, created FROM snapshots", "");
	while (rows_next(&r, e)) {
		const char *snapshotter = rows_text(&r, g->a, 1), *key = rows_text(&r, g->a, 2);
		const char *parent = rows_text(&r, g->a, 4);
		struct node *n =
		        add(g, GC_SNAPSHOT, rows_text(&r, g->a, 0),
		            arena_printf(g->a, "%s/%s", snapshotter, key), key, rows_int(&r, 3));

		n->labels = labels_unpack(g->a, rows_blob(&r, g->a, 5));
		if (!str_empty(parent))
			n->parent = arena_printf(g->a, "%s/%s", snapshotter, parent);
		n->created = rows_int(&r, 6);
	}
	return r.failed ? -1 : 0;
}

static int read_ingests(struct graph *g, struct err *e)
{
	struct rows r;

	rows_open(&r, g->tx, "SELECT ns, ref, id, expires FROM ingests", "");
	while (rows_next(&r, e)) {
		const char *ref = rows_text(&r, g->a, 1);
		struct node *n =
		        add(g, GC_INGEST, rows_text(&r, g->a, 0), ref, ref, rows_int(&r, 2));

		if (rows_int(&r, 3) > g->now)
			graph_mark(g, n, MARKED);
	}
	return r.failed ? -1 : 0;
}

/* Labels that need all nodes to be there. */
static void read_labels(struct graph *g)
{
	const char *name;
	void *value;

	for (size_t i = 0; map_next(&g->nodes, &i, &name, &value);) {
		struct node *n = value;

		read_backrefs(g, n);
		if (labels_get(n->labels, LABEL_ROOT))
			graph_mark(g, n, MARKED);
	}
}

int graph_read(struct graph *g, struct err *e)
{
	if (read_content(g, e) < 0 || read_snapshots(g, e) < 0 || read_ingests(g, e) < 0)
		return -1;
	read_labels(g);
	return 0;
}
