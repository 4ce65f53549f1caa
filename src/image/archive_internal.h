/* What archive.c and archive_docker.c share. */
#ifndef IMAGE_ARCHIVE_INTERNAL_H
#define IMAGE_ARCHIVE_INTERNAL_H

#include "image/archive.h"
#include "image/tar_index.h"

/* A blob that does not lie where an OCI layout has it. */
struct archive_blob {
	const char *digest, *file;
};

/* A document that we made. */
struct archive_document {
	const char *digest;
	struct slice text;
};

struct image_archive {
	struct image_source source;
	struct arena arena;
	int root; /* a folder, or the tar */
	bool is_tar;
	struct tar_index index;
	struct archived_images images;
	struct {
		size_t n;
		struct archive_blob *v;
	} blobs;
	struct {
		size_t n;
		struct archive_document *v;
	} documents;
};

struct archive_file {
	int fd; /* the caller's */
	int64_t offset, size;
};

int archive_open(const struct image_archive *ar, const char *name, struct archive_file *out,
                 struct err *e) must_check;
int archive_read(const struct image_archive *ar, const char *name, size_t limit, struct arena *a,
                 struct slice *out, struct err *e) must_check;

/* Reads manifest.json. */
int archive_read_docker(struct image_archive *ar, struct err *e) must_check;

#endif
