/* Rows of snapshots. See snapshot_rows.h. */
#include "containerd/snapshot_rows.h"

#include "base/limits.h"
#include "containerd/request.h"
#include "rpc/wkt.h"

struct snapshot snapshot_read(struct arena *a, struct rows *r)
{
	return (struct snapshot){
		.id = rows_int(r, 0),
		.key = rows_text(r, a, 1),
		.parent = field_text(rows_text(r, a, 2)),
		.kind = (enum snapshot_kind)rows_int(r, 3),
		.size = rows_int(r, 4),
		.inodes = rows_int(r, 5),
		.labels = labels_unpack(a, rows_blob(r, a, 6)),
		.created = rows_int(r, 7),
		.updated = rows_int(r, 8),
	};
}

int snapshot_not_found(const char *key, struct err *e)
{
	return err_set(e, ERR_NOT_FOUND, "snapshot %s does not exist: not found", key);
}

int snapshot_find(struct tx *tx, struct arena *a, const char *ns, const char *key,
                  struct snapshot *out, struct err *e)
{
	bool found = false;
	struct rows r;

	rows_open(&r, tx,
	          "SELECT " SNAPSHOT_COLUMNS " FROM snapshots"
	          " WHERE ns = ? AND snapshotter = '" SNAPSHOTTER "' AND key = ?",
	          "ss", ns, key);
	while (rows_next(&r, e)) {
		*out = snapshot_read(a, &r);
		found = true;
	}
	if (r.failed)
		return -1;
	return found ? 0 : snapshot_not_found(key, e);
}

bool snapshot_exists(struct tx *tx, struct arena *a, const char *ns, const char *key)
{
	struct err e = { 0 };
	struct snapshot s;

	return snapshot_find(tx, a, ns, key, &s, &e) == 0 || e.kind != ERR_NOT_FOUND;
}

Snapshots__Info *snapshot_info(struct arena *a, const struct snapshot *s)
{
	Snapshots__Info *i = pb_new(a, snapshots__info, Snapshots__Info);

	i->name = s->key;
	i->parent = s->parent;
	pb_set(i, kind, (Snapshots__Kind)s->kind);
	i->created_at = wkt_timestamp(a, s->created);
	i->updated_at = wkt_timestamp(a, s->updated);
	LABELS_TO(i, s->labels);
	return i;
}

int snapshotter_check(const char *name, struct err *e)
{
	if (str_eq(name, SNAPSHOTTER))
		return 0;
	if (str_empty(name))
		return err_set(e, ERR_INVALID, "snapshotter argument missing: invalid argument");
	return err_set(e, ERR_NOT_FOUND, "snapshotter not loaded: %s: invalid argument", name);
}

int snapshot_stack(struct tx *tx, struct arena *a, const char *ns, const struct snapshot *s,
                   struct overlay_stack *out, struct err *e)
{
	const char *parent = s->parent;
	struct snapshot p;

	*out = (struct overlay_stack){ .id = s->id,
		                       .writable = s->kind == SNAPSHOT_ACTIVE,
		                       .committed = s->kind == SNAPSHOT_COMMITTED };
	while (*parent) {
		if (out->parents.n >= LIMIT_IMAGE_LAYERS)
			return err_set(e, ERR_EXHAUSTED, "snapshot %s: too many layers", s->key);
		if (snapshot_find(tx, a, ns, parent, &p, e) < 0)
			return -1;
		arena_push(a, &out->parents, p.id);
		parent = p.parent;
	}
	return 0;
}

int snapshot_open(struct rpc_call *call, struct tx *tx, enum db_mode mode, const char *snapshotter,
                  const char *key, const char **ns, struct snapshot *s, struct err *e)
{
	*ns = request_namespace(call, e);
	if (!*ns || snapshotter_check(snapshotter, e) < 0 ||
	    tx_begin(tx, request_daemon(call)->db, mode, e) < 0)
		return -1;
	return snapshot_find(tx, rpc_call_arena(call), *ns, field_text(key), s, e);
}
