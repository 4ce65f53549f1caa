/*
 * containerd.services.snapshots.v1.Snapshots over the one snapshotter, overlayfs: Prepare, View,
 * Commit, Remove, Update, Cleanup. What asks only is in snapshots_query.c.
 */
#include "base/clock.h"
#include "containerd/exchange.h"
#include "containerd/gc.h"
#include "containerd/leases.h"
#include "containerd/namespaces.h"
#include "containerd/request.h"
#include "containerd/services.h"
#include "containerd/snapshot_rows.h"
#include "proto/service_events.pb-c.h"
#include "rpc/wkt.h"

/* On Prepare: the name that the result will get; when it is there already, nothing needs to be made. */
#define LABEL_TARGET "containerd.io/snapshot.ref"

/* ---- making: Prepare and View ---- */

struct make {
	struct daemon *d;
	struct arena *a;
	const char *ns, *lease, *key, *parent;
	enum snapshot_kind kind;
	struct labels labels;
};

/* That the key is free and the parent is there: asked before anything is made, and again after. */
static int check_make(struct make *m, struct tx *tx, struct snapshot *parent, struct err *e)
{
	const char *target = labels_get(m->labels, LABEL_TARGET);

	*parent = (struct snapshot){ 0 };
	if (target && snapshot_exists(tx, m->a, m->ns, target))
		return err_set(e, ERR_ALREADY_EXISTS, "target snapshot \"%s\": already exists",
		               target);
	if (snapshot_exists(tx, m->a, m->ns, m->key))
		return err_set(e, ERR_ALREADY_EXISTS, "snapshot \"%s\": already exists", m->key);
	if (!*m->parent)
		return 0;
	if (snapshot_find(tx, m->a, m->ns, m->parent, parent, e) < 0)
		return err_set(e, ERR_NOT_FOUND, "parent snapshot %s does not exist: not found",
		               m->parent);
	if (parent->kind != SNAPSHOT_COMMITTED)
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
	            "INSERT INTO snapshots (ns, snapshotter, " SNAPSHOT_COLUMNS ")"
	            " VALUES (?, '" SNAPSHOTTER "', ?, ?, ?, ?, 0, 0, ?, ?, ?)",
	            "sissibii", m->ns, id, m->key, m->parent, (int64_t)m->kind,
	            labels_pack(&scratch, m->labels), now, now) < 0 ||
	    snapshot_stack(&tx, m->a, m->ns, &s, stack, e) < 0)
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
	id = overlay_create(m->d->overlay, m->kind == SNAPSHOT_ACTIVE, parent.id, e);
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

/* Fills `m` with what the call says beside the request, makes the snapshot, says how to mount it. */
static int make_mounts(struct rpc_call *call, struct make *m, const char *snapshotter,
                       Types__Mount ***mounts, size_t *n, struct err *e)
{
	struct overlay_stack stack;

	m->d = request_daemon(call);
	m->a = rpc_call_arena(call);
	m->lease = request_lease(call);
	m->ns = request_namespace(call, e);
	if (!m->ns || snapshotter_check(snapshotter, e) < 0 || make(m, &stack, e) < 0)
		return -1;
	publish_prepare(m);
	*mounts = overlay_mounts(m->d->overlay, m->a, &stack, n);
	return 0;
}

static int snapshots_prepare(struct rpc_call *call, const void *reqp, void *respp, struct err *e)
{
	const Snapshots__PrepareSnapshotRequest *req = reqp;
	Snapshots__PrepareSnapshotResponse *resp = respp;
	struct make m = { .key = field_text(req->key),
		          .parent = field_text(req->parent),
		          .kind = SNAPSHOT_ACTIVE,
		          .labels = LABELS_OF(req) };

	return make_mounts(call, &m, req->snapshotter, &resp->mounts, &resp->n_mounts, e);
}

static int snapshots_view(struct rpc_call *call, const void *reqp, void *respp, struct err *e)
{
	const Snapshots__ViewSnapshotRequest *req = reqp;
	Snapshots__ViewSnapshotResponse *resp = respp;
	struct make m = { .key = field_text(req->key),
		          .parent = field_text(req->parent),
		          .kind = SNAPSHOT_VIEW,
		          .labels = LABELS_OF(req) };

	return make_mounts(call, &m, req->snapshotter, &resp->mounts, &resp->n_mounts, e);
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
	if (snapshot_exists(&tx, a, ns, req->name))
		return err_set(e, ERR_ALREADY_EXISTS, "snapshot \"%s\": already exists", req->name);
	if (snapshot_find(&tx, a, ns, active->key, &s, e) < 0)
		return -1;
	if (s.id != active->id)
		return snapshot_not_found(active->key, e);
	if (tx_exec(&tx, e,
	            "UPDATE snapshots SET key = ?, kind = ?, size = ?, inodes = ?, labels = ?,"
	            " created = ?, updated = ? WHERE id = ?",
	            "siiibiii", req->name, (int64_t)SNAPSHOT_COMMITTED, active->size,
	            active->inodes, labels_pack(a, LABELS_OF(req)), now, now, active->id) < 0 ||
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
	    snapshot_open(call, &tx, DB_READ, req->snapshotter, req->key, &ns, &s, e) < 0)
		return -1;
	if (snapshot_exists(&tx, rpc_call_arena(call), ns, req->name))
		return err_set(e, ERR_ALREADY_EXISTS, "snapshot \"%s\": already exists", req->name);
	tx_end(&tx);
	if (s.kind != SNAPSHOT_ACTIVE)
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

	if (snapshot_open(call, &tx, DB_WRITE, req->snapshotter, req->key, &ns, &s, e) < 0 ||
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
	if (snapshot_open(call, &tx, DB_WRITE, req->snapshotter, from->name, &ns, &s, e) < 0)
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
	resp->info = snapshot_info(a, &s);
	return 0;
}

static int snapshots_cleanup(struct rpc_call *call, const void *reqp, unused_arg void *resp,
                             struct err *e)
{
	const Snapshots__CleanupRequest *req = reqp;

	if (snapshotter_check(req->snapshotter, e) < 0)
		return -1;
	return gc_run(request_daemon(call)->gc, e);
}

SERVICE_ROUTES(snapshots, { RPC_SNAPSHOTS_PREPARE, snapshots_prepare },
               { RPC_SNAPSHOTS_VIEW, snapshots_view }, { RPC_SNAPSHOTS_COMMIT, snapshots_commit },
               { RPC_SNAPSHOTS_REMOVE, snapshots_remove },
               { RPC_SNAPSHOTS_UPDATE, snapshots_update },
               { RPC_SNAPSHOTS_CLEANUP, snapshots_cleanup })
