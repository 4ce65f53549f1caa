/* The mark phase. See gc_mark.h. The graph is read into an arena and dies with it. */
#include "containerd/gc_mark.h"

#include <string.h>
#include "base/clock.h"
#include "base/map.h"
#include "containerd/labels.h"
#include "containerd/leases.h"

#define LABEL_ROOT          "containerd.io/gc.root"
#define LABEL_EXPIRE        "containerd.io/gc.expire"
#define LABEL_FLAT          "containerd.io/gc.flat"
#define LABEL_CONTENT       "containerd.io/gc.ref.content"
#define LABEL_SNAPSHOT      "containerd.io/gc.ref.snapshot."
#define LABEL_BACK_CONTENT  "containerd.io/gc.bref.content"
#define LABEL_BACK_SNAPSHOT "containerd.io/gc.bref.snapshot."

enum mark { UNMARKED, FLAT, MARKED }; /* flat: its labels do not count as references */

struct node {
	struct gc_garbage what;
	const char *parent; /* snapshots: the parent's name, or NULL */
	int64_t created;    /* content and snapshots */
	struct labels labels;
	enum mark mark;
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
	struct map nodes; /* name -> node; see node_name */
	struct node *todo;
	int64_t now, young;
	bool spared;
};

/* "0 NS DIGEST", "1 NS SNAPSHOTTER/KEY", "2 NS REF" */
static struct node *find(struct graph *g, enum gc_kind kind, const char *ns, const char *key)
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

static void mark(struct graph *g, struct node *n, enum mark how)
{
	if (!n || n->mark >= how)
		return;
	n->mark = how;
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

	return find(g, GC_SNAPSHOT, ns, arena_printf(g->a, "%.*s/%s", n, rest, value));
}

static void mark_labels(struct graph *g, const char *ns, struct labels l)
{
	for (size_t i = 0; i < l.n; i++) {
		const char *key = l.v[i]->key ? l.v[i]->key : "";
		const char *value = l.v[i]->value ? l.v[i]->value : "", *rest;

		if (is_content_ref(key, LABEL_CONTENT))
			mark(g, find(g, GC_CONTENT, ns, value), MARKED);
		else if ((rest = str_after(key, LABEL_SNAPSHOT)))
			mark(g, snapshot_ref(g, ns, rest, value), MARKED);
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
			add_backref(g, find(g, GC_CONTENT, n->what.ns, value), n);
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
			mark(g, n, MARKED);
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
			mark(g, n, MARKED);
	}
}

/* ---- roots ---- */

static int mark_images(struct graph *g, struct err *e)
{
	struct rows r;

	rows_open(&r, g->tx, "SELECT ns, digest, labels FROM images", "");
	while (rows_next(&r, e)) {
		const char *ns = rows_text(&r, g->a, 0);

		mark(g, find(g, GC_CONTENT, ns, rows_text(&r, g->a, 1)), MARKED);
		mark_labels(g, ns, labels_unpack(g->a, rows_blob(&r, g->a, 2)));
	}
	return r.failed ? -1 : 0;
}

static int mark_containers(struct graph *g, struct err *e)
{
	struct rows r;

	rows_open(&r, g->tx,
	          "SELECT ns, snapshotter || '/' || snapshot_key, labels FROM containers", "");
	while (rows_next(&r, e)) {
		const char *ns = rows_text(&r, g->a, 0);

		mark(g, find(g, GC_SNAPSHOT, ns, rows_text(&r, g->a, 1)), MARKED);
		mark_labels(g, ns, labels_unpack(g->a, rows_blob(&r, g->a, 2)));
	}
	return r.failed ? -1 : 0;
}

struct lease {
	const char *ns, *id;
	struct labels labels;
};

