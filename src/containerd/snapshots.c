/* containerd.services.snapshots.v1.Snapshots over the one snapshotter, overlayfs. */
#include "base/clock.h"
#include "base/limits.h"
#include "containerd/db.h"
#include "containerd/exchange.h"
#include "containerd/filter.h"
#include "containerd/gc.h"
#include "containerd/labels.h"
#include "containerd/leases.h"
#include "containerd/namespaces.h"
#include "containerd/overlay.h"
#include "containerd/request.h"
#include "containerd/services.h"
#include "proto/service_events.pb-c.h"
#include "proto/snapshots.pb-c.h"
#include "rpc/wkt.h"

#define SNAPSHOTTER "overlayfs"
/* On Prepare: the name that the result will get; when it is there already, nothing needs to be made. */
#define LABEL_TARGET "containerd.io/snapshot.ref"

/* The kinds are the protocol's numbers. */
enum kind {
	KIND_VIEW = SNAPSHOTS__KIND__VIEW,
	KIND_ACTIVE = SNAPSHOTS__KIND__ACTIVE,
	KIND_COMMITTED = SNAPSHOTS__KIND__COMMITTED,
};

struct snapshot {
	int64_t id;
	const char *key, *parent; /* parent "": none */
	enum kind kind;
	int64_t size, inodes;
	struct labels labels;
	int64_t created, updated;
};

/* ---- rows ---- */

#define COLUMNS "id, key, parent, kind, size, inodes, labels, created, updated"

static struct snapshot read_row(struct arena *a, struct rows *r)
{
	return (struct snapshot){
		.id = rows_int(r, 0),
		.key = rows_text(r, a, 1),
		.parent = field_text(rows_text(r, a, 2)),
		.kind = (enum kind)rows_int(r, 3),
		.size = rows_int(r, 4),
		.inodes = rows_int(r, 5),
		.labels = labels_unpack(a, rows_blob(r, a, 6)),
		.created = rows_int(r, 7),
		.updated = rows_int(r, 8),
	};
}

static int not_found(const char *key, struct err *e)
{
	return err_set(e, ERR_NOT_FOUND, "snapshot %s does not exist: not found", key);
}

static int find(struct tx *tx, struct arena *a, const char *ns, const char *key,
                struct snapshot *out, struct err *e)
{
	bool found = false;
	struct rows r;

	rows_open(&r, tx,
	          "SELECT " COLUMNS " FROM snapshots"
	          " WHERE ns = ? AND snapshotter = '" SNAPSHOTTER "' AND key = ?",
	          "ss", ns, key);
	while (rows_next(&r, e)) {
		*out = read_row(a, &r);
		found = true;
	}
	if (r.failed)
		return -1;
	return found ? 0 : not_found(key, e);
}

static bool exists(struct tx *tx, struct arena *a, const char *ns, const char *key, struct err *e)
{
	struct snapshot s;

	return find(tx, a, ns, key, &s, e) == 0 || e->kind != ERR_NOT_FOUND;
}

static Snapshots__Info *info_message(struct arena *a, const struct snapshot *s)
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

static int check_snapshotter(const char *name, struct err *e)
{
	if (str_eq(name, SNAPSHOTTER))
		return 0;
	if (str_empty(name))
		return err_set(e, ERR_INVALID, "snapshotter argument missing: invalid argument");
	return err_set(e, ERR_NOT_FOUND, "snapshotter not loaded: %s: invalid argument", name);
}

/* The snapshot and all it stands on. */
static int read_stack(struct tx *tx, struct arena *a, const char *ns, const struct snapshot *s,
                      struct overlay_stack *out, struct err *e)
{
	const char *parent = s->parent;
	struct snapshot p;

	*out = (struct overlay_stack){ .id = s->id,
		                       .writable = s->kind == KIND_ACTIVE,
		                       .committed = s->kind == KIND_COMMITTED };
	while (*parent) {
		if (out->parents.n >= LIMIT_IMAGE_LAYERS)
			return err_set(e, ERR_EXHAUSTED, "snapshot %s: too many layers", s->key);
		if (find(tx, a, ns, parent, &p, e) < 0)
			return -1;
		arena_push(a, &out->parents, p.id);
		parent = p.parent;
	}
	return 0;
}

/* ---- making: Prepare and View ---- */

struct make {
	struct daemon *d;
	struct arena *a;
	const char *ns, *lease, *key, *parent;
	enum kind kind;
	struct labels labels;
};

