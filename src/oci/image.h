/*
 * The OCI image specification 1.1 as tables: index, manifest, descriptor, platform, config; and
 * Docker's schema 2, which differs in media types and in a few more config fields.
 *
 * These documents are named by the digest of their bytes: they are decoded to be read, and kept as
 * the bytes they came in. Only what we make ourselves is encoded.
 */
#ifndef OCI_IMAGE_H
#define OCI_IMAGE_H

#include <stdbool.h>
#include "base/json.h"

#define MEDIA_OCI_INDEX         "application/vnd.oci.image.index.v1+json"
#define MEDIA_OCI_MANIFEST      "application/vnd.oci.image.manifest.v1+json"
#define MEDIA_OCI_CONFIG        "application/vnd.oci.image.config.v1+json"
#define MEDIA_OCI_LAYER         "application/vnd.oci.image.layer.v1.tar"
#define MEDIA_OCI_LAYER_GZIP    "application/vnd.oci.image.layer.v1.tar+gzip"
#define MEDIA_OCI_LAYER_ZSTD    "application/vnd.oci.image.layer.v1.tar+zstd"
#define MEDIA_DOCKER_LIST       "application/vnd.docker.distribution.manifest.list.v2+json"
#define MEDIA_DOCKER_MANIFEST   "application/vnd.docker.distribution.manifest.v2+json"
#define MEDIA_DOCKER_SCHEMA1    "application/vnd.docker.distribution.manifest.v1+json"
#define MEDIA_DOCKER_SIGNED1    "application/vnd.docker.distribution.manifest.v1+prettyjws"
#define MEDIA_DOCKER_CONFIG     "application/vnd.docker.container.image.v1+json"
#define MEDIA_DOCKER_LAYER      "application/vnd.docker.image.rootfs.diff.tar"
#define MEDIA_DOCKER_LAYER_GZIP "application/vnd.docker.image.rootfs.diff.tar.gzip"

#define ANNOTATION_REF_NAME       "org.opencontainers.image.ref.name"
#define ANNOTATION_IMAGE_NAME     "io.containerd.image.name"
#define ANNOTATION_REFERENCE_TYPE "vnd.docker.reference.type" /* BuildKit's attestations */

#define OCI_PLATFORM(F)                                 \
	F(STR, architecture, "architecture", 0)         \
	F(STR, os, "os", 0)                             \
	F(STR, os_version, "os.version", OMIT_EMPTY)    \
	F(STRS, os_features, "os.features", OMIT_EMPTY) \
	F(STR, variant, "variant", OMIT_EMPTY)
JSON_STRUCT(oci_platform, OCI_PLATFORM)

#define OCI_DESCRIPTOR(F)                                      \
	F(STR, media_type, "mediaType", 0)                     \
	F(STR, digest, "digest", REQUIRED)                     \
	F(I64, size, "size", REQUIRED)                         \
	F(STRS, urls, "urls", OMIT_EMPTY)                      \
	F(MAP, annotations, "annotations", OMIT_EMPTY)         \
	F(STR, data, "data", OMIT_EMPTY)                       \
	F(OBJ, platform, "platform", OMIT_EMPTY, oci_platform) \
	F(STR, artifact_type, "artifactType", OMIT_EMPTY)
JSON_STRUCT(oci_descriptor, OCI_DESCRIPTOR)

#define OCI_INDEX(F)                                           \
	F(I64, schema_version, "schemaVersion", 0)             \
	F(STR, media_type, "mediaType", OMIT_EMPTY)            \
	F(STR, artifact_type, "artifactType", OMIT_EMPTY)      \
	F(OBJS, manifests, "manifests", 0, oci_descriptor)     \
	F(OBJ, subject, "subject", OMIT_EMPTY, oci_descriptor) \
	F(MAP, annotations, "annotations", OMIT_EMPTY)
JSON_STRUCT(oci_index, OCI_INDEX)

#define OCI_MANIFEST(F)                                        \
	F(I64, schema_version, "schemaVersion", 0)             \
	F(STR, media_type, "mediaType", OMIT_EMPTY)            \
	F(STR, artifact_type, "artifactType", OMIT_EMPTY)      \
	F(OBJ, config, "config", REQUIRED, oci_descriptor)     \
	F(OBJS, layers, "layers", 0, oci_descriptor)           \
	F(OBJ, subject, "subject", OMIT_EMPTY, oci_descriptor) \
	F(MAP, annotations, "annotations", OMIT_EMPTY)
JSON_STRUCT(oci_manifest, OCI_MANIFEST)

/* Docker's HEALTHCHECK; durations in nanoseconds. */
#define OCI_HEALTHCHECK(F)                                  \
	F(STRS, test, "Test", OMIT_EMPTY)                   \
	F(I64, interval, "Interval", OMIT_EMPTY)            \
	F(I64, timeout, "Timeout", OMIT_EMPTY)              \
	F(I64, start_period, "StartPeriod", OMIT_EMPTY)     \
	F(I64, start_interval, "StartInterval", OMIT_EMPTY) \
	F(I64, retries, "Retries", OMIT_EMPTY)