static int mark_resources(struct graph *g, const struct lease *l, struct err *e)
{
	enum mark how = labels_get(l->labels, LABEL_FLAT) ? FLAT : MARKED;
	struct rows r;

	rows_open(&r, g->tx, "SELECT type, id FROM lease_resources WHERE ns = ? AND lease = ?",
	          "ss", l->ns, l->id);
	while (rows_next(&r, e)) {
		const char *type = rows_text(&r, g->a, 0), *id = rows_text(&r, g->a, 1);
		const char *snapshotter = str_after(type, RESOURCE_SNAPSHOTS);

		if (str_eq(type, RESOURCE_CONTENT))
			mark(g, find(g, GC_CONTENT, l->ns, id), how);
		else if (str_eq(type, RESOURCE_INGEST))
			mark(g, find(g, GC_INGEST, l->ns, id), how);
		else if (snapshotter)
			mark(g,
			     find(g, GC_SNAPSHOT, l->ns,
			          arena_printf(g->a, "%s/%s", snapshotter, id)),
			     how);
	}
	return r.failed ? -1 : 0;
}

static bool is_expired(const struct graph *g, const struct lease *l)
{
	const char *text = labels_get(l->labels, LABEL_EXPIRE);
	int64_t at;

	return text && clock_parse(text, &at) && at < g->now;
}

static int drop_lease(struct graph *g, const struct lease *l, struct err *e)
{
	return tx_exec(g->tx, e, "DELETE FROM leases WHERE ns = ? AND id = ?", "ss", l->ns, l->id) <
	                               0 ||
	                       tx_exec(g->tx, e,
	                               "DELETE FROM lease_resources WHERE ns = ? AND lease = ?",
	                               "ss", l->ns, l->id) < 0
	               ? -1
	               : 0;
}

static int mark_leases(struct graph *g, struct err *e)
{
	struct {
		size_t n;
		struct lease *v;
	} list = { 0 };
	struct rows r;

	rows_open(&r, g->tx, "SELECT ns, id, labels FROM leases", "");
	while (rows_next(&r, e)) {
		struct lease l = { rows_text(&r, g->a, 0), rows_text(&r, g->a, 1),
			           labels_unpack(g->a, rows_blob(&r, g->a, 2)) };

		arena_push(g->a, &list, l);
	}
	if (r.failed)
		return -1;
	for (size_t i = 0; i < list.n; i++)
		if ((is_expired(g, &list.v[i]) ? drop_lease(g, &list.v[i], e)
		                               : mark_resources(g, &list.v[i], e)) < 0)
			return -1;
	return 0;
}

/* ---- following ---- */

static void follow(struct graph *g)
{
	while (g->todo) {
		struct node *n = g->todo;

		g->todo = n->todo;
		if (n->parent)
			mark(g, find(g, GC_SNAPSHOT, n->what.ns, n->parent), n->mark);
		if (n->mark != MARKED)
			continue;
		mark_labels(g, n->what.ns, n->labels);
		for (struct backref *b = n->backrefs; b; b = b->next)
			mark(g, b->from, MARKED);
	}
}

/* What is young and unmarked may have its referrer on the way. */
static void spare_young(struct graph *g)
{
	const char *name;
	void *value;

	for (size_t i = 0; map_next(&g->nodes, &i, &name, &value);) {
		struct node *n = value;

		if (n->mark == UNMARKED && n->created > g->young) {
			mark(g, n, MARKED);
			g->spared = true;
		}
	}
	follow(g);
}

static void collect_unmarked(struct graph *g, struct gc_result *out)
{
	const char *name;
	void *value;

	for (size_t i = 0; map_next(&g->nodes, &i, &name, &value);) {
		struct node *n = value;

		if (n->mark == UNMARKED)
			arena_push(g->a, out, n->what);
	}
}

int gc_mark(struct tx *tx, struct arena *a, int64_t young, struct gc_result *out, struct err *e)
{
	struct graph g = { .a = a, .tx = tx, .now = clock_now_ns(), .young = young };
	int r = 0;

	if (read_content(&g, e) < 0 || read_snapshots(&g, e) < 0 || read_ingests(&g, e) < 0 ||
	    mark_images(&g, e) < 0 || mark_containers(&g, e) < 0 || mark_leases(&g, e) < 0)
		r = -1;
	read_labels(&g);
	follow(&g);
	spare_young(&g);
	*out = (struct gc_result){ .spared = g.spared };
	if (r == 0)
		collect_unmarked(&g, out);
	map_free(&g.nodes);
	return r;
}
