/* containerd.services.snapshots.v1.Snapshots, what asks only: Mounts, Stat, Usage, List. */
#include "containerd/filter.h"
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

	if (!ns || snapshotter_check(req->snapshotter, e) < 0 ||
	    filter_parse(req->n_filters, req->filters, &f, e) < 0 ||
	    tx_begin(&tx, request_daemon(call)->db, DB_READ, e) < 0)
		return -1;
	rows_open(&r, &tx,
	          "SELECT " SNAPSHOT_COLUMNS
	          " FROM snapshots WHERE ns = ? AND snapshotter = '" SNAPSHOTTER "' ORDER BY key",
	          "s", ns);
	while (rows_next(&r, e)) {
		struct snapshot s = snapshot_read(a, &r);
		Snapshots__Info *i = snapshot_info(a, &s);

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

SERVICE_ROUTES(snapshots_query, { RPC_SNAPSHOTS_MOUNTS, snapshots_mounts },
               { RPC_SNAPSHOTS_STAT, snapshots_stat }, { RPC_SNAPSHOTS_USAGE, snapshots_usage },
               { RPC_SNAPSHOTS_LIST, snapshots_list })
