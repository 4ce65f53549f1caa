/* What is behind an image's target: index, manifest, config, chain. See find.h. */
#include "base/limits.h"
#include "engine/image/cache.h"
#include "engine/image/find.h"
#include "oci/digest.h"
#include "oci/platform.h"

#define INDEX_DEPTH 4 /* indexes in indexes */

static int find_manifest(struct image_store *s, const struct oci_descriptor *target,
                         const struct oci_platform *platform, int depth, struct arena *a,
                         struct image_documents *out, struct err *e)
{
	const struct oci_descriptor *chosen;
	struct oci_document doc;
	struct slice text;

	if (depth == INDEX_DEPTH)
		return err_set(e, ERR_INVALID, "index %s is nested too deeply", target->digest);
	if (s->ops->read(s, target->digest, LIMIT_MANIFEST_BYTES, a, &text, e) < 0 ||
	    oci_document_decode(a, target->media_type, text, &doc, e) < 0)
		return -1;
	if (doc.kind == MEDIA_MANIFEST) {
		out->manifest = *target;
		out->manifest_text = text;
		return 0;
	}
	chosen = platform_choose(&doc.index, platform, e);
	return chosen ? find_manifest(s, chosen, platform, depth + 1, a, out, e) : -1;
}

static int read_documents(struct image_store *s, const struct oci_descriptor *target,
                          const struct oci_platform *platform, struct arena *a,
                          struct image_documents *out, struct err *e)
{
	struct oci_document doc;

	if (find_manifest(s, target, platform, 0, a, out, e) < 0 ||
	    oci_document_decode(a, out->manifest.media_type, out->manifest_text, &doc, e) < 0)
		return -1;
	return s->ops->read(s, doc.manifest.config->digest, LIMIT_IMAGE_CONFIG, a,
	                    &out->config_text, e);
}

static const char **make_chains(struct arena *a, const struct strs *diff_ids)
{
	const char **chains = arena_array(a, const char *, diff_ids->n + 1);

	for (size_t i = 0; i < diff_ids->n; i++) {
		char *chain = arena_alloc(a, DIGEST_SIZE);

		chain_next(i > 0 ? chains[i - 1] : NULL, diff_ids->v[i], chain);
		chains[i] = chain;
	}
	return chains;
}

static int decode(const struct image_documents *d, struct arena *a, struct image_content *out,
                  struct err *e)
{
	struct oci_document doc;

	if (oci_document_decode(a, d->manifest.media_type, d->manifest_text, &doc, e) < 0 ||
	    oci_image_decode(a, &doc.manifest, d->config_text, &out->config, e) < 0)
		return -1;
	out->manifest = doc.manifest;
	out->manifest_descriptor = d->manifest;
	out->chains = make_chains(a, &out->config.rootfs->diff_ids);
	return 0;
}

int image_content(struct engine *g, struct image_store *s, const struct oci_descriptor *target,
                  const struct oci_platform *platform, struct arena *a, struct image_content *out,
                  struct err *e)
{
	struct image_documents d = { 0 };
	struct oci_platform host;
	const char *key;
	bool cached;

	platform_host(&host);
	platform = platform ? platform : &host;
	key = arena_printf(a, "%s %s", target->digest, platform_format(a, platform));
	*out = (struct image_content){ 0 };
	cached = image_cache_get(g->image_cache, key, a, &d);
	if ((!cached && read_documents(s, target, platform, a, &d, e) < 0) ||
	    decode(&d, a, out, e) < 0)
		return err_wrap(e, "image %s", target->digest);
	if (!cached)
		image_cache_put(g->image_cache, key, &d);
	return 0;
}
