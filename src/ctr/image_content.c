/* An image's documents. See images.h; OCI image specification: index, manifest, config. */
#include "ctr/images.h"
#include <stdlib.h>
#include "base/str.h"
#include "oci/digest.h"
#include "oci/platform.h"

int ctr_image_get(struct ctr *c, const char *name, Images__Image **out, struct err *e)
{
	Images__GetImageRequest req = IMAGES__GET_IMAGE_REQUEST__INIT;
	Images__GetImageResponse *resp;

	req.name = name;
	if (ctr_call(c, RPC_IMAGES_GET, &req, &resp, e) < 0)
		return -1;
	if (!resp->image || !resp->image->target)
		return err_set(e, ERR_INTERNAL, "containerd told nothing of image %s", name);
	*out = resp->image;
	return 0;
}

static int read_document(struct ctr *c, const char *digest, const char *media_type,
                         struct oci_document *out, struct err *e)
{
	_cleanup_buf_ struct buf b = { 0 };
	char *text;

	if (ctr_blob(c, digest, &b, e) < 0)
		return -1;
	text = arena_strndup(&c->a, buf_cstr(&b), b.len);
	return oci_document_decode(&c->a, media_type, (struct slice){ text, b.len }, out, e);
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void add_platform(struct ctr *c, struct strs *list, const struct oci_platform *p)
{
	const char *text = platform_format(&c->a, p);

	for (size_t i = 0; i < list->n; i++)
		if (str_eq(list->v[i], text))
			return;
	arena_push(&c->a, list, text);
	qsort(list->v, list->n, sizeof(*list->v), by_text);
}

/* The manifest for this machine; the platforms of all. */
static int choose(struct ctr *c, struct oci_document *d, struct ctr_image *out, struct err *e)
{
	const struct oci_descriptor *best;
	struct oci_platform host;

	for (size_t i = 0; i < d->index.manifests.n; i++)
		if (d->index.manifests.v[i].platform)
			add_platform(c, &out->platforms, d->index.manifests.v[i].platform);
	platform_host(&host);
	best = platform_choose(&d->index, &host, e);
	if (!best)
		return -1;
	out->size += best->size;
	return read_document(c, best->digest, best->media_type, d, e);
}

int ctr_image_read(struct ctr *c, const Images__Image *found, struct ctr_image *out, struct err *e)
{
	_cleanup_buf_ struct buf b = { 0 };
	struct oci_document d;
	const char *text;

	*out = (struct ctr_image){ .name = found->name,
		                   .found = found,
		                   .size = found->target->size };
	if (read_document(c, found->target->digest, found->target->media_type, &d, e) < 0 ||
	    (d.kind == MEDIA_INDEX && choose(c, &d, out, e) < 0))
		return -1;
	out->manifest = d.manifest;
	if (ctr_blob(c, d.manifest.config->digest, &b, e) < 0)
		return -1;
	text = arena_strndup(&c->a, buf_cstr(&b), b.len);
	if (oci_image_decode(&c->a, &out->manifest, (struct slice){ text, b.len }, &out->config,
	                     e) < 0)
		return -1;
	out->size += d.manifest.config->size;
	for (size_t i = 0; i < d.manifest.layers.n; i++)
		out->size += d.manifest.layers.v[i].size;
	if (!out->platforms.n) {
		struct oci_platform p = { .os = out->config.os,
			                  .architecture = out->config.architecture,
			                  .variant = out->config.variant };

		add_platform(c, &out->platforms, &p);
	}
	return 0;
}

const char *ctr_chain_id(struct ctr *c, const struct strs *diff_ids)
{
	char chain[DIGEST_SIZE];
	const char *parent = NULL;

	for (size_t i = 0; i < diff_ids->n; i++) {
		chain_next(parent, diff_ids->v[i], chain);
		parent = arena_strdup(&c->a, chain);
	}
	return parent;
}
