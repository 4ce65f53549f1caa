/*
 * See archive.h. A blob's digest leads to a file, in the folder or in the tar: in a layout by its
 * name, in Docker's older archives by a table that is made when manifest.json is read. Those have no
 * manifests, so we write them (archive_docker.c), and serve them as documents.
 */
#include "image/archive_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "base/fd.h"
#include "base/limits.h"
#include "base/mem.h"
#include "oci/digest.h"
#include "oci/reference.h"

/* ---- files of the archive ---- */

static int open_beneath(int dir, const char *name)
{
	struct open_how how = {
		.flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK,
		.resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS,
	};

	return (int)syscall(SYS_openat2, dir, name, &how, sizeof(how));
}

static int open_in_folder(const struct image_archive *ar, const char *name,
                          struct archive_file *out, struct err *e)
{
	struct stat st;

	out->fd = open_beneath(ar->root, name);
	out->offset = 0;
	if (out->fd < 0)
		return err_errno(e, errno, "open %s", name);
	if (fstat(out->fd, &st) < 0 || !S_ISREG(st.st_mode)) {
		fd_close(&out->fd);
		return err_set(e, ERR_INVALID, "%s is not a regular file", name);
	}
	out->size = st.st_size;
	return 0;
}

/* A descriptor with a position of its own, for threads that read at once. */
static int open_in_tar(const struct image_archive *ar, const char *name, struct archive_file *out,
                       struct err *e)
{
	const struct tar_member *m = tar_find(&ar->index, name);
	char path[32];

	if (!m)
		return err_set(e, ERR_NOT_FOUND, "archive has no %s", name);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", ar->root);
	out->fd = open(path, O_RDONLY | O_CLOEXEC);
	if (out->fd < 0)
		return err_errno(e, errno, "open archive");
	out->offset = m->offset;
	out->size = m->size;
	return 0;
}

int archive_open(const struct image_archive *ar, const char *name, struct archive_file *out,
                 struct err *e)
{
	return ar->is_tar ? open_in_tar(ar, name, out, e) : open_in_folder(ar, name, out, e);
}

int archive_read(const struct image_archive *ar, const char *name, size_t limit, struct arena *a,
                 struct slice *out, struct err *e)
{
	_cleanup_close_ int fd = -1;
	struct archive_file f = { .fd = -1 };
	char *text;

	if (archive_open(ar, name, &f, e) < 0)
		return -1;
	fd = f.fd;
	if (f.size > (int64_t)limit)
		return err_set(e, ERR_EXHAUSTED, "%s of %lld bytes is more than %zu", name,
		               (long long)f.size, limit);
	text = arena_alloc(a, (size_t)f.size + 1);
	if (pread(fd, text, (size_t)f.size, f.offset) != f.size)
		return err_set(e, ERR_DATA_LOSS, "%s cannot be read whole", name);
	*out = (struct slice){ text, (size_t)f.size };
	return 0;
}

/* ---- the source ---- */

static const char *file_of(struct image_archive *ar, struct arena *a, const char *digest)
{
	for (size_t i = 0; i < ar->blobs.n; i++)
		if (str_eq(ar->blobs.v[i].digest, digest))
			return ar->blobs.v[i].file;
	return arena_printf(a, "blobs/sha256/%s", digest_hex(digest));
}

static int source_document(struct image_source *s, const struct oci_descriptor *d, struct arena *a,
                           struct slice *out, struct err *e)
{
	struct image_archive *ar = container_of(s, struct image_archive, source);

	for (size_t i = 0; i < ar->documents.n; i++)
		if (str_eq(ar->documents.v[i].digest, d->digest)) {
			*out = ar->documents.v[i].text;
			return 0;
		}
	return archive_read(ar, file_of(ar, a, d->digest), (size_t)d->size, a, out, e);
}

static int source_open(struct image_source *s, const struct oci_descriptor *d, int64_t offset,
                       struct blob_stream *out, struct err *e)
{
	_cleanup_arena_ struct arena a = { 0 };
	struct image_archive *ar = container_of(s, struct image_archive, source);
	struct archive_file f;

	if (archive_open(ar, file_of(ar, &a, d->digest), &f, e) < 0)
		return -1;
	*out = (struct blob_stream){ .fd = f.fd, .left = MAX(f.size - offset, 0) };
	if (lseek(f.fd, f.offset + offset, SEEK_SET) >= 0)
		return 0;
	(void)err_errno(e, errno, "seek in archive");
	fd_close(&out->fd);
	return -1;
}

