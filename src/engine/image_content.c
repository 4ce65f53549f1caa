/* What is behind an image's target: index, manifest, config, chain. See image_find.h. */
#include "base/limits.h"
#include "engine/image_find.h"
#include "oci/digest.h"
#include "oci/platform.h"

#define INDEX_DEPTH 4 /* indexes in indexes */

static int find_manifest(struct image_store *s, const struct oci_descriptor *target,
                         const struct oci_platform *platform, int depth, struct arena *a,
                         struct image_content *out, struct err *e)
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
		out->manifest_descriptor = *target;
		out->manifest = doc.manifest;
		return 0;
	}
	chosen = platform_choose(&doc.index, platform, e);
	return chosen ? find_manifest(s, chosen, platform, depth + 1, a, out, e) : -1;
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

int image_content(struct image_store *s, const struct oci_descriptor *target,
                  const struct oci_platform *platform, struct arena *a, struct image_content *out,
                  struct err *e)
{
	struct oci_platform host;

	platform_host(&host);
	*out = (struct image_content){ 0 };
	if (find_manifest(s, target, platform ? platform : &host, 0, a, out, e) < 0 ||
	    s->ops->read(s, out->manifest.config->digest, LIMIT_IMAGE_CONFIG, a, &out->config_text,
	                 e) < 0 ||
	    oci_image_decode(a, &out->manifest, out->config_text, &out->config, e) < 0)
		return err_wrap(e, "image %s", target->digest);
	out->chains = make_chains(a, &out->config.rootfs->diff_ids);
	return 0;
}
