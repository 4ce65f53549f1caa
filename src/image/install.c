/* The documents of an image, and the order of things. See install.h; layers: layers.c. */
#include "image/install.h"

#include "base/limits.h"
#include "image/blob_copy.h"
#include "image/layers.h"
#include "oci/digest.h"

static int check_document(const struct oci_descriptor *d, struct slice text, struct err *e)
{
	const char *what = media_kind(d->media_type) == MEDIA_CONFIG ? "image config" : "manifest";
	char digest[DIGEST_SIZE];

	if ((int64_t)text.len != d->size)
		return err_set(e, ERR_DATA_LOSS, "%s %s has %zu bytes instead of %lld", what,
		               d->digest, text.len, (long long)d->size);
	digest_of(text.data, text.len, digest);
	if (!str_eq(digest, d->digest))
		return err_set(e, ERR_DATA_LOSS, "%s verification failed for digest %s", what,
		               d->digest);
	return 0;
}

int install_document(const struct install *in, const struct oci_descriptor *d, struct arena *a,
                     struct slice *out, struct err *e)
{
	size_t limit = media_kind(d->media_type) == MEDIA_CONFIG ? LIMIT_IMAGE_CONFIG
	                                                         : LIMIT_MANIFEST_BYTES;
	int there = in->store->ops->has(in->store, d->digest, e);

	if (there < 0)
		return -1;
	if (d->size > (int64_t)limit)
		return err_set(e, ERR_EXHAUSTED, "%s of %lld bytes is more than %zu", d->digest,
		               (long long)d->size, limit);
	if (there)
		return in->store->ops->read(in->store, d->digest, limit, a, out, e);
	if (in->source->ops->document(in->source, d, a, out, e) < 0)
		return -1;
	return check_document(d, *out, e);
}

static int write_document(const struct install *in, const struct oci_descriptor *d,
                          struct slice text, const struct json_map *labels, struct err *e)
{
	const struct image_store_ops *ops = in->store->ops;
	struct blob_copy c = { .in = in, .blob = d };
	int64_t offset = 0;
	struct blob_writer *w = blob_begin(&c, &offset, e);
	int r;

	if (!w)
		return -1;
	r = offset > (int64_t)text.len
	            ? err_set(e, ERR_DATA_LOSS, "%s: unfinished copy is too long", d->digest)
	            : 0;
	if (r == 0)
		r = ops->add(w, text.data + offset, text.len - (size_t)offset, e);
	if (r == 0)
		r = ops->commit(w, labels, e);
	ops->end(w, r < 0);
	return r;
}

int install_put(const struct install *in, const struct oci_descriptor *d, struct slice text,
                struct json_map *labels, struct arena *a, struct err *e)
{
	int there = in->store->ops->has(in->store, d->digest, e);

	if (there < 0)
		return -1;
	blob_add_source(in, a, labels);
	if (!there) {
		if (write_document(in, d, text, labels, e) == 0)
			return 0;
		if (e->kind != ERR_ALREADY_EXISTS)
			return err_wrap(e, "store %s", d->digest);
		err_clear(e);
	}
	return in->store->ops->label(in->store, d->digest, labels, e);
}

static void add_layer_labels(struct arena *a, const struct oci_manifest *m, struct json_map *labels)
{
	json_map_set(a, labels, LABEL_GC_CONFIG, m->config->digest);
	for (size_t i = 0; i < m->layers.n; i++)
		json_map_set(a, labels, arena_printf(a, LABEL_GC_LAYER "%zu", i),
		             m->layers.v[i].digest);
}

/* The config is stored last: its label keeps the snapshots that exist by then. */
static int put_config(const struct install *in, const struct oci_manifest *m, struct slice text,
                      const char *chain, struct arena *a, struct err *e)
{
	struct json_map labels = { 0 };

	if (chain)
		json_map_set(a, &labels,
		             arena_printf(a, LABEL_GC_SNAPSHOT "%s", in->store->snapshotter),
		             chain);
	return install_put(in, m->config, text, &labels, a, e);
}

/* What is no image (a plugin, an artifact) is refused before anything is fetched. */
static int check_kind(const struct oci_manifest *m, struct err *e)
{
	const char *type = m->config->media_type;

	if (!str_empty(type) && !str_eq(type, "application/octet-stream") &&
	    media_kind(type) != MEDIA_CONFIG)
		return err_set(e, ERR_INVALID, "encountered remote \"%s\" when fetching an image",
		               type);
	for (size_t i = 0; i < m->layers.n; i++)
		if (!media_layer_compression(m->layers.v[i].media_type))
			return err_set(e, ERR_INVALID,
			               "layer %s: media type \"%s\" is not supported",
			               m->layers.v[i].digest,
			               m->layers.v[i].media_type ? m->layers.v[i].media_type : "");
	return 0;
}

static int install_manifest(const struct install *in, const struct oci_descriptor *d,
                            const struct oci_manifest *m, struct slice text, struct err *e)
{
	_cleanup_arena_ struct arena a = { 0 };
	struct json_map labels = { 0 };
	struct slice config_text;
	struct oci_image config;
	const char *chain;

	if (check_kind(m, e) < 0 || install_document(in, m->config, &a, &config_text, e) < 0 ||
	    oci_image_decode(&a, m, config_text, &config, e) < 0)
		return -1;
	if (install_layers(in, m, &config, &a, &chain, e) < 0 ||
	    put_config(in, m, config_text, chain, &a, e) < 0)
		return -1;
	add_layer_labels(&a, m, &labels);
	return install_put(in, d, text, &labels, &a, e);
}

static int install_index(const struct install *in, const struct oci_descriptor *d,
                         const struct oci_index *index, struct slice text, struct err *e)
{
	_cleanup_arena_ struct arena a = { 0 };
	const struct oci_descriptor *chosen = platform_choose(index, in->platform, e);
	struct json_map labels = { 0 };

	if (!chosen || install_image(in, chosen, e) < 0)
		return -1;
	for (size_t i = 0; i < index->manifests.n; i++)
		json_map_set(&a, &labels, arena_printf(&a, LABEL_GC_MANIFEST "%zu", i),
		             index->manifests.v[i].digest);
	return install_put(in, d, text, &labels, &a, e);
}

int install_image(const struct install *in, const struct oci_descriptor *target, struct err *e)
{
	_cleanup_arena_ struct arena a = { 0 };
	struct oci_document doc;
	struct slice text;

	if (install_document(in, target, &a, &text, e) < 0)
		return -1;
	if (oci_document_decode(&a, target->media_type, text, &doc, e) < 0)
		return err_wrap(e, "%s", target->digest);
	if (doc.kind == MEDIA_INDEX)
		return install_index(in, target, &doc.index, text, e);
	return install_manifest(in, target, &doc.manifest, text, e);
}
