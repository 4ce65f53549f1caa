/*
 * See save.h. First everything is looked up, so that a wrong name is an ordinary error; then
 * the blobs are copied as they lie in containerd. Of an index those platforms go along that are there.
 */
#include "engine/image/save.h"

#include "base/limits.h"
#include "base/mem.h"
#include "engine/image/names.h"
#include "oci/digest.h"
#include "oci/reference.h"

/* A row of manifest.json, which loaders read that know no OCI layout. */
#define SAVED_IMAGE(F)                              \
	F(STR, config, "Config", 0)                 \
	F(STRS, tags, "RepoTags", NULL_WHEN_ABSENT) \
	F(STRS, layers, "Layers", 0)
JSON_STRUCT(saved_image, SAVED_IMAGE)
JSON_TYPE(saved_image, SAVED_IMAGE)

struct saved_blob {
	const char *digest;
	int64_t size;
};

struct image_save {
	struct engine *g;
	struct arena arena;
	struct image_store *store; /* with a lease: nothing goes while it is written */
	struct oci_index index;    /* index.json: a row for each name */
	struct {
		size_t n;
		struct saved_image *v;
	} images;
	struct {
		size_t n;
		const char **v; /* the target of each of `images` */
	} targets;
	struct {
		size_t n;
		struct saved_blob *v;
	} blobs;
};

/* ---- looking up ---- */

static bool add_blob(struct image_save *s, const struct oci_descriptor *d)
{
	for (size_t i = 0; i < s->blobs.n; i++)
		if (str_eq(s->blobs.v[i].digest, d->digest))
			return false;
	arena_push(&s->arena, &s->blobs, ((struct saved_blob){ d->digest, d->size }));
	return true;
}

static int walk(struct image_save *s, const struct oci_descriptor *d, struct err *e);

static int walk_manifest(struct image_save *s, const struct oci_manifest *m, struct err *e)
{
	if (s->store->ops->has(s->store, m->config->digest, e) < 0)
		return -1;
	add_blob(s, m->config);
	for (size_t i = 0; i < m->layers.n; i++) {
		int there = s->store->ops->has(s->store, m->layers.v[i].digest, e);

		if (there <= 0)
			return there < 0 ? -1
			                 : err_set(e, ERR_NOT_FOUND, "content %s is not there",
			                           m->layers.v[i].digest);
		add_blob(s, &m->layers.v[i]);
	}
	return 0;
}

static int walk_index(struct image_save *s, const struct oci_index *index, struct err *e)
{
	for (size_t i = 0; i < index->manifests.n; i++) {
		const struct oci_descriptor *d = &index->manifests.v[i];
		int there = s->store->ops->has(s->store, d->digest, e);

		if (there < 0 || (there && walk(s, d, e) < 0))
			return -1;
	}
	return 0;
}

static int walk(struct image_save *s, const struct oci_descriptor *d, struct err *e)
{
	struct oci_document doc;
	struct slice text;

	if (!add_blob(s, d))
		return 0;
	if (s->store->ops->read(s->store, d->digest, LIMIT_MANIFEST_BYTES, &s->arena, &text, e) <
	            0 ||
	    oci_document_decode(&s->arena, d->media_type, text, &doc, e) < 0)
		return -1;
	return doc.kind == MEDIA_INDEX ? walk_index(s, &doc.index, e)
	                               : walk_manifest(s, &doc.manifest, e);
}

static const char *blob_path(struct image_save *s, const char *digest)
{
	return arena_printf(&s->arena, "blobs/sha256/%s", digest_hex(digest));
}

/* The image's row in manifest.json; several names share one. */
static struct saved_image *row_of(struct image_save *s, const struct oci_descriptor *target,
                                  struct err *e)
{
	struct saved_image row = { 0 };
	struct image_content content;