JSON_STRUCT(oci_healthcheck, OCI_HEALTHCHECK)

/* What a container of the image starts with: OCI's fields, then Docker's. */
#define OCI_IMAGE_PARAMS(F)                                             \
	F(STR, user, "User", OMIT_EMPTY)                                \
	F(SET, exposed_ports, "ExposedPorts", OMIT_EMPTY)               \
	F(STRS, env, "Env", OMIT_EMPTY)                                 \
	F(STRLIST, entrypoint, "Entrypoint", OMIT_EMPTY)                \
	F(STRLIST, cmd, "Cmd", OMIT_EMPTY)                              \
	F(SET, volumes, "Volumes", OMIT_EMPTY)                          \
	F(STR, working_dir, "WorkingDir", OMIT_EMPTY)                   \
	F(MAP, labels, "Labels", OMIT_EMPTY)                            \
	F(STR, stop_signal, "StopSignal", OMIT_EMPTY)                   \
	F(BOOL, args_escaped, "ArgsEscaped", OMIT_EMPTY)                \
	F(OPT_I64, stop_timeout, "StopTimeout", OMIT_EMPTY)             \
	F(OBJ, healthcheck, "Healthcheck", OMIT_EMPTY, oci_healthcheck) \
	F(STRS, on_build, "OnBuild", OMIT_EMPTY)                        \
	F(STRLIST, shell, "Shell", OMIT_EMPTY)
JSON_STRUCT(oci_image_params, OCI_IMAGE_PARAMS)

#define OCI_ROOTFS(F)           \
	F(STR, type, "type", 0) \
	F(STRS, diff_ids, "diff_ids", 0)
JSON_STRUCT(oci_rootfs, OCI_ROOTFS)

#define OCI_HISTORY(F)                               \
	F(TIME, created, "created", OMIT_EMPTY)      \
	F(STR, created_by, "created_by", OMIT_EMPTY) \
	F(STR, author, "author", OMIT_EMPTY)         \
	F(STR, comment, "comment", OMIT_EMPTY)       \
	F(BOOL, empty_layer, "empty_layer", OMIT_EMPTY)
JSON_STRUCT(oci_history, OCI_HISTORY)

#define OCI_IMAGE(F)                                           \
	F(TIME, created, "created", OMIT_EMPTY)                \
	F(STR, author, "author", OMIT_EMPTY)                   \
	OCI_PLATFORM(F)                                        \
	F(OBJ, config, "config", OMIT_EMPTY, oci_image_params) \
	F(OBJ, rootfs, "rootfs", 0, oci_rootfs)                \
	F(OBJS, history, "history", OMIT_EMPTY, oci_history)   \
	F(STR, docker_version, "docker_version", OMIT_EMPTY)   \
	F(STR, comment, "comment", OMIT_EMPTY)                 \
	F(STR, container, "container", OMIT_EMPTY)
JSON_STRUCT(oci_image, OCI_IMAGE)

/* The `oci-layout` file of an OCI image layout. */
#define OCI_LAYOUT(F) F(STR, version, "imageLayoutVersion", REQUIRED)
JSON_STRUCT(oci_layout, OCI_LAYOUT)

enum media_kind {
	MEDIA_OTHER,
	MEDIA_INDEX,
	MEDIA_MANIFEST,
	MEDIA_CONFIG,
	MEDIA_LAYER,
	MEDIA_SCHEMA1, /* Docker's first format, which nobody should use any more */
};
enum media_kind media_kind(const char *media_type);
static inline bool media_type_is_index(const char *s)
{
	return media_kind(s) == MEDIA_INDEX;
}
/* "gzip", "zstd", "none"; NULL for what is not a layer that we can read. */
const char *media_layer_compression(const char *media_type);

/*
 * An index or a manifest, told apart by what it holds and checked: digests, sizes, counts, and
 * that it is not both (CVE-2021-41190). `media_type` (from the registry or the descriptor) may be
 * NULL or "" and must agree with the document's own where both are there.
 */
struct oci_document {
	enum media_kind kind; /* MEDIA_INDEX or MEDIA_MANIFEST */
	const char *media_type;
	struct oci_index index;
	struct oci_manifest manifest;
};
int oci_document_decode(struct arena *a, const char *media_type, struct slice text,
                        struct oci_document *out, struct err *e) must_check;

/* A config, with as many diff IDs as the manifest has layers, each a valid digest. */
int oci_image_decode(struct arena *a, const struct oci_manifest *m, struct slice text,
                     struct oci_image *out, struct err *e) must_check;

/* The platform that a config names. */
struct oci_platform oci_image_platform(const struct oci_image *image);

#endif
