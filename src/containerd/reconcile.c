/* Rows and disk. See reconcile.h. */
#include "containerd/reconcile.h"

#include "base/log.h"
#include "base/map.h"
#include "containerd/blobs.h"
#include "containerd/content.h"
#include "containerd/db.h"
#include "containerd/overlay.h"
#include "proto/snapshots.pb-c.h"

/* Both sides as sets of names; the values are any pointer. */
struct sides {
	struct daemon *d;
	struct arena a;
	struct map disk, rows;
	struct err *e;
};

static void sides_free(struct sides *s)
{
	map_free(&s->disk);
	map_free(&s->rows);
	arena_free(&s->a);
}

/* ---- content ---- */

static int see_blob(void *arg, const char *digest)
{
	struct sides *s = arg;

	map_set(&s->disk, digest, s);
	return 0;
}

static int read_digests(struct sides *s, struct err *e)
{
	_cleanup_tx_ struct tx tx = { 0 };
	struct rows r;

	if (tx_begin(&tx, s->d->db, DB_READ, e) < 0)
		return -1;
	rows_open(&r, &tx, "SELECT DISTINCT digest FROM content", "");
	while (rows_next(&r, e))
		map_set(&s->rows, rows_text(&r, &s->a, 0), s);
	return r.failed ? -1 : 0;
}

static int drop_content_rows(struct sides *s, struct err *e)
{
	_cleanup_tx_ struct tx tx = { 0 };
	const char *digest;
	void *unused;

	if (tx_begin(&tx, s->d->db, DB_WRITE, e) < 0)
		return -1;
	for (size_t i = 0; map_next(&s->rows, &i, &digest, &unused);) {
		if (map_get(&s->disk, digest))
			continue;
		log_warn("content %s is not on disk: forgotten", digest);
		if (tx_exec(&tx, e, "DELETE FROM content WHERE digest = ?", "s", digest) < 0)
			return -1;
	}
	return tx_commit(&tx, e);
}

static bool has_row(void *arg, const char *digest)
{
	struct sides *s = arg;

	return map_get(&s->rows, digest) != NULL;
}

static int reconcile_content(struct daemon *d, struct err *e)
{
	struct sides s = { .d = d };
	const char *digest;
	void *unused;
	int r = -1;

	if (blobs_each(d->blobs, see_blob, &s, e) == 0 && read_digests(&s, e) == 0 &&
	    drop_content_rows(&s, e) == 0)
		r = 0;
	for (size_t i = 0; r == 0 && map_next(&s.disk, &i, &digest, &unused);)
		r = blobs_remove(d->blobs, digest, has_row, &s, e);
	sides_free(&s);
	return r;
}

/* ---- ingests: directories without a row ---- */

static int read_ingests(struct sides *s, struct err *e)
{
	_cleanup_tx_ struct tx tx = { 0 };
	char name[DIGEST_HEX + 1];
	struct rows r;

	if (tx_begin(&tx, s->d->db, DB_READ, e) < 0)
		return -1;
	rows_open(&r, &tx, "SELECT ns, id, ref FROM ingests", "");
	while (rows_next(&r, e)) {
		ingest_name(content_backend_ref(&s->a, rows_text(&r, &s->a, 0), rows_int(&r, 1),
		                                rows_text(&r, &s->a, 2)),
		            name);
		map_set(&s->rows, name, s);
	}
	return r.failed ? -1 : 0;
}

static int reconcile_ingests(struct daemon *d, struct err *e)
{
	struct sides s = { .d = d };
	int r = read_ingests(&s, e) < 0 || ingest_clean(d->blobs, has_row, &s, e) < 0 ? -1 : 0;

	sides_free(&s);
	return r;
}

/* ---- snapshots ---- */

static const char *id_text(struct arena *a, int64_t id)
{
	return arena_printf(a, "%lld", (long long)id);
}

static int see_snapshot(void *arg, int64_t id)
{
	struct sides *s = arg;

	map_set(&s->disk, id_text(&s->a, id), s);
	return 0;
}

struct uncommitted {
	int64_t id, parent;
	bool writable;
};

struct uncommitted_list {
	size_t n;
	struct uncommitted *v;
};

static int read_snapshot_rows(struct sides *s, struct uncommitted_list *list, struct err *e)
{
	_cleanup_tx_ struct tx tx = { 0 };
	struct rows r;

	if (tx_begin(&tx, s->d->db, DB_READ, e) < 0)
		return -1;
	rows_open(&r, &tx,
	          "SELECT s.id, s.kind, p.id FROM snapshots s LEFT JOIN snapshots p"
	          " ON p.ns = s.ns AND p.snapshotter = s.snapshotter AND p.key = s.parent",
	          "");
	while (rows_next(&r, e)) {
		struct uncommitted u = { rows_int(&r, 0), rows_int(&r, 2),
			                 rows_int(&r, 1) == SNAPSHOTS__KIND__ACTIVE };

		map_set(&s->rows, id_text(&s->a, u.id), s);
		if (rows_int(&r, 1) != SNAPSHOTS__KIND__COMMITTED)
			arena_push(&s->a, list, u);
	}
	return r.failed ? -1 : 0;
}

/* Active snapshots and views: see overlay_restore. */
static void restore_snapshots(struct sides *s, const struct uncommitted_list *list)
{
	for (size_t i = 0; i < list->n; i++) {
		const struct uncommitted *u = &list->v[i];
		struct err e = { 0 };

		if (overlay_restore(s->d->overlay, u->id, u->writable, u->parent, &e) < 0)
			log_warn_of(&e, "restore snapshot %lld", (long long)u->id);
		else
			map_set(&s->disk, id_text(&s->a, u->id), s);
	}
}

/* What is left are committed ones, which were on disk before their rows were. */
static int drop_snapshot_rows(struct sides *s, struct err *e)
{
	_cleanup_tx_ struct tx tx = { 0 };
	const char *id;
	void *unused;

	if (tx_begin(&tx, s->d->db, DB_WRITE, e) < 0)
		return -1;
	for (size_t i = 0; map_next(&s->rows, &i, &id, &unused);) {
		if (map_get(&s->disk, id))
			continue;
		log_warn("snapshot %s is not on disk: forgotten", id);
		if (tx_exec(&tx, e, "DELETE FROM snapshots WHERE id = ?", "s", id) < 0)
			return -1;
	}
	return tx_commit(&tx, e);
}

static int remove_unknown(void *arg, int64_t id)
{
	struct sides *s = arg;

	return map_get(&s->rows, id_text(&s->a, id)) ? 0 : overlay_remove(s->d->overlay, id, s->e);
}

static int reconcile_snapshots(struct daemon *d, struct err *e)
{
	struct sides s = { .d = d, .e = e };
	struct uncommitted_list list = { 0 };
	int r = -1;

	if (overlay_each(d->overlay, see_snapshot, &s, e) == 0 &&
	    read_snapshot_rows(&s, &list, e) == 0) {
		restore_snapshots(&s, &list);
		r = drop_snapshot_rows(&s, e);
	}
	if (r == 0)
		r = overlay_each(d->overlay, remove_unknown, &s, e);
	sides_free(&s);
	return r;
}

int reconcile(struct daemon *d, struct err *e)
{
	if (reconcile_content(d, e) < 0 || reconcile_ingests(d, e) < 0 ||
	    reconcile_snapshots(d, e) < 0)
		return err_wrap(e, "recover");
	return 0;
}
