/* The OCI image specification as tables. See image.h. */
#include "oci/image.h"

#include <string.h>
#include "base/limits.h"
#include "oci/digest.h"

JSON_TYPE(oci_platform, OCI_PLATFORM)
JSON_TYPE(oci_descriptor, OCI_DESCRIPTOR)
JSON_TYPE(oci_index, OCI_INDEX)
JSON_TYPE(oci_manifest, OCI_MANIFEST)
JSON_TYPE(oci_healthcheck, OCI_HEALTHCHECK)
JSON_TYPE(oci_image_params, OCI_IMAGE_PARAMS)
JSON_TYPE(oci_rootfs, OCI_ROOTFS)
JSON_TYPE(oci_history, OCI_HISTORY)
JSON_TYPE(oci_image, OCI_IMAGE)
JSON_TYPE(oci_layout, OCI_LAYOUT)

static const struct {
	const char *type;
	enum media_kind kind;
	const char *compression;
} media_types[] = {
	{ MEDIA_OCI_INDEX, MEDIA_INDEX, NULL },
	{ MEDIA_DOCKER_LIST, MEDIA_INDEX, NULL },
	{ MEDIA_OCI_MANIFEST, MEDIA_MANIFEST, NULL },
	{ MEDIA_DOCKER_MANIFEST, MEDIA_MANIFEST, NULL },
	{ MEDIA_OCI_CONFIG, MEDIA_CONFIG, NULL },
	{ MEDIA_DOCKER_CONFIG, MEDIA_CONFIG, NULL },
	{ MEDIA_OCI_LAYER, MEDIA_LAYER, "none" },
	{ MEDIA_OCI_LAYER_GZIP, MEDIA_LAYER, "gzip" },
	{ MEDIA_OCI_LAYER_ZSTD, MEDIA_LAYER, "zstd" },
	{ MEDIA_DOCKER_LAYER, MEDIA_LAYER, "none" },
	{ MEDIA_DOCKER_LAYER_GZIP, MEDIA_LAYER, "gzip" },
	{ "application/vnd.docker.image.rootfs.diff.tar.zstd", MEDIA_LAYER, "zstd" },
	{ "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip", MEDIA_LAYER, "gzip" },
	{ "application/vnd.oci.image.layer.nondistributable.v1.tar", MEDIA_LAYER, "none" },
	{ "application/vnd.oci.image.layer.nondistributable.v1.tar+gzip", MEDIA_LAYER, "gzip" },
	{ "application/vnd.oci.image.layer.nondistributable.v1.tar+zstd", MEDIA_LAYER, "zstd" },
	{ MEDIA_DOCKER_SCHEMA1, MEDIA_SCHEMA1, NULL },
	{ MEDIA_DOCKER_SIGNED1, MEDIA_SCHEMA1, NULL },
};

enum media_kind media_kind(const char *media_type)
{
	for (size_t i = 0; i < ARRAY_LEN(media_types); i++)
		if (str_eq(media_type, media_types[i].type))
			return media_types[i].kind;
	return MEDIA_OTHER;
}

const char *media_layer_compression(const char *media_type)
{
	for (size_t i = 0; i < ARRAY_LEN(media_types); i++)
		if (str_eq(media_type, media_types[i].type))
			return media_types[i].compression;
	return NULL;
}

static int check_descriptor(const struct oci_descriptor *d, const char *what, struct err *e)
{
	if (digest_check(d->digest, e) < 0)
		return err_wrap(e, "%s", what);
	if (!digest_is_sha256(d->digest))
		return err_set(e, ERR_UNIMPLEMENTED, "%s: digest algorithm of %s is not supported",
		               what, d->digest);
	if (d->size < 0)
		return err_set(e, ERR_INVALID, "%s %s: negative size", what, d->digest);
	return 0;
}

static int check_index(const struct oci_index *x, struct err *e)
{
	for (size_t i = 0; i < x->manifests.n; i++)
		if (check_descriptor(&x->manifests.v[i], "manifest", e) < 0)
			return -1;
	return 0;
}

static int check_manifest(const struct oci_manifest *m, struct err *e)
{
	if (check_descriptor(m->config, "config", e) < 0)
		return -1;
	if (m->layers.n > LIMIT_IMAGE_LAYERS)
		return err_set(e, ERR_EXHAUSTED, "%zu layers are more than %d", m->layers.n,
		               LIMIT_IMAGE_LAYERS);
	for (size_t i = 0; i < m->layers.n; i++)
		if (check_descriptor(&m->layers.v[i], "layer", e) < 0)
			return -1;
	return 0;
}

