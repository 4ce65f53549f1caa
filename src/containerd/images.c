/* containerd.services.images.v1.Images: names that point at content. */
#include "base/clock.h"
#include "containerd/db.h"
#include "containerd/exchange.h"
#include "containerd/gc.h"
#include "containerd/labels.h"
#include "containerd/listing.h"
#include "containerd/namespaces.h"
#include "containerd/request.h"
#include "containerd/services.h"
#include "oci/digest.h"
#include "proto/images.pb-c.h"
#include "rpc/wkt.h"

/* ---- rows ---- */

#define COLUMNS "name, media_type, digest, size, annotations, labels, created, updated"

static void *read_row(struct arena *a, struct rows *r, unused_arg struct err *e)
{
	Images__Image *i = pb_new(a, images__image, Images__Image);
	struct labels annotations = labels_unpack(a, rows_blob(r, a, 4));
	struct labels labels = labels_unpack(a, rows_blob(r, a, 5));

	i->name = rows_text(r, a, 0);
	i->target = pb_new(a, types__descriptor, Types__Descriptor);
	i->target->media_type = rows_text(r, a, 1);
	i->target->digest = rows_text(r, a, 2);
	pb_set(i->target, size, rows_int(r, 3));
	i->target->n_annotations = annotations.n;
	i->target->annotations = annotations.v;
	LABELS_TO(i, labels);
	i->created_at = wkt_timestamp(a, rows_int(r, 6));
	i->updated_at = wkt_timestamp(a, rows_int(r, 7));
	return i;
}

static Images__Image *find(struct tx *tx, struct arena *a, const char *ns, const char *name,
                           struct err *e)
{
	Images__Image *i = NULL;
	struct rows r;

	rows_open(&r, tx, "SELECT " COLUMNS " FROM images WHERE ns = ? AND name = ?", "ss", ns,
	          name);
	while (rows_next(&r, e))
		i = read_row(a, &r, e);
	if (!i && !r.failed)
		err_set(e, ERR_NOT_FOUND, "image \"%s\": not found", name);
	return i;
}

static int write_row(struct tx *tx, struct arena *a, const char *ns, const Images__Image *i,
                     struct err *e)
{
	struct labels annotations = { i->target->n_annotations, i->target->annotations };

	return tx_exec(tx, e,
	               "INSERT OR REPLACE INTO images (ns, " COLUMNS ")"
	               " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
	               "ssssibbii", ns, i->name, i->target->media_type, i->target->digest,
	               i->target->size, labels_pack(a, annotations), labels_pack(a, LABELS_OF(i)),
	               wkt_timestamp_ns(i->created_at), wkt_timestamp_ns(i->updated_at)) < 0
	               ? -1
	               : 0;
}

static int check(const Images__Image *i, struct err *e)
{
	const Types__Descriptor *t = i->target;

	if (str_empty(i->name))
		return err_set(e, ERR_INVALID, "image name must not be empty: invalid argument");
	if (labels_check(LABELS_OF(i), "image.Labels", e) < 0)
		return -1;
	if (!t || !digest_is_valid(field_text(t->digest)))
		return err_set(e, ERR_INVALID, "Target.Digest \"%s\" invalid: invalid argument",
		               t ? field_text(t->digest) : "");
	if (t->size <= 0)
		return err_set(e, ERR_INVALID,
		               "Target.Size must be greater than zero: invalid argument");
	if (str_empty(t->media_type))
		return err_set(e, ERR_INVALID, "Target.MediaType must be set: invalid argument");
	return 0;
}

/* ---- the service ---- */

static int images_get(struct rpc_call *call, const void *reqp, void *respp, struct err *e)
{
	const Images__GetImageRequest *req = reqp;
	Images__GetImageResponse *resp = respp;
	const char *ns = request_namespace(call, e);
	_cleanup_tx_ struct tx tx = { 0 };

	if (!ns || tx_begin(&tx, request_daemon(call)->db, DB_READ, e) < 0)
		return -1;
	resp->image = find(&tx, rpc_call_arena(call), ns, field_text(req->name), e);
	return resp->image ? 0 : -1;
}

static const char *image_field(const void *object, const struct strs *path)
{
	const Images__Image *i = object;
	struct labels annotations = { i->target->n_annotations, i->target->annotations };

	if (str_eq(path->v[0], "name"))
		return i->name;
	if (str_eq(path->v[0], "labels"))
		return labels_field(LABELS_OF(i), path);
	if (str_eq(path->v[0], "annotations"))
		return labels_field(annotations, path);
	if (!str_eq(path->v[0], "target") || path->n < 2)
		return NULL;
	if (str_eq(path->v[1], "digest"))
		return i->target->digest;
	return str_eq(path->v[1], "mediatype") ? i->target->media_type : NULL;
}

static const struct listing listing = {
	.sql = "SELECT " COLUMNS " FROM images WHERE ns = ? ORDER BY name",
	.read = read_row,
	.field = image_field,
};

static int images_list(struct rpc_call *call, const void *reqp, void *respp, struct err *e)
{
	const Images__ListImagesRequest *req = reqp;
	Images__ListImagesResponse *resp = respp;
	struct list list = { 0 };

	if (list_read(call, &listing, req->n_filters, req->filters, &list, e) < 0)
		return -1;
	resp->n_images = list.n;
	resp->images = (Images__Image **)list.v;
	return 0;
}