/* That the key is free and the parent is there: asked before anything is made, and again after. */
static int check_make(struct make *m, struct tx *tx, struct snapshot *parent, struct err *e)
{
	const char *target = labels_get(m->labels, LABEL_TARGET);

	if (target && exists(tx, m->a, m->ns, target, e))
		return err_set(e, ERR_ALREADY_EXISTS, "target snapshot \"%s\": already exists",
		               target);
	if (exists(tx, m->a, m->ns, m->key, e))
		return err_set(e, ERR_ALREADY_EXISTS, "snapshot \"%s\": already exists", m->key);
	*parent = (struct snapshot){ 0 };
	if (!*m->parent)
		return 0;
	if (find(tx, m->a, m->ns, m->parent, parent, e) < 0)
		return err_set(e, ERR_NOT_FOUND, "parent snapshot %s does not exist: not found",
		               m->parent);
	if (parent->kind != KIND_COMMITTED)
		return err_set(e, ERR_INVALID,
		               "parent is not committed snapshot: invalid argument");
	return 0;
}

static int insert_row(struct make *m, int64_t id, struct overlay_stack *stack, struct err *e)
{
	struct snapshot parent,
	        s = { .id = id, .key = m->key, .parent = m->parent, .kind = m->kind };
	_cleanup_arena_ struct arena scratch = { 0 };
	_cleanup_tx_ struct tx tx = { 0 };
	int64_t now = clock_now_ns();

	if (tx_begin(&tx, m->d->db, DB_DURABLE, e) < 0 || check_make(m, &tx, &parent, e) < 0 ||
	    namespace_ensure(&tx, m->ns, e) < 0 ||
	    lease_hold(&tx, m->ns, m->lease, RESOURCE_SNAPSHOTS SNAPSHOTTER, m->key, e) < 0 ||
	    tx_exec(&tx, e,
	            "INSERT INTO snapshots (ns, snapshotter, " COLUMNS ")"
	            " VALUES (?, '" SNAPSHOTTER "', ?, ?, ?, ?, 0, 0, ?, ?, ?)",
	            "sissibii", m->ns, id, m->key, m->parent, (int64_t)m->kind,
	            labels_pack(&scratch, m->labels), now, now) < 0 ||
	    read_stack(&tx, m->a, m->ns, &s, stack, e) < 0)
		return -1;
	return tx_commit(&tx, e);
}

static int make(struct make *m, struct overlay_stack *stack, struct err *e)
{
	struct snapshot parent;
	_cleanup_tx_ struct tx tx = { 0 };
	int64_t id;

	if (str_empty(m->key))
		return err_set(e, ERR_INVALID, "snapshot key must not be empty: invalid argument");
	if (labels_check(m->labels, "info.Labels", e) < 0 ||
	    tx_begin(&tx, m->d->db, DB_READ, e) < 0 || check_make(m, &tx, &parent, e) < 0)
		return -1;
	tx_end(&tx);
	id = overlay_create(m->d->overlay, m->kind == KIND_ACTIVE, parent.id, e);
	if (id < 0)
		return -1;
	if (insert_row(m, id, stack, e) < 0) {
		gc_drop_snapshot(m->d->gc, id);
		return -1;
	}
	return 0;
}

static void publish_prepare(const struct make *m)
{
	Events__SnapshotPrepare event = EVENTS__SNAPSHOT_PREPARE__INIT;

	event.key = m->key;
	event.parent = m->parent;
	event.snapshotter = SNAPSHOTTER;
	exchange_publish(m->d->events, m->ns, "/snapshot/prepare", &event);
}

static int snapshots_prepare(struct rpc_call *call, const void *reqp, void *respp, struct err *e)
{
	const Snapshots__PrepareSnapshotRequest *req = reqp;
	Snapshots__PrepareSnapshotResponse *resp = respp;
	struct make m = { .d = request_daemon(call),
		          .a = rpc_call_arena(call),
		          .lease = request_lease(call),
		          .key = field_text(req->key),
		          .parent = field_text(req->parent),
		          .kind = KIND_ACTIVE,
		          .labels = LABELS_OF(req) };
	struct overlay_stack stack;

	m.ns = request_namespace(call, e);
	if (!m.ns || check_snapshotter(req->snapshotter, e) < 0 || make(&m, &stack, e) < 0)
		return -1;
	publish_prepare(&m);
	resp->mounts = overlay_mounts(m.d->overlay, m.a, &stack, &resp->n_mounts);
	return 0;
}