/* Just enough to tell what a document is. */
#define OCI_PROBE(F)                               \
	F(I64, schema_version, "schemaVersion", 0) \
	F(STR, media_type, "mediaType", 0)         \
	F(RAW, manifests, "manifests", 0)          \
	F(RAW, config, "config", 0)                \
	F(RAW, layers, "layers", 0)                \
	F(RAW, fs_layers, "fsLayers", 0)
JSON_STRUCT(oci_probe, OCI_PROBE)
JSON_TYPE(oci_probe, OCI_PROBE)

/* What a document says it is must fit what it holds and what the registry said. */
static int settle_type(const char *said, const char *own, struct oci_document *out, struct err *e)
{
	const char *type = out->kind == MEDIA_INDEX ? MEDIA_OCI_INDEX : MEDIA_OCI_MANIFEST;

	if (media_kind(said) == MEDIA_OTHER)
		said = NULL; /* a server that says application/json, or nothing */
	if (!str_empty(own))
		type = own;
	else if (said)
		type = said;
	out->media_type = type;
	if (media_kind(type) == out->kind && (!said || str_eq(said, type)))
		return 0;
	return err_set(e, ERR_INVALID, "media type %s does not fit the document, %s",
	               said && !str_eq(said, type) ? said : type,
	               out->kind == MEDIA_INDEX ? "which is an index" : "which is a manifest");
}

static int probe(struct arena *a, const char *said, struct slice text, struct oci_document *out,
                 struct err *e)
{
	struct oci_probe p;

	if (text.len > LIMIT_MANIFEST_BYTES)
		return err_set(e, ERR_EXHAUSTED, "manifest of %zu bytes is more than %lu", text.len,
		               LIMIT_MANIFEST_BYTES);
	if (json_decode(a, &oci_probe_type, text, &p, e) < 0)
		return -1;
	if (p.fs_layers.data || p.schema_version == 1 || media_kind(said) == MEDIA_SCHEMA1)
		return err_set(e, ERR_UNIMPLEMENTED,
		               "manifest schema 1 is no longer supported: push the image again "
		               "with a current tool");
	if (p.manifests.data && (p.layers.data || p.config.data))
		return err_set(e, ERR_INVALID, "document is both an index and a manifest");
	if (!p.manifests.data && !p.config.data)
		return err_set(e, ERR_INVALID, "document is neither an index nor a manifest");
	out->kind = p.manifests.data ? MEDIA_INDEX : MEDIA_MANIFEST;
	return settle_type(said, p.media_type, out, e);
}

int oci_document_decode(struct arena *a, const char *media_type, struct slice text,
                        struct oci_document *out, struct err *e)
{
	*out = (struct oci_document){ 0 };
	if (probe(a, media_type, text, out, e) < 0)
		return -1;
	if (out->kind == MEDIA_INDEX) {
		if (json_decode(a, &oci_index_type, text, &out->index, e) < 0)
			return -1;
		return check_index(&out->index, e);
	}
	if (json_decode(a, &oci_manifest_type, text, &out->manifest, e) < 0)
		return -1;
	return check_manifest(&out->manifest, e);
}

int oci_image_decode(struct arena *a, const struct oci_manifest *m, struct slice text,
                     struct oci_image *out, struct err *e)
{
	if (text.len > LIMIT_IMAGE_CONFIG)
		return err_set(e, ERR_EXHAUSTED, "image config of %zu bytes is more than %lu",
		               text.len, LIMIT_IMAGE_CONFIG);
	if (json_decode_with(a, &oci_image_type, text, JSON_FOLD, out, e) < 0)
		return err_wrap(e, "image config");
	if (!out->rootfs || out->rootfs->diff_ids.n != m->layers.n)
		return err_set(e, ERR_INVALID, "image config names %zu layers, its manifest %zu",
		               out->rootfs ? out->rootfs->diff_ids.n : 0, m->layers.n);
	for (size_t i = 0; i < out->rootfs->diff_ids.n; i++)
		if (!digest_is_sha256(out->rootfs->diff_ids.v[i]))
			return err_set(e, ERR_INVALID, "image config: invalid diff ID %s",
			               out->rootfs->diff_ids.v[i]);
	return 0;
}

struct oci_platform oci_image_platform(const struct oci_image *image)
{
	return (struct oci_platform){
		.architecture = image->architecture,
		.os = image->os,
		.os_version = image->os_version,
		.os_features = image->os_features,
		.variant = image->variant,
	};
}
