/* ctr snapshots */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include "ctr/ctr.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/str.h"
#include "proto/snapshots.pb-c.h"

struct infos {
	size_t n;
	Snapshots__Info **v;
};

static int add(struct ctr *c, const void *message, void *arg, unused_arg struct err *e)
{
	const Snapshots__ListSnapshotsResponse *m = message;
	struct infos *list = arg;

	for (size_t i = 0; i < m->n_info; i++)
		arena_push(&c->a, list, m->info[i]);
	return 0;
}

static int list_all(struct ctr *c, struct infos *out, struct err *e)
{
	Snapshots__ListSnapshotsRequest req = SNAPSHOTS__LIST_SNAPSHOTS_REQUEST__INIT;

	req.snapshotter = c->snapshotter;
	return ctr_stream(c, RPC_SNAPSHOTS_LIST, &req, add, out, e);
}

static const char *kind_word(Snapshots__Kind kind)
{
	switch (kind) {
	case SNAPSHOTS__KIND__VIEW:
		return "View";
	case SNAPSHOTS__KIND__ACTIVE:
		return "Active";
	case SNAPSHOTS__KIND__COMMITTED:
		return "Committed";
	default:
		return "Unknown";
	}
}

int ctr_snapshot_list(struct ctr *c, struct err *e)
{
	struct ctr_table table = CTR_TABLE_TIGHT(c);
	struct infos list = { 0 };

	if (list_all(c, &list, e) < 0)
		return -1;
	ctr_row(&table, "KEY", "PARENT", "KIND", NULL, NULL);
	for (size_t i = 0; i < list.n; i++)
		ctr_row(&table, ctr_text(list.v[i]->name), ctr_text(list.v[i]->parent),
		        kind_word(list.v[i]->kind), NULL, NULL);
	ctr_table_print(&table);
	return 0;
}

int ctr_snapshot_remove(struct ctr *c, struct err *e)
{
	Snapshots__RemoveSnapshotRequest req = SNAPSHOTS__REMOVE_SNAPSHOT_REQUEST__INIT;
	void *resp;

	req.snapshotter = c->snapshotter;
	for (size_t i = 0; i < c->args.n; i++) {
		req.key = c->args.v[i];
		if (ctr_call(c, RPC_SNAPSHOTS_REMOVE, &req, &resp, e) < 0)
			return err_wrap(e, "failed to remove \"%s\"", req.key);
	}
	return 0;
}

static int add_usage(struct ctr *c, struct ctr_table *t, const char *key, struct err *e)
{
	Snapshots__UsageRequest req = SNAPSHOTS__USAGE_REQUEST__INIT;
	Snapshots__UsageResponse *resp;

	req.snapshotter = c->snapshotter;
	req.key = key;
	if (ctr_call(c, RPC_SNAPSHOTS_USAGE, &req, &resp, e) < 0)
		return -1;
	ctr_row(t, key,
	        c->o.bytes ? arena_printf(&c->a, "%" PRId64, resp->size) : ctr_bytes(c, resp->size),
	        arena_printf(&c->a, "%" PRId64, resp->inodes), NULL, NULL);
	return 0;
}

int ctr_snapshot_usage(struct ctr *c, struct err *e)
{
	struct ctr_table table = CTR_TABLE_TIGHT(c);
	struct strs keys = c->args;
	struct infos list = { 0 };

	if (!keys.n && list_all(c, &list, e) < 0)
		return -1;
	for (size_t i = 0; i < list.n; i++)
		arena_push(&c->a, &keys, list.v[i]->name);
	ctr_row(&table, "KEY", "SIZE", "INODES", NULL, NULL);
	for (size_t i = 0; i < keys.n; i++)
		if (add_usage(c, &table, keys.v[i], e) < 0)
			return -1;
	ctr_table_print(&table);
	return 0;
}

/* ---- tree ---- */

