/* containerd.services.leases.v1.Leases */
#include "containerd/leases.h"

#include <stdio.h>
#include "base/clock.h"
#include "base/id.h"
#include "containerd/gc.h"
#include "containerd/labels.h"
#include "containerd/listing.h"
#include "containerd/namespaces.h"
#include "containerd/request.h"
#include "containerd/services.h"
#include "oci/digest.h"
#include "proto/leases.pb-c.h"
#include "rpc/wkt.h"

static int lease_exists(struct tx *tx, const char *ns, const char *id, struct err *e)
{
	bool found = false;
	struct rows r;

	rows_open(&r, tx, "SELECT 1 FROM leases WHERE ns = ? AND id = ?", "ss", ns, id);
	while (rows_next(&r, e))
		found = true;
	if (r.failed)
		return -1;
	return found ? 0 : err_set(e, ERR_NOT_FOUND, "lease \"%s\": not found", id);
}

int lease_hold(struct tx *tx, const char *ns, const char *lease, const char *type, const char *id,
               struct err *e)
{
	if (!lease)
		return 0;
	if (lease_exists(tx, ns, lease, e) < 0)
		return e->kind == ERR_NOT_FOUND
		               ? err_set(e, ERR_NOT_FOUND, "lease does not exist: not found")
		               : -1;
	return tx_exec(tx, e,
	               "INSERT OR IGNORE INTO lease_resources (ns, lease, type, id)"
	               " VALUES (?, ?, ?, ?)",
	               "ssss", ns, lease, type, id) < 0
	               ? -1
	               : 0;
}

int lease_drop(struct tx *tx, const char *ns, const char *type, const char *id, struct err *e)
{
	return tx_exec(tx, e, "DELETE FROM lease_resources WHERE ns = ? AND type = ? AND id = ?",
	               "sss", ns, type, id) < 0
	               ? -1
	               : 0;
}

/* ---- the service ---- */

static const char *make_id(struct arena *a)
{
	char hex[9];

	id_random_hex(hex, 4);
	return arena_printf(a, "%lld-%s", (long long)(clock_now_ns() % NS_PER_S), hex);
}

static int leases_create(struct rpc_call *call, const void *reqp, void *respp, struct err *e)
{
	const Leases__CreateRequest *req = reqp;
	Leases__CreateResponse *resp = respp;
	const char *ns = request_namespace(call, e);
	struct arena *a = rpc_call_arena(call);
	int64_t now = clock_now_ns();
	_cleanup_tx_ struct tx tx = { 0 };
	Leases__Lease *l;
	int made;

	if (!ns || labels_check(LABELS_OF(req), "lease.Labels", e) < 0)
		return -1;
	l = pb_new(a, leases__lease, Leases__Lease);
	l->id = str_empty(req->id) ? make_id(a) : req->id;
	l->created_at = wkt_timestamp(a, now);
	LABELS_TO(l, LABELS_OF(req));
	if (tx_begin(&tx, request_daemon(call)->db, DB_WRITE, e) < 0 ||
	    namespace_ensure(&tx, ns, e) < 0)
		return -1;
	made = tx_exec(&tx, e,
	               "INSERT OR IGNORE INTO leases (ns, id, labels, created) VALUES (?, ?, ?, ?)",
	               "ssbi", ns, l->id, labels_pack(a, LABELS_OF(l)), now);
	if (made == 0)
		err_set(e, ERR_ALREADY_EXISTS, "lease \"%s\": already exists", l->id);
	if (made <= 0 || tx_commit(&tx, e) < 0)
		return -1;
	resp->lease = l;
	return 0;
}

static int leases_delete(struct rpc_call *call, const void *reqp, unused_arg void *resp,
                         struct err *e)
{
	const Leases__DeleteRequest *req = reqp;
	struct daemon *d = request_daemon(call);
	const char *ns = request_namespace(call, e), *id = field_text(req->id);
	_cleanup_tx_ struct tx tx = { 0 };

	if (!ns || tx_begin(&tx, d->db, DB_WRITE, e) < 0 || lease_exists(&tx, ns, id, e) < 0 ||
	    tx_exec(&tx, e, "DELETE FROM leases WHERE ns = ? AND id = ?", "ss", ns, id) < 0 ||
	    tx_exec(&tx, e, "DELETE FROM lease_resources WHERE ns = ? AND lease = ?", "ss", ns,
	            id) < 0 ||
	    tx_commit(&tx, e) < 0)
		return -1;
	if (req->sync)
		return gc_run(d->gc, e);
	gc_schedule(d->gc);
	return 0;
}

static void *read_row(struct arena *a, struct rows *r, unused_arg struct err *e)
{
	Leases__Lease *l = pb_new(a, leases__lease, Leases__Lease);
	struct labels labels = labels_unpack(a, rows_blob(r, a, 1));

	l->id = rows_text(r, a, 0);
	l->created_at = wkt_timestamp(a, rows_int(r, 2));
	LABELS_TO(l, labels);
	return l;
}

