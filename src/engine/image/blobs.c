/*
 * Blobs in containerd's content store. A blob is written under a reference ("layer-sha256:...", as
 * containerd's own clients call it), so that an interrupted download is found again; the Write
 * stream's server locks it, and answers each message.
 */
#include <stdlib.h>
#include "base/limits.h"
#include "base/mem.h"
#include "engine/image/store_internal.h"
#include "proto/content.pb-c.h"

struct blob_writer {
	struct ctrd_store *store;
	struct grpc_stream *stream;
	struct arena arena; /* of the reference and of the last answer */
	const char *ref, *digest;
	int64_t offset, total;
};

int blobs_has(struct image_store *base, const char *digest, struct err *e)
{
	_cleanup_arena_ struct arena a = { 0 };
	struct ctrd_store *s = ctrd_store(base);
	Content__InfoRequest req = CONTENT__INFO_REQUEST__INIT;
	void *resp;
	int found;

	req.digest = digest;
	found = store_found(store_call(s, RPC_CONTENT_INFO, &req, &a, &resp, e), e);
	if (found == 1 && store_hold(s, "content", digest, e) < 0)
		return -1;
	return found;
}

int blobs_stream(struct image_store *base, const char *digest,
                 int (*take)(void *user, const void *p, size_t n, struct err *e), void *user,
                 struct err *e)
{
	struct ctrd_store *s = ctrd_store(base);
	Content__ReadContentRequest req = CONTENT__READ_CONTENT_REQUEST__INIT;
	struct grpc_opts opts = { .lease = *s->lease ? s->lease : NULL };
	struct grpc_stream *stream = grpc_stream_open(s->client, &opts, RPC_CONTENT_READ, e);
	int more;

	if (!stream)
		return -1;
	req.digest = digest;
	more = grpc_stream_send(stream, &req, e) < 0 || grpc_stream_close_send(stream, e) < 0 ? -1
	                                                                                      : 1;
	while (more > 0) {
		_cleanup_arena_ struct arena a = { 0 };
		Content__ReadContentResponse *resp;

		more = grpc_stream_recv(stream, &a, (void **)&resp, e);
		if (more > 0 && take(user, resp->data.data, resp->data.len, e) < 0)
			more = -1;
	}
	grpc_stream_free(stream);
	return more;
}

struct whole {
	struct buf b;
	size_t limit;
};

static int take_whole(void *user, const void *p, size_t n, struct err *e)
{
	struct whole *w = user;

	if (w->b.len + n > w->limit)
		return err_set(e, ERR_EXHAUSTED, "blob is larger than %zu bytes", w->limit);
	buf_add(&w->b, p, n);
	return 0;
}

int blobs_read(struct image_store *base, const char *digest, size_t limit, struct arena *a,
               struct slice *out, struct err *e)
{
	struct whole w = { .limit = limit };
	int r = blobs_stream(base, digest, take_whole, &w, e);

	if (r < 0 && grpc_was_lost(e)) { /* containerd was killed, and comes back */
		err_clear(e);
		buf_reset(&w.b);
		r = blobs_stream(base, digest, take_whole, &w, e);
	}
	*out = (struct slice){ arena_strndup(a, buf_cstr(&w.b), w.b.len), w.b.len };
	buf_free(&w.b);
	return r;
}

int blobs_label(struct image_store *base, const char *digest, const struct json_map *labels,
                struct err *e)
{
	_cleanup_arena_ struct arena a = { 0 };
	Content__UpdateRequest req = CONTENT__UPDATE_REQUEST__INIT;
	Content__Info info = CONTENT__INFO__INIT;
	Google__FieldMask mask = GOOGLE__FIELD_MASK__INIT;
	struct store_pairs pairs = store_pairs(&a, labels);
	struct strs paths = { 0 };
	void *resp;

	for (size_t i = 0; i < labels->n; i++)
		arena_push(&a, &paths, arena_printf(&a, "labels.%s", labels->v[i].key));
	if (paths.n == 0)
		return 0;
	mask.n_paths = paths.n;
	mask.paths = paths.v;
	info.digest = digest;
	info.n_labels = pairs.n;
	info.labels = pairs.v;
	req.info = &info;
	req.update_mask = &mask;
	return store_call(ctrd_store(base), RPC_CONTENT_UPDATE, &req, &a, &resp, e);
}

/* ---- writing ---- */

