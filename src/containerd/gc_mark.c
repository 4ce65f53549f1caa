/* The mark phase: from the roots along the references. See gc_mark.h. */
#include "containerd/gc_graph.h"

#include "base/clock.h"
#include "containerd/leases.h"

#define LABEL_EXPIRE "containerd.io/gc.expire"
#define LABEL_FLAT   "containerd.io/gc.flat"

/* ---- roots ---- */

static int mark_images(struct graph *g, struct err *e)
{
	struct rows r;

	rows_open(&r, g->tx, "SELECT ns, digest, labels FROM images", "");
	while (rows_next(&r, e)) {
		const char *ns = rows_text(&r, g->a, 0);

		graph_mark(g, graph_find(g, GC_CONTENT, ns, rows_text(&r, g->a, 1)), MARKED);
		graph_mark_labels(g, ns, labels_unpack(g->a, rows_blob(&r, g->a, 2)));
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

		graph_mark(g, graph_find(g, GC_SNAPSHOT, ns, rows_text(&r, g->a, 1)), MARKED);
		graph_mark_labels(g, ns, labels_unpack(g->a, rows_blob(&r, g->a, 2)));
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
			graph_mark(g, graph_find(g, GC_CONTENT, l->ns, id), how);
		else if (str_eq(type, RESOURCE_INGEST))
			graph_mark(g, graph_find(g, GC_INGEST, l->ns, id), how);
		else if (snapshotter)
			graph_mark(g,
			           graph_find(g, GC_SNAPSHOT, l->ns,
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
		n->queued = false;
		if (n->parent)
			graph_mark(g, graph_find(g, GC_SNAPSHOT, n->what.ns, n->parent), n->mark);
		if (n->mark != MARKED)
			continue;
		graph_mark_labels(g, n->what.ns, n->labels);
		for (struct backref *b = n->backrefs; b; b = b->next)
			graph_mark(g, b->from, MARKED);
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
			graph_mark(g, n, MARKED);
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

	if (graph_read(&g, e) < 0 || mark_images(&g, e) < 0 || mark_containers(&g, e) < 0 ||
	    mark_leases(&g, e) < 0)
		r = -1;
	follow(&g);
	spare_young(&g);
	*out = (struct gc_result){ .spared = g.spared };
	if (r == 0)
		collect_unmarked(&g, out);
	map_free(&g.nodes);
	return r;
}