static int snapshots_view(struct rpc_call *call, const void *reqp, void *respp, struct err *e)
{
	const Snapshots__ViewSnapshotRequest *req = reqp;
	Snapshots__ViewSnapshotResponse *resp = respp;
	struct make m = { .d = request_daemon(call),
		          .a = rpc_call_arena(call),
		          .lease = request_lease(call),
		          .key = field_text(req->key),
		          .parent = field_text(req->parent),
		          .kind = KIND_VIEW,
		          .labels = LABELS_OF(req) };
	struct overlay_stack stack;

	m.ns = request_namespace(call, e);
	if (!m.ns || check_snapshotter(req->snapshotter, e) < 0 || make(&m, &stack, e) < 0)
		return -1;
	publish_prepare(&m);
	resp->mounts = overlay_mounts(m.d->overlay, m.a, &stack, &resp->n_mounts);
	return 0;
}

/* ---- reading ---- */

/* Begins a transaction and finds the snapshot of a request. */
static int open_snapshot(struct rpc_call *call, struct tx *tx, enum db_mode mode,
                         const char *snapshotter, const char *key, const char **ns,
                         struct snapshot *s, struct err *e)
{
	*ns = request_namespace(call, e);
	if (!*ns || check_snapshotter(snapshotter, e) < 0 ||
	    tx_begin(tx, request_daemon(call)->db, mode, e) < 0)
		return -1;
	return find(tx, rpc_call_arena(call), *ns, field_text(key), s, e);
}

static int snapshots_mounts(struct rpc_call *call, const void *reqp, void *respp, struct err *e)
{
	const Snapshots__MountsRequest *req = reqp;
	Snapshots__MountsResponse *resp = respp;
	struct arena *a = rpc_call_arena(call);
	_cleanup_tx_ struct tx tx = { 0 };
	struct overlay_stack stack;
	struct snapshot s;
	const char *ns;

	if (open_snapshot(call, &tx, DB_READ, req->snapshotter, req->key, &ns, &s, e) < 0 ||
	    read_stack(&tx, a, ns, &s, &stack, e) < 0)
		return -1;
	if (s.kind == KIND_COMMITTED)
		return err_set(e, ERR_PRECONDITION,
		               "requested snapshot %s not active or view: failed precondition",
		               s.key);
	resp->mounts = overlay_mounts(request_daemon(call)->overlay, a, &stack, &resp->n_mounts);
	return 0;
}

static int snapshots_stat(struct rpc_call *call, const void *reqp, void *respp, struct err *e)
{
	const Snapshots__StatSnapshotRequest *req = reqp;
	Snapshots__StatSnapshotResponse *resp = respp;
	_cleanup_tx_ struct tx tx = { 0 };
	struct snapshot s;
	const char *ns;

	if (open_snapshot(call, &tx, DB_READ, req->snapshotter, req->key, &ns, &s, e) < 0)
		return -1;
	resp->info = info_message(rpc_call_arena(call), &s);
	return 0;
}

static int snapshots_usage(struct rpc_call *call, const void *reqp, void *respp, struct err *e)
{
	const Snapshots__UsageRequest *req = reqp;
	Snapshots__UsageResponse *resp = respp;
	_cleanup_tx_ struct tx tx = { 0 };
	struct snapshot s;
	const char *ns;

	if (open_snapshot(call, &tx, DB_READ, req->snapshotter, req->key, &ns, &s, e) < 0)
		return -1;
	tx_end(&tx);
	if (s.kind == KIND_ACTIVE &&
	    overlay_usage(request_daemon(call)->overlay, s.id, &s.size, &s.inodes, e) < 0)
		return -1;
	pb_set(resp, size, s.size);
	pb_set(resp, inodes, s.inodes);
	return 0;
}

static const char *info_field(const void *object, const struct strs *path)
{
	static const char *const kinds[] = { [SNAPSHOTS__KIND__VIEW] = "view",
		                             [SNAPSHOTS__KIND__ACTIVE] = "active",
		                             [SNAPSHOTS__KIND__COMMITTED] = "committed" };
	const Snapshots__Info *i = object;

	if (str_eq(path->v[0], "kind"))
		return i->kind < ARRAY_LEN(kinds) ? kinds[i->kind] : NULL;
	if (str_eq(path->v[0], "name"))
		return i->name;
	if (str_eq(path->v[0], "parent"))
		return i->parent;
	return str_eq(path->v[0], "labels") ? labels_field(LABELS_OF(i), path) : NULL;
}

#define LIST_BATCH 100

struct info_list {
	size_t n;
	Snapshots__Info **v;
};

static int read_all(struct rpc_call *call, const Snapshots__ListSnapshotsRequest *req,
                    struct info_list *list, struct err *e)
{
	const char *ns = request_namespace(call, e);
	struct arena *a = rpc_call_arena(call);
	_cleanup_filter_ struct filter *f = NULL;
	_cleanup_tx_ struct tx tx = { 0 };
	struct rows r;