static const char *make_ref(struct arena *a, const struct oci_descriptor *d)
{
	static const char *const prefix[] = {
		[MEDIA_OTHER] = "unknown", [MEDIA_INDEX] = "index", [MEDIA_MANIFEST] = "manifest",
		[MEDIA_CONFIG] = "config", [MEDIA_LAYER] = "layer", [MEDIA_SCHEMA1] = "manifest",
	};

	return arena_printf(a, "%s-%s", prefix[media_kind(d->media_type)], d->digest);
}

/* One message and its answer. */
static int exchange(struct blob_writer *w, Content__WriteContentRequest *req, struct err *e)
{
	_cleanup_arena_ struct arena a = { 0 };
	Content__WriteContentResponse *resp;
	int got;

	req->ref = w->ref;
	pb_set(req, total, w->total);
	req->expected = w->digest;
	if (grpc_stream_send(w->stream, req, e) < 0)
		return -1;
	got = grpc_stream_recv(w->stream, &a, (void **)&resp, e);
	if (got == 0)
		return err_set(e, ERR_UNAVAILABLE, "containerd ended the write of %s", w->digest);
	if (got > 0)
		w->offset = resp->offset;
	return got < 0 ? -1 : 0;
}

static int open_writer(struct blob_writer *w, struct err *e)
{
	Content__WriteContentRequest req = CONTENT__WRITE_CONTENT_REQUEST__INIT;
	struct grpc_opts opts = { .lease = w->store->lease };

	w->stream = grpc_stream_open(w->store->client, &opts, RPC_CONTENT_WRITE, e);
	if (!w->stream)
		return -1;
	pb_set(&req, action, CONTENT__WRITE_ACTION__STAT);
	if (exchange(w, &req, e) == 0)
		return 0;
	grpc_stream_free(w->stream);
	w->stream = NULL;
	/* "ref ... locked: unavailable": another writer has it, containerd is well */
	if (e->kind == ERR_UNAVAILABLE && strstr(e->text, "locked"))
		return err_kind_set(e, ERR_ABORTED);
	return -1;
}

static void free_writer(struct blob_writer *w)
{
	if (w->stream)
		grpc_stream_free(w->stream);
	arena_free(&w->arena);
	free(w);
}

struct blob_writer *blobs_begin(struct image_store *base, const struct oci_descriptor *d,
                                int64_t *offset, struct err *e)
{
	struct blob_writer *w = xalloc(sizeof(*w));

	w->store = ctrd_store(base);
	w->ref = make_ref(&w->arena, d);
	w->digest = arena_strdup(&w->arena, d->digest);
	w->total = d->size;
	if (open_writer(w, e) == 0) {
		*offset = w->offset;
		return w;
	}
	free_writer(w);
	return NULL;
}

int blobs_add(struct blob_writer *w, const void *data, size_t n, struct err *e)
{
	Content__WriteContentRequest req = CONTENT__WRITE_CONTENT_REQUEST__INIT;
	int64_t before = w->offset;

	pb_set(&req, action, CONTENT__WRITE_ACTION__WRITE);
	pb_set(&req, offset, w->offset);
	pb_set(&req, data, ((ProtobufCBinaryData){ n, (uint8_t *)data }));
	if (exchange(w, &req, e) < 0)
		return -1;
	if (w->offset != before + (int64_t)n)
		return err_set(e, ERR_DATA_LOSS, "containerd took %lld bytes of %zu",
		               (long long)(w->offset - before), n);
	return 0;
}

int blobs_commit(struct blob_writer *w, const struct json_map *labels, struct err *e)
{
	_cleanup_arena_ struct arena a = { 0 };
	Content__WriteContentRequest req = CONTENT__WRITE_CONTENT_REQUEST__INIT;
	struct store_pairs pairs = store_pairs(&a, labels);

	pb_set(&req, action, CONTENT__WRITE_ACTION__COMMIT);
	pb_set(&req, offset, w->offset);
	req.n_labels = pairs.n;
	req.labels = pairs.v;
	return exchange(w, &req, e);
}

void blobs_end(struct blob_writer *w, bool forget)
{
	Content__AbortRequest req = CONTENT__ABORT_REQUEST__INIT;

	grpc_stream_free(w->stream);
	w->stream = NULL;
	req.ref = w->ref;
	if (forget)
		store_tidy(w->store, RPC_CONTENT_ABORT, &req);
	free_writer(w);
}
