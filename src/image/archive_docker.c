/*
 * Archives of `docker save` before version 25: manifest.json names, for each image, its config, its
 * tags and its layers' tars. There is no manifest in it, so one is made: Docker's schema 2, whose
 * layers are the uncompressed tars (their digests are the config's diff IDs).
 */
#include "image/archive_internal.h"

#include <string.h>
#include <unistd.h>
#include "base/fd.h"
#include "base/limits.h"
#include "oci/digest.h"
#include "oci/reference.h"

#define DOCKER_SAVED(F)                    \
	F(STR, config, "Config", REQUIRED) \
	F(STRS, repo_tags, "RepoTags", 0)  \
	F(STRS, layers, "Layers", 0)
JSON_STRUCT(docker_saved, DOCKER_SAVED)
JSON_TYPE(docker_saved, DOCKER_SAVED)

/* manifest.json is an array; a table decodes objects. */
#define DOCKER_SAVED_LIST(F) F(OBJS, images, "images", 0, docker_saved)
JSON_STRUCT(docker_saved_list, DOCKER_SAVED_LIST)
JSON_TYPE(docker_saved_list, DOCKER_SAVED_LIST)

static const char *add_blob(struct image_archive *ar, const char *digest, const char *file)
{
	struct archive_blob b = { arena_strdup(&ar->arena, digest), file };

	arena_push(&ar->arena, &ar->blobs, b);
	return b.digest;
}

static bool is_gzip(const struct archive_file *f)
{
	unsigned char magic[2];

	return pread(f->fd, magic, 2, f->offset) == 2 && magic[0] == 0x1f && magic[1] == 0x8b;
}

static int digest_part(const struct archive_file *f, char digest[DIGEST_SIZE], struct err *e)
{
	char chunk[32 * KIB];
	struct digester d;

	digester_init(&d);
	for (int64_t at = 0; at < f->size;) {
		ssize_t n = pread(f->fd, chunk, MIN((int64_t)sizeof(chunk), f->size - at),
		                  f->offset + at);

		if (n <= 0)
			return err_set(e, ERR_DATA_LOSS, "archive is cut off");
		digester_add(&d, chunk, (size_t)n);
		at += n;
	}
	digester_text(&d, digest);
	return 0;
}

static int describe_layer(struct image_archive *ar, const char *file, const char *diff_id,
                          struct oci_descriptor *out, struct err *e)
{
	_cleanup_close_ int fd = -1;
	char digest[DIGEST_SIZE];
	struct archive_file f;
	bool packed;

	if (archive_open(ar, file, &f, e) < 0)
		return -1;
	fd = f.fd;
	packed = is_gzip(&f);
	if (packed && digest_part(&f, digest, e) < 0)
		return -1;
	*out = (struct oci_descriptor){
		.media_type = packed ? MEDIA_DOCKER_LAYER_GZIP : MEDIA_DOCKER_LAYER,
		.digest = add_blob(ar, packed ? digest : diff_id, file),
		.size = f.size,
	};
	return 0;
}

/* Encodes the manifest; its own descriptor comes back. */
static struct oci_descriptor add_manifest(struct image_archive *ar, const struct oci_manifest *m)
{
	char digest[DIGEST_SIZE];
	struct archive_document doc = { .text = slice_of(
		                                json_text(&ar->arena, &oci_manifest_type, m)) };

	digest_of(doc.text.data, doc.text.len, digest);
	doc.digest = arena_strdup(&ar->arena, digest);
	arena_push(&ar->arena, &ar->documents, doc);
	return (struct oci_descriptor){
		.media_type = MEDIA_DOCKER_MANIFEST,
		.digest = doc.digest,
		.size = (int64_t)doc.text.len,
	};
}

static int add_names(struct image_archive *ar, const struct docker_saved *saved,
                     const struct oci_descriptor *target, struct err *e)
{
	struct archived_image image = { NULL, *target };
	struct reference r;

	if (saved->repo_tags.n == 0)
		arena_push(&ar->arena, &ar->images, image);
	for (size_t i = 0; i < saved->repo_tags.n; i++) {
		if (reference_parse(&ar->arena, saved->repo_tags.v[i], &r, e) < 0)
			return err_wrap(e, "%s", saved->repo_tags.v[i]);
		reference_default_tag(&r);
		image.name = reference_text(&ar->arena, &r);
		arena_push(&ar->arena, &ar->images, image);
	}
	return 0;
}

static int add_image(struct image_archive *ar, const struct docker_saved *saved, struct err *e)
{
	struct arena *a = &ar->arena;
	size_t n = saved->layers.n;
	struct oci_manifest m = {
		.schema_version = 2,
		.media_type = MEDIA_DOCKER_MANIFEST,
		.config = arena_new(a, struct oci_descriptor),
		.layers = { n, arena_array(a, struct oci_descriptor, n) },
	};
	char digest[DIGEST_SIZE];
	struct oci_descriptor target;
	struct oci_image image;
	struct slice text;

	if (n > LIMIT_IMAGE_LAYERS)
		return err_set(e, ERR_EXHAUSTED, "%zu layers are more than %d", n,
		               LIMIT_IMAGE_LAYERS);
	if (archive_read(ar, saved->config, LIMIT_IMAGE_CONFIG, a, &text, e) < 0 ||
	    oci_image_decode(a, &m, text, &image, e) < 0)
		return -1;
	digest_of(text.data, text.len, digest);
	*m.config = (struct oci_descriptor){ .media_type = MEDIA_DOCKER_CONFIG,
		                             .digest = add_blob(ar, digest, saved->config),
		                             .size = (int64_t)text.len };
	for (size_t i = 0; i < n; i++)
		if (describe_layer(ar, saved->layers.v[i], image.rootfs->diff_ids.v[i],
		                   &m.layers.v[i], e) < 0)
			return -1;
	target = add_manifest(ar, &m);
	return add_names(ar, saved, &target, e);
}

int archive_read_docker(struct image_archive *ar, struct err *e)
{
	struct docker_saved_list list;
	struct slice text;
	char *object;

	if (archive_read(ar, "manifest.json", LIMIT_MANIFEST_BYTES, &ar->arena, &text, e) < 0)
		return -1;
	object = arena_printf(&ar->arena, "{\"images\":%.*s}", (int)text.len, text.data);
	if (json_decode(&ar->arena, &docker_saved_list_type, slice_of(object), &list, e) < 0)
		return err_wrap(e, "manifest.json");
	for (size_t i = 0; i < list.images.n; i++)
		if (add_image(ar, &list.images.v[i], e) < 0)
			return -1;
	return 0;
}
