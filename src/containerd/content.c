/* containerd.services.content.v1.Content, all but Write (content_write.c). */
#include "containerd/content.h"

#include <unistd.h>
#include "base/clock.h"
#include "base/fd.h"
#include "base/limits.h"
#include "containerd/blobs.h"
#include "containerd/exchange.h"
#include "containerd/filter.h"
#include "containerd/gc.h"
#include "containerd/labels.h"
#include "containerd/leases.h"
#include "containerd/request.h"
#include "containerd/services.h"
#include "proto/service_events.pb-c.h"
#include "rpc/wkt.h"

/* ---- rows ---- */

#define COLUMNS "digest, size, labels, created, updated"

static Content__Info *read_row(struct arena *a, struct rows *r)
{
	Content__Info *i = pb_new(a, content__info, Content__Info);
	struct labels labels = labels_unpack(a, rows_blob(r, a, 2));

	i->digest = rows_text(r, a, 0);
	pb_set(i, size, rows_int(r, 1));
	LABELS_TO(i, labels);
	i->created_at = wkt_timestamp(a, rows_int(r, 3));
	i->updated_at = wkt_timestamp(a, rows_int(r, 4));
	return i;
}

Content__Info *content_find(struct tx *tx, struct arena *a, const char *ns, const char *digest,
                            struct err *e)
{
	Content__Info *i = NULL;
	struct rows r;

	rows_open(&r, tx, "SELECT " COLUMNS " FROM content WHERE ns = ? AND digest = ?", "ss", ns,
	          digest);
	while (rows_next(&r, e))
		i = read_row(a, &r);
	if (!i && !r.failed)
		err_set(e, ERR_NOT_FOUND, "content digest %s: not found", digest);
	return i;
}

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

/* ---- committed content ---- */

static int content_info(struct rpc_call *call, const void *reqp, void *respp, struct err *e)
{
	const Content__InfoRequest *req = reqp;
	Content__InfoResponse *resp = respp;
	const char *ns = request_namespace(call, e);
	_cleanup_tx_ struct tx tx = { 0 };

	if (!ns)
		return -1;
	if (!digest_is_valid(field_text(req->digest)))
		return err_set(e, ERR_INVALID, "\"%s\" failed validation: invalid argument",
		               field_text(req->digest));
	if (tx_begin(&tx, request_daemon(call)->db, DB_READ, e) < 0)
		return -1;
	resp->info = content_find(&tx, rpc_call_arena(call), ns, req->digest, e);
	return resp->info ? 0 : -1;
}

static int content_update(struct rpc_call *call, const void *reqp, void *respp, struct err *e)
{
	const Content__UpdateRequest *req = reqp;
	Content__UpdateResponse *resp = respp;
	struct daemon *d = request_daemon(call);
	const char *ns = request_namespace(call, e);
	struct arena *a = rpc_call_arena(call);
	int64_t now = clock_now_ns();
	_cleanup_tx_ struct tx tx = { 0 };
	Content__Info *i;
	struct labels l;

	if (!ns)
		return -1;
	if (!req->info || !digest_is_valid(field_text(req->info->digest)))
		return err_set(e, ERR_INVALID, "\"%s\" failed validation: invalid argument",
		               req->info ? field_text(req->info->digest) : "");
	if (tx_begin(&tx, d->db, DB_WRITE, e) < 0)
		return -1;
	i = content_find(&tx, a, ns, req->info->digest, e);
	if (!i)
		return -1;
	l = LABELS_OF(i);
	if (!req->update_mask || req->update_mask->n_paths == 0)
		l = LABELS_OF(req->info);
	for (size_t n = 0; req->update_mask && n < req->update_mask->n_paths; n++)
		if (!labels_mask(a, &l, LABELS_OF(req->info), req->update_mask->paths[n]))
			return err_set(e, ERR_INVALID,
			               "cannot update \"%s\" field on content info \"%s\": "
			               "invalid argument",
			               req->update_mask->paths[n], i->digest);
	LABELS_TO(i, l);
	i->updated_at = wkt_timestamp(a, now);
	if (labels_check(l, "info.Labels", e) < 0 ||
	    tx_exec(&tx, e,
	            "UPDATE content SET labels = ?, updated = ? WHERE ns = ? AND digest = ?",
	            "biss", labels_pack(a, l), now, ns, i->digest) < 0 ||
	    tx_commit(&tx, e) < 0)
		return -1;
	gc_mutated(d->gc);
	resp->info = i;
	return 0;
}

static const char *info_field(const void *object, const struct strs *path)
{
	const Content__Info *i = object;

	if (str_eq(path->v[0], "digest"))
		return i->digest;
	return str_eq(path->v[0], "labels") ? labels_field(LABELS_OF(i), path) : NULL;
}

/* So many in one message of a list. */
#define LIST_BATCH 100

struct info_list {
	size_t n;
	Content__Info **v;
};