	if (!ns || check_snapshotter(req->snapshotter, e) < 0 ||
	    filter_parse(req->n_filters, req->filters, &f, e) < 0 ||
	    tx_begin(&tx, request_daemon(call)->db, DB_READ, e) < 0)
		return -1;
	rows_open(&r, &tx,
	          "SELECT " COLUMNS " FROM snapshots WHERE ns = ? AND snapshotter = '" SNAPSHOTTER
	          "' ORDER BY key",
	          "s", ns);
	while (rows_next(&r, e)) {
		struct snapshot s = read_row(a, &r);
		Snapshots__Info *i = info_message(a, &s);

		if (filter_match(f, info_field, i))
			arena_push(a, list, i);
	}
	return r.failed ? -1 : 0;
}

static int snapshots_list(struct rpc_call *call, const void *req, unused_arg void *resp,
                          struct err *e)
{
	Snapshots__ListSnapshotsResponse m = SNAPSHOTS__LIST_SNAPSHOTS_RESPONSE__INIT;
	struct info_list list = { 0 };

	if (read_all(call, req, &list, e) < 0)
		return -1;
	for (size_t i = 0; i < list.n; i += LIST_BATCH) {
		m.n_info = MIN(LIST_BATCH, list.n - i);
		m.info = list.v + i;
		if (rpc_call_send(call, &m, e) < 0)
			return -1;
	}
	return 0;
}

/* ---- changing ---- */

/* The row of an active snapshot becomes that of a committed one, if nobody changed it meanwhile. */
static int commit_row(struct rpc_call *call, const Snapshots__CommitSnapshotRequest *req,
                      const char *ns, const struct snapshot *active, struct err *e)
{
	struct arena *a = rpc_call_arena(call);
	int64_t now = clock_now_ns();
	_cleanup_tx_ struct tx tx = { 0 };
	struct snapshot s;

	if (tx_begin(&tx, request_daemon(call)->db, DB_DURABLE, e) < 0)
		return -1;
	if (exists(&tx, a, ns, req->name, e))
		return err_set(e, ERR_ALREADY_EXISTS, "snapshot \"%s\": already exists", req->name);
	if (find(&tx, a, ns, active->key, &s, e) < 0)
		return -1;
	if (s.id != active->id)
		return not_found(active->key, e);
	if (tx_exec(&tx, e,
	            "UPDATE snapshots SET key = ?, kind = ?, size = ?, inodes = ?, labels = ?,"
	            " created = ?, updated = ? WHERE id = ?",
	            "siiibiii", req->name, (int64_t)KIND_COMMITTED, active->size, active->inodes,
	            labels_pack(a, LABELS_OF(req)), now, now, active->id) < 0 ||
	    lease_drop(&tx, ns, RESOURCE_SNAPSHOTS SNAPSHOTTER, active->key, e) < 0 ||
	    lease_hold(&tx, ns, request_lease(call), RESOURCE_SNAPSHOTS SNAPSHOTTER, req->name, e) <
	            0)
		return -1;
	return tx_commit(&tx, e);
}

static int snapshots_commit(struct rpc_call *call, const void *reqp, unused_arg void *resp,
                            struct err *e)
{
	const Snapshots__CommitSnapshotRequest *req = reqp;
	Events__SnapshotCommit event = EVENTS__SNAPSHOT_COMMIT__INIT;
	struct daemon *d = request_daemon(call);
	_cleanup_tx_ struct tx tx = { 0 };
	struct snapshot s;
	const char *ns;

	if (str_empty(req->name))
		return err_set(e, ERR_INVALID, "snapshot name must not be empty: invalid argument");
	if (labels_check(LABELS_OF(req), "info.Labels", e) < 0 ||
	    open_snapshot(call, &tx, DB_READ, req->snapshotter, req->key, &ns, &s, e) < 0)
		return -1;
	if (exists(&tx, rpc_call_arena(call), ns, req->name, e))
		return err_set(e, ERR_ALREADY_EXISTS, "snapshot \"%s\": already exists", req->name);
	tx_end(&tx);
	if (s.kind != KIND_ACTIVE)
		return err_set(e, ERR_PRECONDITION,
		               "snapshot %s is not active: failed precondition", s.key);
	if (overlay_usage(d->overlay, s.id, &s.size, &s.inodes, e) < 0 ||
	    overlay_sync(d->overlay, s.id, e) < 0 || commit_row(call, req, ns, &s, e) < 0)
		return -1;
	event.key = s.key;
	event.name = req->name;
	event.snapshotter = SNAPSHOTTER;
	exchange_publish(d->events, ns, "/snapshot/commit", &event);
	return 0;
}