	for (size_t i = 0; i < s->targets.n; i++)
		if (str_eq(s->targets.v[i], target->digest))
			return &s->images.v[i];
	if (image_content(s->g, s->store, target, NULL, &s->arena, &content, e) < 0)
		return NULL;
	row.config = blob_path(s, content.manifest.config->digest);
	for (size_t i = 0; i < content.manifest.layers.n; i++)
		arena_push(&s->arena, &row.layers,
		           blob_path(s, content.manifest.layers.v[i].digest));
	arena_push(&s->arena, &s->targets, target->digest);
	arena_push(&s->arena, &s->images, row);
	return &s->images.v[s->images.n - 1];
}

static void add_name(struct image_save *s, struct saved_image *row, const char *name,
                     struct oci_descriptor target)
{
	struct reference ref;

	if (name && !image_is_dangling(name) && reference_parse(&s->arena, name, &ref, NULL) == 0 &&
	    ref.tag) {
		arena_push(&s->arena, &row->tags, reference_familiar(&s->arena, &ref));
		json_map_set(&s->arena, &target.annotations, ANNOTATION_IMAGE_NAME, name);
		json_map_set(&s->arena, &target.annotations, ANNOTATION_REF_NAME, ref.tag);
	}
	arena_push(&s->arena, &s->index.manifests, target);
}

/* By id an image goes without names, as with Docker. */
static int add_image(struct image_save *s, const char *ref, struct err *e)
{
	struct image_name found;
	struct saved_image *row;

	if (image_find(s->g, ref, &s->arena, &found, e) < 0 || walk(s, &found.target, e) < 0)
		return -1;
	row = row_of(s, &found.target, e);
	if (!row)
		return -1;
	add_name(s, row, image_found_by_id(&found, ref) ? NULL : found.name, found.target);
	return 0;
}

struct image_save *image_save_open(struct engine *g, const struct strs *names, struct err *e)
{
	struct image_save *s = xalloc(sizeof(*s));
	int r = 0;

	s->g = g;
	s->index.schema_version = 2;
	s->index.media_type = MEDIA_OCI_INDEX;
	s->store = image_store_open(g->ctrd, g->opt.storage_driver, IMAGE_STORE_WRITE, e);
	if (!s->store)
		r = -1;
	for (size_t i = 0; i < names->n && r == 0; i++)
		r = add_image(s, names->v[i], e);
	if (r == 0)
		return s;
	image_save_free(s);
	return NULL;
}

void image_save_free(struct image_save *s)
{
	if (!s)
		return;
	image_store_close(s->store);
	arena_free(&s->arena);
	free(s);
}

/* ---- writing ---- */

static int take(void *user, const void *p, size_t n, struct err *e)
{
	return tar_data(user, p, n, e);
}

static int write_blobs(struct image_save *s, struct tar_writer *w, struct err *e)
{
	for (size_t i = 0; i < s->blobs.n; i++) {
		const struct saved_blob *b = &s->blobs.v[i];

		if (tar_file(w, blob_path(s, b->digest), b->size, e) < 0 ||
		    s->store->ops->stream(s->store, b->digest, take, w, e) < 0)
			return -1;
	}
	return 0;
}

static struct slice manifest_json(struct image_save *s)
{
	_cleanup_buf_ struct buf b = { 0 };

	for (size_t i = 0; i < s->images.n; i++) {
		buf_addc(&b, i ? ',' : '[');
		json_encode(&b, &saved_image_type, &s->images.v[i]);
	}
	buf_adds(&b, "]\n");
	return (struct slice){ arena_strndup(&s->arena, b.data, b.len), b.len };
}

int image_save_write(struct image_save *s, struct tar_writer *w, struct err *e)
{
	struct slice index = slice_of(json_text(&s->arena, &oci_index_type, &s->index));

	if (tar_folder(w, "blobs/", e) < 0 || tar_folder(w, "blobs/sha256/", e) < 0 ||
	    write_blobs(s, w, e) < 0 || tar_text(w, "index.json", index, e) < 0 ||
	    tar_text(w, "manifest.json", manifest_json(s), e) < 0 ||
	    tar_text(w, "oci-layout", slice_of("{\"imageLayoutVersion\":\"1.0.0\"}"), e) < 0)
		return -1;
	return tar_end(w, e);
}