static int read_all(struct rpc_call *call, const Content__ListContentRequest *req,
                    struct info_list *list, struct err *e)
{
	const char *ns = request_namespace(call, e);
	struct arena *a = rpc_call_arena(call);
	_cleanup_filter_ struct filter *f = NULL;
	_cleanup_tx_ struct tx tx = { 0 };
	struct rows r;

	if (!ns || filter_parse(req->n_filters, req->filters, &f, e) < 0 ||
	    tx_begin(&tx, request_daemon(call)->db, DB_READ, e) < 0)
		return -1;
	rows_open(&r, &tx, "SELECT " COLUMNS " FROM content WHERE ns = ? ORDER BY digest", "s", ns);
	while (rows_next(&r, e)) {
		Content__Info *i = read_row(a, &r);

		if (filter_match(f, info_field, i))
			arena_push(a, list, i);
	}
	return r.failed ? -1 : 0;
}

static int content_list(struct rpc_call *call, const void *req, unused_arg void *resp,
                        struct err *e)
{
	Content__ListContentResponse m = CONTENT__LIST_CONTENT_RESPONSE__INIT;
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

static int content_delete(struct rpc_call *call, const void *reqp, unused_arg void *resp,
                          struct err *e)
{
	const Content__DeleteContentRequest *req = reqp;
	Events__ContentDelete event = EVENTS__CONTENT_DELETE__INIT;
	struct daemon *d = request_daemon(call);
	const char *ns = request_namespace(call, e), *digest = field_text(req->digest);
	_cleanup_tx_ struct tx tx = { 0 };
	int gone;

	if (!ns)
		return -1;
	if (!digest_is_valid(digest))
		return err_set(e, ERR_INVALID, "\"%s\" failed validation: invalid argument",
		               digest);
	if (tx_begin(&tx, d->db, DB_WRITE, e) < 0)
		return -1;
	gone = tx_exec(&tx, e, "DELETE FROM content WHERE ns = ? AND digest = ?", "ss", ns, digest);
	if (gone == 0)
		err_set(e, ERR_NOT_FOUND, "content digest %s: not found", digest);
	if (gone <= 0 || lease_drop(&tx, ns, RESOURCE_CONTENT, digest, e) < 0 ||
	    tx_commit(&tx, e) < 0)
		return -1;
	event.digest = digest;
	exchange_publish(d->events, ns, "/content/delete", &event);
	gc_drop_blob(d->gc, digest);
	return 0;
}

#define READ_CHUNK (256 * KIB)

static int send_range(struct rpc_call *call, int fd, int64_t at, int64_t end, struct err *e)
{
	Content__ReadContentResponse m = CONTENT__READ_CONTENT_RESPONSE__INIT;
	size_t room = (size_t)MIN((int64_t)READ_CHUNK, end - at);
	uint8_t *chunk = arena_alloc(rpc_call_arena(call), room);

	while (at < end) {
		ssize_t n = pread(fd, chunk, (size_t)MIN((int64_t)room, end - at), at);

		if (n <= 0)
			return err_set(e, ERR_DATA_LOSS, "content ends at %lld of %lld bytes",
			               (long long)at, (long long)end);
		pb_set(&m, offset, at);
		m.has_data = 1;
		m.data = (ProtobufCBinaryData){ (size_t)n, chunk };
		if (rpc_call_send(call, &m, e) < 0)
			return -1;
		at += n;
	}
	return 0;
}

static int content_read(struct rpc_call *call, const void *reqp, unused_arg void *resp,
                        struct err *e)
{
	const Content__ReadContentRequest *req = reqp;
	struct daemon *d = request_daemon(call);
	const char *ns = request_namespace(call, e), *digest = field_text(req->digest);
	_cleanup_close_ int fd = -1;
	_cleanup_tx_ struct tx tx = { 0 };
	int64_t size, end;

	if (!ns)
		return -1;
	if (!digest_is_valid(digest))
		return err_set(e, ERR_INVALID, "invalid digest \"%s\": invalid argument", digest);
	if (tx_begin(&tx, d->db, DB_READ, e) < 0 ||
	    !content_find(&tx, rpc_call_arena(call), ns, digest, e))
		return -1;
	tx_end(&tx);
	fd = blobs_read(d->blobs, digest, &size, e);
	if (fd < 0)
		return -1;
	if (req->offset < 0 || req->offset > size)
		return err_set(e, ERR_OUT_OF_RANGE, "read past object length %lld bytes",
		               (long long)size);
	end = req->size <= 0 || req->offset > size - req->size ? size : req->offset + req->size;
	return send_range(call, fd, req->offset, end, e);
}

/* ---- ingests ---- */

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

SERVICE_ROUTES(content, { RPC_CONTENT_INFO, content_info }, { RPC_CONTENT_UPDATE, content_update },
               { RPC_CONTENT_LIST, content_list }, { RPC_CONTENT_DELETE, content_delete },
               { RPC_CONTENT_READ, content_read }, { RPC_CONTENT_STATUS, content_status },
               { RPC_CONTENT_LIST_STATUSES, content_list_statuses },
               { RPC_CONTENT_ABORT, content_abort })