static int images_create(struct rpc_call *call, const void *reqp, void *respp, struct err *e)
{
	const Images__CreateImageRequest *req = reqp;
	Images__CreateImageResponse *resp = respp;
	Images__ImageCreate event = IMAGES__IMAGE_CREATE__INIT;
	struct daemon *d = request_daemon(call);
	const char *ns = request_namespace(call, e);
	struct arena *a = rpc_call_arena(call);
	Images__Image *i = req->image;
	_cleanup_tx_ struct tx tx = { 0 };

	if (!ns)
		return -1;
	if (!i || str_empty(i->name))
		return err_set(e, ERR_INVALID, "image.Name required: invalid argument");
	if (check(i, e) < 0)
		return -1;
	i->created_at = i->updated_at =
	        req->source_date_epoch ? req->source_date_epoch : wkt_timestamp(a, clock_now_ns());
	if (tx_begin(&tx, d->db, DB_DURABLE, e) < 0 || namespace_ensure(&tx, ns, e) < 0)
		return -1;
	if (find(&tx, a, ns, i->name, e))
		return err_set(e, ERR_ALREADY_EXISTS, "image \"%s\": already exists", i->name);
	if (e->kind != ERR_NOT_FOUND || write_row(&tx, a, ns, i, e) < 0 || tx_commit(&tx, e) < 0)
		return -1;
	event.name = i->name;
	LABELS_TO(&event, LABELS_OF(i));
	exchange_publish(d->events, ns, "/images/create", &event);
	resp->image = i;
	return 0;
}

/* Without a mask all that may change is replaced. */
static int merge(struct arena *a, Images__Image *to, const Images__Image *from,
                 const Google__FieldMask *mask, struct err *e)
{
	struct labels l = LABELS_OF(to);

	if (!mask || mask->n_paths == 0) {
		LABELS_TO(to, LABELS_OF(from));
		to->target = from->target;
		return 0;
	}
	for (size_t i = 0; i < mask->n_paths; i++) {
		const char *path = mask->paths[i];

		if (str_eq(path, "target"))
			to->target = from->target;
		else if (!labels_mask(a, &l, LABELS_OF(from), path))
			return err_set(
			        e, ERR_INVALID,
			        "cannot update \"%s\" field on image \"%s\": invalid argument",
			        path, to->name);
	}
	LABELS_TO(to, l);
	return 0;
}

static int images_update(struct rpc_call *call, const void *reqp, void *respp, struct err *e)
{
	const Images__UpdateImageRequest *req = reqp;
	Images__UpdateImageResponse *resp = respp;
	Images__ImageUpdate event = IMAGES__IMAGE_UPDATE__INIT;
	struct daemon *d = request_daemon(call);
	const char *ns = request_namespace(call, e);
	struct arena *a = rpc_call_arena(call);
	_cleanup_tx_ struct tx tx = { 0 };
	Images__Image *i;

	if (!ns)
		return -1;
	if (!req->image || str_empty(req->image->name))
		return err_set(e, ERR_INVALID,
		               "image name is required for update: invalid argument");
	if (tx_begin(&tx, d->db, DB_DURABLE, e) < 0)
		return -1;
	i = find(&tx, a, ns, req->image->name, e);
	if (!i || merge(a, i, req->image, req->update_mask, e) < 0 || check(i, e) < 0)
		return -1;
	i->updated_at =
	        req->source_date_epoch ? req->source_date_epoch : wkt_timestamp(a, clock_now_ns());
	if (write_row(&tx, a, ns, i, e) < 0 || tx_commit(&tx, e) < 0)
		return -1;
	event.name = i->name;
	LABELS_TO(&event, LABELS_OF(i));
	exchange_publish(d->events, ns, "/images/update", &event);
	gc_mutated(d->gc);
	resp->image = i;
	return 0;
}

static int images_delete(struct rpc_call *call, const void *reqp, unused_arg void *resp,
                         struct err *e)
{
	const Images__DeleteImageRequest *req = reqp;
	Images__ImageDelete event = IMAGES__IMAGE_DELETE__INIT;
	struct daemon *d = request_daemon(call);
	const char *ns = request_namespace(call, e);
	_cleanup_tx_ struct tx tx = { 0 };
	Images__Image *i;

	if (!ns || tx_begin(&tx, d->db, DB_DURABLE, e) < 0)
		return -1;
	i = find(&tx, rpc_call_arena(call), ns, field_text(req->name), e);
	if (!i)
		return -1;
	if (req->target && !str_empty(req->target->digest) &&
	    !str_eq(req->target->digest, i->target->digest))
		return err_set(e, ERR_NOT_FOUND, "image \"%s\" points at %s, not at %s: not found",
		               i->name, i->target->digest, req->target->digest);
	if (tx_exec(&tx, e, "DELETE FROM images WHERE ns = ? AND name = ?", "ss", ns, i->name) <
	            0 ||
	    tx_commit(&tx, e) < 0)
		return -1;
	event.name = i->name;
	exchange_publish(d->events, ns, "/images/delete", &event);
	if (req->sync)
		return gc_run(d->gc, e);
	gc_schedule(d->gc);
	return 0;
}

SERVICE_ROUTES(images, { RPC_IMAGES_GET, images_get }, { RPC_IMAGES_LIST, images_list },
               { RPC_IMAGES_CREATE, images_create }, { RPC_IMAGES_UPDATE, images_update },
               { RPC_IMAGES_DELETE, images_delete })
