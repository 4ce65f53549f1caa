/*
 * Images in files: an OCI image layout (a folder, or a tar of one), or what `docker save` has
 * written since 2014 (a tar with manifest.json). An archive is an image_source.
 */
#ifndef IMAGE_ARCHIVE_H
#define IMAGE_ARCHIVE_H

#include "image/source.h"

struct image_archive;

struct archived_image {
	const char *name; /* "docker.io/library/busybox:latest", or NULL */
	struct oci_descriptor target;
};
struct archived_images {
	size_t n;
	struct archived_image *v;
};

/* `path` is a folder or an uncompressed tar. What it names stays valid until image_archive_free. */
struct image_archive *image_archive_open(const char *path, struct err *e) must_check;
/* The same of an open file, which it takes. */
struct image_archive *image_archive_take(int fd, struct err *e) must_check;
void image_archive_free(struct image_archive *ar);

const struct archived_images *image_archive_images(const struct image_archive *ar);
struct image_source *image_archive_source(struct image_archive *ar);

/* Could this folder entry be an archive? A folder with an oci-layout, or a name that ends in .tar. */
bool image_archive_is_likely(int dirfd, const char *name);

#endif