static int check_childless(struct tx *tx, const char *ns, const char *key, struct err *e)
{
	bool has_child = false;
	struct rows r;

	rows_open(&r, tx,
	          "SELECT 1 FROM snapshots"
	          " WHERE ns = ? AND snapshotter = '" SNAPSHOTTER "' AND parent = ? LIMIT 1",
	          "ss", ns, key);
	while (rows_next(&r, e))
		has_child = true;
	if (r.failed)
		return -1;
	return has_child ? err_set(e, ERR_PRECONDITION,
	                           "cannot remove snapshot with child: failed precondition")
	                 : 0;
}

static int snapshots_remove(struct rpc_call *call, const void *reqp, unused_arg void *resp,
                            struct err *e)
{
	const Snapshots__RemoveSnapshotRequest *req = reqp;
	Events__SnapshotRemove event = EVENTS__SNAPSHOT_REMOVE__INIT;
	struct daemon *d = request_daemon(call);
	_cleanup_tx_ struct tx tx = { 0 };
	struct snapshot s;
	const char *ns;

	if (open_snapshot(call, &tx, DB_WRITE, req->snapshotter, req->key, &ns, &s, e) < 0 ||
	    check_childless(&tx, ns, s.key, e) < 0 ||
	    tx_exec(&tx, e, "DELETE FROM snapshots WHERE id = ?", "i", s.id) < 0 ||
	    lease_drop(&tx, ns, RESOURCE_SNAPSHOTS SNAPSHOTTER, s.key, e) < 0 ||
	    tx_commit(&tx, e) < 0)
		return -1;
	event.key = s.key;
	event.snapshotter = SNAPSHOTTER;
	exchange_publish(d->events, ns, "/snapshot/remove", &event);
	gc_drop_snapshot(d->gc, s.id);
	gc_schedule(d->gc);
	return 0;
}

static int snapshots_update(struct rpc_call *call, const void *reqp, void *respp, struct err *e)
{
	const Snapshots__UpdateSnapshotRequest *req = reqp;
	Snapshots__UpdateSnapshotResponse *resp = respp;
	const Snapshots__Info *from = req->info;
	struct arena *a = rpc_call_arena(call);
	_cleanup_tx_ struct tx tx = { 0 };
	struct snapshot s;
	const char *ns;

	if (!from || str_empty(from->name))
		return err_set(e, ERR_INVALID, "invalid argument");
	if (open_snapshot(call, &tx, DB_WRITE, req->snapshotter, from->name, &ns, &s, e) < 0)
		return -1;
	if (!req->update_mask || req->update_mask->n_paths == 0)
		s.labels = LABELS_OF(from);
	for (size_t i = 0; req->update_mask && i < req->update_mask->n_paths; i++)
		if (!labels_mask(a, &s.labels, LABELS_OF(from), req->update_mask->paths[i]))
			return err_set(e, ERR_INVALID,
			               "cannot update \"%s\" field on snapshot \"%s\": "
			               "invalid argument",
			               req->update_mask->paths[i], s.key);
	s.updated = clock_now_ns();
	if (labels_check(s.labels, "info.Labels", e) < 0 ||
	    tx_exec(&tx, e, "UPDATE snapshots SET labels = ?, updated = ? WHERE id = ?", "bii",
	            labels_pack(a, s.labels), s.updated, s.id) < 0 ||
	    tx_commit(&tx, e) < 0)
		return -1;
	gc_mutated(request_daemon(call)->gc);
	resp->info = info_message(a, &s);
	return 0;
}

static int snapshots_cleanup(struct rpc_call *call, const void *reqp, unused_arg void *resp,
                             struct err *e)
{
	const Snapshots__CleanupRequest *req = reqp;

	if (check_snapshotter(req->snapshotter, e) < 0)
		return -1;
	return gc_run(request_daemon(call)->gc, e);
}

SERVICE_ROUTES(snapshots, { RPC_SNAPSHOTS_PREPARE, snapshots_prepare },
               { RPC_SNAPSHOTS_VIEW, snapshots_view }, { RPC_SNAPSHOTS_MOUNTS, snapshots_mounts },
               { RPC_SNAPSHOTS_COMMIT, snapshots_commit },
               { RPC_SNAPSHOTS_REMOVE, snapshots_remove }, { RPC_SNAPSHOTS_STAT, snapshots_stat },
               { RPC_SNAPSHOTS_UPDATE, snapshots_update }, { RPC_SNAPSHOTS_LIST, snapshots_list },
               { RPC_SNAPSHOTS_USAGE, snapshots_usage },
               { RPC_SNAPSHOTS_CLEANUP, snapshots_cleanup })
