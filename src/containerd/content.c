/*
 * containerd.services.content.v1.Content, what is committed: Info, Update, List, Delete, Read. Write
 * is in content_write.c, what it left unfinished in content_ingests.c.
 */
#include "containerd/content.h"

#include <unistd.h>
#include "base/clock.h"
#include "base/fd.h"
#include "base/limits.h"
#include "containerd/blobs.h"
#include "containerd/exchange.h"
#include "containerd/gc.h"
#include "containerd/labels.h"
#include "containerd/leases.h"
#include "containerd/listing.h"
#include "containerd/request.h"
#include "containerd/services.h"
#include "proto/service_events.pb-c.h"
#include "rpc/wkt.h"

/* ---- rows ---- */

#define COLUMNS "digest, size, labels, created, updated"

static void *read_row(struct arena *a, struct rows *r, unused_arg struct err *e)
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
		i = read_row(a, &r, e);
	if (!i && !r.failed)
		err_set(e, ERR_NOT_FOUND, "content digest %s: not found", digest);
	return i;
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

static const struct listing listing = {
	.sql = "SELECT " COLUMNS " FROM content WHERE ns = ? ORDER BY digest",
	.read = read_row,
	.field = info_field,
};

static int content_list(struct rpc_call *call, const void *reqp, unused_arg void *resp,
                        struct err *e)
{
	const Content__ListContentRequest *req = reqp;
	Content__ListContentResponse m = CONTENT__LIST_CONTENT_RESPONSE__INIT;
	struct list list = { 0 };

	if (list_read(call, &listing, req->n_filters, req->filters, &list, e) < 0)
		return -1;
	return list_send(call, &list, &m, &m.n_info, (void ***)&m.info, e);
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

SERVICE_ROUTES(content, { RPC_CONTENT_INFO, content_info }, { RPC_CONTENT_UPDATE, content_update },
               { RPC_CONTENT_LIST, content_list }, { RPC_CONTENT_DELETE, content_delete },
               { RPC_CONTENT_READ, content_read })