static int by_name(const void *a, const void *b)
{
	Snapshots__Info *const *x = a, *const *y = b;

	return strcmp(ctr_text((*x)->name), ctr_text((*y)->name));
}

static void print_below(const struct infos *list, const char *parent, int depth)
{
	for (size_t i = 0; i < list->n; i++) {
		if (!str_eq(ctr_text(list->v[i]->parent), parent))
			continue;
		printf("%*s%s%s\n", depth * 2, "", depth ? "\\_ " : "", list->v[i]->name);
		print_below(list, list->v[i]->name, depth + 1);
	}
}

int ctr_snapshot_tree(struct ctr *c, struct err *e)
{
	struct infos list = { 0 };

	if (list_all(c, &list, e) < 0)
		return -1;
	if (list.n)
		qsort(list.v, list.n, sizeof(*list.v), by_name);
	for (size_t i = 0; i < list.n; i++) {
		if (!str_empty(list.v[i]->parent))
			continue;
		printf(" %s\n", list.v[i]->name);
		print_below(&list, list.v[i]->name, 1);
	}
	return 0;
}

/* ---- mounts, info ---- */

int ctr_snapshot_mounts(struct ctr *c, struct err *e)
{
	Snapshots__MountsRequest req = SNAPSHOTS__MOUNTS_REQUEST__INIT;
	Snapshots__MountsResponse *resp;

	req.snapshotter = c->snapshotter;
	req.key = c->args.v[1];
	if (ctr_call(c, RPC_SNAPSHOTS_MOUNTS, &req, &resp, e) < 0)
		return -1;
	for (size_t i = 0; i < resp->n_mounts; i++) {
		const Types__Mount *m = resp->mounts[i];

		printf("mount -t %s %s %s -o ", ctr_text(m->type), ctr_text(m->source),
		       c->args.v[0]);
		for (size_t k = 0; k < m->n_options; k++)
			printf("%s%s", k ? "," : "", m->options[k]);
		putchar('\n');
	}
	return 0;
}

static const char *quoted(struct ctr *c, const char *text)
{
	_cleanup_buf_ struct buf b = { 0 };

	json_quote(&b, slice_of(ctr_text(text)));
	return arena_strdup(&c->a, buf_cstr(&b));
}

static void print_info(struct ctr *c, const Snapshots__Info *i)
{
	char created[CLOCK_TEXT_SIZE], updated[CLOCK_TEXT_SIZE];

	printf("{\n    \"Kind\": \"%s\",\n    \"Name\": %s,\n", kind_word(i->kind),
	       quoted(c, i->name));
	if (!str_empty(i->parent))
		printf("    \"Parent\": %s,\n", quoted(c, i->parent));
	for (size_t k = 0; k < i->n_labels; k++)
		printf("%s        %s: %s%s", k ? "" : "    \"Labels\": {\n",
		       quoted(c, i->labels[k]->key), quoted(c, i->labels[k]->value),
		       k + 1 < i->n_labels ? ",\n" : "\n    },\n");
	printf("    \"Created\": \"%s\",\n    \"Updated\": \"%s\"\n}\n",
	       clock_format(created, wkt_timestamp_ns(i->created_at)),
	       clock_format(updated, wkt_timestamp_ns(i->updated_at)));
}

int ctr_snapshot_info(struct ctr *c, struct err *e)
{
	Snapshots__StatSnapshotRequest req = SNAPSHOTS__STAT_SNAPSHOT_REQUEST__INIT;
	Snapshots__StatSnapshotResponse *resp;

	req.snapshotter = c->snapshotter;
	req.key = c->args.v[0];
	if (ctr_call(c, RPC_SNAPSHOTS_STAT, &req, &resp, e) < 0)
		return -1;
	if (!resp->info)
		return err_set(e, ERR_INTERNAL, "containerd told nothing of snapshot %s", req.key);
	print_info(c, resp->info);
	return 0;
}
