/* containerd.services.content.v1.Content, unfinished writes: Status, ListStatuses, Abort. */
#include "containerd/blobs.h"
#include "containerd/content.h"
#include "containerd/filter.h"
#include "containerd/leases.h"
#include "containerd/request.h"
#include "containerd/services.h"
#include "rpc/wkt.h"

int content_ingest_id(struct tx *tx, const char *ns, const char *ref, int64_t *id, struct err *e)
{
	struct rows r;

	*id = 0;
	rows_open(&r, tx, "SELECT id FROM ingests WHERE ns = ? AND ref = ?", "ss", ns, ref);
	while (rows_next(&r, e))
		*id = rows_int(&r, 0);
	return r.failed ? -1 : 0;
}

const char *content_backend_ref(struct arena *a, const char *ns, int64_t id, const char *ref)
{
	return arena_printf(a, "%s/%lld/%s", ns, (long long)id, ref);
}

static Content__Status *status_message(struct arena *a, const char *ref,
                                       const struct ingest_status *st)
{
	Content__Status *s = pb_new(a, content__status, Content__Status);

	s->ref = ref;
	s->started_at = wkt_timestamp(a, st->started);
	s->updated_at = wkt_timestamp(a, st->updated);
	pb_set(s, offset, st->offset);
	pb_set(s, total, st->total);
	return s;
}

static int content_status(struct rpc_call *call, const void *reqp, void *respp, struct err *e)
{
	const Content__StatusRequest *req = reqp;
	Content__StatusResponse *resp = respp;
	struct daemon *d = request_daemon(call);
	const char *ns = request_namespace(call, e), *ref = field_text(req->ref);
	struct arena *a = rpc_call_arena(call);
	struct ingest_status st;
	_cleanup_tx_ struct tx tx = { 0 };
	int64_t id;

	if (!ns || tx_begin(&tx, d->db, DB_READ, e) < 0 ||
	    content_ingest_id(&tx, ns, ref, &id, e) < 0)
		return -1;
	tx_end(&tx);
	if (id == 0)
		return err_set(e, ERR_NOT_FOUND, "reference %s: not found", ref);
	if (ingest_stat(d->blobs, content_backend_ref(a, ns, id, ref), &st, e) < 0)
		return -1;
	resp->status = status_message(a, ref, &st);
	return 0;
}

static const char *status_field(const void *object, const struct strs *path)
{
	const Content__Status *s = object;

	return str_eq(path->v[0], "ref") ? s->ref : NULL;
}

struct ref_list {
	size_t n;
	struct {
		int64_t id;
		const char *ref;
	} * v;
};

static int read_refs(struct daemon *d, struct arena *a, const char *ns, struct ref_list *list,
                     struct err *e)
{
	_cleanup_tx_ struct tx tx = { 0 };
	struct rows r;

	if (tx_begin(&tx, d->db, DB_READ, e) < 0)
		return -1;
	rows_open(&r, &tx, "SELECT id, ref FROM ingests WHERE ns = ? ORDER BY ref", "s", ns);
	while (rows_next(&r, e)) {
		__typeof__(*list->v) item = { rows_int(&r, 0), rows_text(&r, a, 1) };

		arena_push(a, list, item);
	}
	return r.failed ? -1 : 0;
}

static int content_list_statuses(struct rpc_call *call, const void *reqp, void *respp,
                                 struct err *e)
{
	const Content__ListStatusesRequest *req = reqp;
	Content__ListStatusesResponse *resp = respp;
	struct daemon *d = request_daemon(call);
	const char *ns = request_namespace(call, e);
	struct arena *a = rpc_call_arena(call);
	_cleanup_filter_ struct filter *f = NULL;
	struct ref_list refs = { 0 };
	struct ingest_status st;

	if (!ns || filter_parse(req->n_filters, req->filters, &f, e) < 0 ||
	    read_refs(d, a, ns, &refs, e) < 0)
		return -1;
	resp->statuses = arena_array(a, Content__Status *, refs.n);
	for (size_t i = 0; i < refs.n; i++) {
		const char *ref = content_backend_ref(a, ns, refs.v[i].id, refs.v[i].ref);
		Content__Status *s;

		if (ingest_stat(d->blobs, ref, &st, NULL) < 0)
			continue;
		s = status_message(a, refs.v[i].ref, &st);
		if (filter_match(f, status_field, s))
			resp->statuses[resp->n_statuses++] = s;
	}
	return 0;
}

static int content_abort(struct rpc_call *call, const void *reqp, unused_arg void *resp,
                         struct err *e)
{
	const Content__AbortRequest *req = reqp;
	struct daemon *d = request_daemon(call);
	const char *ns = request_namespace(call, e), *ref = field_text(req->ref);
	struct arena *a = rpc_call_arena(call);
	_cleanup_tx_ struct tx tx = { 0 };
	int64_t id;

	if (!ns || tx_begin(&tx, d->db, DB_WRITE, e) < 0 ||
	    content_ingest_id(&tx, ns, ref, &id, e) < 0)
		return -1;
	if (id == 0)
		return err_set(e, ERR_NOT_FOUND, "reference %s: not found", ref);
	if (tx_exec(&tx, e, "DELETE FROM ingests WHERE id = ?", "i", id) < 0 ||
	    lease_drop(&tx, ns, RESOURCE_INGEST, ref, e) < 0 || tx_commit(&tx, e) < 0)
		return -1;
	return ingest_abort(d->blobs, content_backend_ref(a, ns, id, ref), e);
}

SERVICE_ROUTES(content_ingests, { RPC_CONTENT_STATUS, content_status },
               { RPC_CONTENT_LIST_STATUSES, content_list_statuses },
               { RPC_CONTENT_ABORT, content_abort })
