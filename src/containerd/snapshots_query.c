/* containerd.services.snapshots.v1.Snapshots, what asks only: Mounts, Stat, Usage, List. */
#include "containerd/listing.h"
#include "containerd/request.h"
#include "containerd/services.h"
#include "containerd/snapshot_rows.h"
#include "rpc/wkt.h"

static int snapshots_mounts(struct rpc_call *call, const void *reqp, void *respp, struct err *e)
{
	const Snapshots__MountsRequest *req = reqp;
	Snapshots__MountsResponse *resp = respp;
	struct arena *a = rpc_call_arena(call);
	_cleanup_tx_ struct tx tx = { 0 };
	struct overlay_stack stack;
	struct snapshot s;
	const char *ns;

	if (snapshot_open(call, &tx, DB_READ, req->snapshotter, req->key, &ns, &s, e) < 0 ||
	    snapshot_stack(&tx, a, ns, &s, &stack, e) < 0)
		return -1;
	if (s.kind == SNAPSHOT_COMMITTED)
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

	if (snapshot_open(call, &tx, DB_READ, req->snapshotter, req->key, &ns, &s, e) < 0)
		return -1;
	resp->info = snapshot_info(rpc_call_arena(call), &s);
	return 0;
}

static int snapshots_usage(struct rpc_call *call, const void *reqp, void *respp, struct err *e)
{
	const Snapshots__UsageRequest *req = reqp;
	Snapshots__UsageResponse *resp = respp;
	_cleanup_tx_ struct tx tx = { 0 };
	struct snapshot s;
	const char *ns;

	if (snapshot_open(call, &tx, DB_READ, req->snapshotter, req->key, &ns, &s, e) < 0)
		return -1;
	tx_end(&tx);
	if (s.kind == SNAPSHOT_ACTIVE &&
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

static void *read_row(struct arena *a, struct rows *r, unused_arg struct err *e)
{
	struct snapshot s = snapshot_read(a, r);

	return snapshot_info(a, &s);
}

static const struct listing listing = {
	.sql = "SELECT " SNAPSHOT_COLUMNS
	       " FROM snapshots WHERE ns = ? AND snapshotter = '" SNAPSHOTTER "' ORDER BY key",
	.read = read_row,
	.field = info_field,
};

static int snapshots_list(struct rpc_call *call, const void *reqp, unused_arg void *resp,
                          struct err *e)
{
	const Snapshots__ListSnapshotsRequest *req = reqp;
	Snapshots__ListSnapshotsResponse m = SNAPSHOTS__LIST_SNAPSHOTS_RESPONSE__INIT;
	struct list list = { 0 };

	if (snapshotter_check(req->snapshotter, e) < 0 ||
	    list_read(call, &listing, req->n_filters, req->filters, &list, e) < 0)
		return -1;
	return list_send(call, &list, &m, &m.n_info, (void ***)&m.info, e);
}

SERVICE_ROUTES(snapshots_query, { RPC_SNAPSHOTS_MOUNTS, snapshots_mounts },
               { RPC_SNAPSHOTS_STAT, snapshots_stat }, { RPC_SNAPSHOTS_USAGE, snapshots_usage },
               { RPC_SNAPSHOTS_LIST, snapshots_list })