static int source_close(struct image_source *s unused_arg, struct blob_stream *b,
                        struct err *e unused_arg)
{
	fd_close(&b->fd);
	return 0;
}

static const struct image_source_ops source_ops = {
	.document = source_document,
	.open = source_open,
	.close = source_close,
};

/* ---- an OCI layout ---- */

/* What the annotations say of the name; a bare tag is none. */
static const char *layout_name(struct arena *a, const struct oci_descriptor *d)
{
	const char *name = json_map_get(&d->annotations, ANNOTATION_IMAGE_NAME);
	struct reference r;

	if (str_empty(name))
		name = json_map_get(&d->annotations, ANNOTATION_REF_NAME);
	if (str_empty(name) || !name[strcspn(name, ":/")] || reference_parse(a, name, &r, NULL) < 0)
		return NULL;
	reference_default_tag(&r);
	return reference_text(a, &r);
}

static int read_layout(struct image_archive *ar, struct err *e)
{
	struct slice text;
	struct oci_layout layout;
	struct oci_index index;

	if (archive_read(ar, "oci-layout", LIMIT_SMALL_FILE, &ar->arena, &text, e) < 0 ||
	    json_decode(&ar->arena, &oci_layout_type, text, &layout, e) < 0)
		return err_wrap(e, "oci-layout");
	if (!str_starts(layout.version, "1."))
		return err_set(e, ERR_UNIMPLEMENTED, "image layout version %s is not known",
		               layout.version);
	if (archive_read(ar, "index.json", LIMIT_MANIFEST_BYTES, &ar->arena, &text, e) < 0 ||
	    json_decode(&ar->arena, &oci_index_type, text, &index, e) < 0)
		return err_wrap(e, "index.json");
	for (size_t i = 0; i < index.manifests.n; i++) {
		const struct oci_descriptor *d = &index.manifests.v[i];
		struct archived_image image = { layout_name(&ar->arena, d), *d };

		if (!digest_is_sha256(d->digest) || d->size < 0)
			return err_set(e, ERR_INVALID, "index.json: invalid descriptor %s",
			               d->digest);
		arena_push(&ar->arena, &ar->images, image);
	}
	return 0;
}

/* ---- opening ---- */

static bool has(const struct image_archive *ar, const char *name)
{
	struct archive_file f = { .fd = -1 };
	bool there = archive_open(ar, name, &f, NULL) == 0;

	fd_close(&f.fd);
	return there;
}

static int read_all(struct image_archive *ar, struct err *e)
{
	if (ar->is_tar && tar_index_read(ar->root, &ar->arena, &ar->index, e) < 0)
		return -1;
	if (has(ar, "oci-layout"))
		return read_layout(ar, e);
	if (has(ar, "manifest.json"))
		return archive_read_docker(ar, e);
	return err_set(e, ERR_INVALID, "neither an OCI image layout nor an archive of docker save");
}

struct image_archive *image_archive_take(int fd, struct err *e)
{
	struct image_archive *ar = xalloc(sizeof(*ar));
	struct stat st;

	ar->source.ops = &source_ops;
	ar->root = fd;
	if (fstat(fd, &st) < 0) {
		(void)err_errno(e, errno, "stat");
	} else {
		ar->is_tar = !S_ISDIR(st.st_mode);
		if (read_all(ar, e) == 0)
			return ar;
	}
	image_archive_free(ar);
	return NULL;
}

struct image_archive *image_archive_open(const char *path, struct err *e)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct image_archive *ar = NULL;

	if (fd < 0)
		(void)err_errno(e, errno, "open");
	else
		ar = image_archive_take(fd, e);
	if (!ar)
		(void)err_wrap(e, "%s", path);
	return ar;
}

void image_archive_free(struct image_archive *ar)
{
	if (!ar)
		return;
	fd_close(&ar->root);
	arena_free(&ar->arena);
	free(ar);
}

const struct archived_images *image_archive_images(const struct image_archive *ar)
{
	return &ar->images;
}

struct image_source *image_archive_source(struct image_archive *ar)
{
	return &ar->source;
}

bool image_archive_is_likely(int dirfd, const char *name)
{
	char path[512];

	if (name[0] == '.')
		return false;
	if (str_ends(name, ".tar"))
		return true;
	return snprintf(path, sizeof(path), "%s/oci-layout", name) < (int)sizeof(path) &&
	       faccessat(dirfd, path, R_OK, 0) == 0;
}