static const char *lease_field(const void *object, const struct strs *path)
{
	const Leases__Lease *l = object;

	if (str_eq(path->v[0], "id"))
		return l->id;
	return str_eq(path->v[0], "labels") ? labels_field(LABELS_OF(l), path) : NULL;
}

static const struct listing listing = {
	.sql = "SELECT id, labels, created FROM leases WHERE ns = ? ORDER BY id",
	.read = read_row,
	.field = lease_field,
};

static int leases_list(struct rpc_call *call, const void *reqp, void *respp, struct err *e)
{
	const Leases__ListRequest *req = reqp;
	Leases__ListResponse *resp = respp;
	struct list list = { 0 };

	if (list_read(call, &listing, req->n_filters, req->filters, &list, e) < 0)
		return -1;
	resp->n_leases = list.n;
	resp->leases = (Leases__Lease **)list.v;
	return 0;
}

/* ---- resources ---- */

static int resource_check(const Leases__Resource *res, struct err *e)
{
	const char *type = res ? field_text(res->type) : "", *id = res ? field_text(res->id) : "";

	if (str_eq(type, RESOURCE_CONTENT) && !digest_is_valid(id))
		return err_set(e, ERR_INVALID, "invalid content resource id %s: invalid argument",
		               id);
	if (str_eq(type, RESOURCE_CONTENT) || str_eq(type, RESOURCE_INGEST))
		return 0;
	if (str_starts(type, RESOURCE_SNAPSHOTS) && *str_after(type, RESOURCE_SNAPSHOTS))
		return 0;
	return err_set(e, ERR_UNIMPLEMENTED, "resource type %s not supported yet: not implemented",
	               type);
}

static int leases_add_resource(struct rpc_call *call, const void *reqp, unused_arg void *resp,
                               struct err *e)
{
	const Leases__AddResourceRequest *req = reqp;
	const char *ns = request_namespace(call, e);
	_cleanup_tx_ struct tx tx = { 0 };

	if (!ns || resource_check(req->resource, e) < 0 ||
	    tx_begin(&tx, request_daemon(call)->db, DB_WRITE, e) < 0 ||
	    lease_exists(&tx, ns, field_text(req->id), e) < 0 ||
	    lease_hold(&tx, ns, req->id, req->resource->type, req->resource->id, e) < 0)
		return -1;
	return tx_commit(&tx, e);
}

static int leases_delete_resource(struct rpc_call *call, const void *reqp, unused_arg void *resp,
                                  struct err *e)
{
	const Leases__DeleteResourceRequest *req = reqp;
	struct daemon *d = request_daemon(call);
	const char *ns = request_namespace(call, e);
	_cleanup_tx_ struct tx tx = { 0 };

	if (!ns || resource_check(req->resource, e) < 0 || tx_begin(&tx, d->db, DB_WRITE, e) < 0 ||
	    lease_exists(&tx, ns, field_text(req->id), e) < 0 ||
	    tx_exec(&tx, e,
	            "DELETE FROM lease_resources"
	            " WHERE ns = ? AND lease = ? AND type = ? AND id = ?",
	            "ssss", ns, req->id, req->resource->type, req->resource->id) < 0 ||
	    tx_commit(&tx, e) < 0)
		return -1;
	gc_schedule(d->gc);
	return 0;
}

static int leases_list_resources(struct rpc_call *call, const void *reqp, void *respp,
                                 struct err *e)
{
	const Leases__ListResourcesRequest *req = reqp;
	Leases__ListResourcesResponse *resp = respp;
	const char *ns = request_namespace(call, e);
	struct arena *a = rpc_call_arena(call);
	_cleanup_tx_ struct tx tx = { 0 };
	struct {
		size_t n;
		Leases__Resource **v;
	} list = { 0 };
	struct rows r;

	if (!ns || tx_begin(&tx, request_daemon(call)->db, DB_READ, e) < 0 ||
	    lease_exists(&tx, ns, field_text(req->id), e) < 0)
		return -1;
	rows_open(&r, &tx, "SELECT type, id FROM lease_resources WHERE ns = ? AND lease = ?", "ss",
	          ns, req->id);
	while (rows_next(&r, e)) {
		Leases__Resource *res = pb_new(a, leases__resource, Leases__Resource);

		res->type = rows_text(&r, a, 0);
		res->id = rows_text(&r, a, 1);
		arena_push(a, &list, res);
	}
	resp->n_resources = list.n;
	resp->resources = list.v;
	return r.failed ? -1 : 0;
}

SERVICE_ROUTES(leases, { RPC_LEASES_CREATE, leases_create }, { RPC_LEASES_DELETE, leases_delete },
               { RPC_LEASES_LIST, leases_list }, { RPC_LEASES_ADD_RESOURCE, leases_add_resource },
               { RPC_LEASES_DELETE_RESOURCE, leases_delete_resource },
               { RPC_LEASES_LIST_RESOURCES, leases_list_resources })
