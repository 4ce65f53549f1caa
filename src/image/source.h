/*
 * Where images come from: a registry (image/registry.h) or an archive (image/archive.h).
 * Nothing that a source gives is trusted: whoever reads checks sizes and digests.
 */
#ifndef IMAGE_SOURCE_H
#define IMAGE_SOURCE_H

#include "base/arena.h"
#include "base/str.h"
#include "oci/image.h"

struct image_source;

/* The bytes of a blob on their way. */
struct blob_stream {
	int fd;       /* to read from; belongs to the stream */
	int64_t left; /* how many bytes belong to the blob; -1: all until end of file */
	void *user;
};

struct image_source_ops {
	/* A manifest or an index by digest, a config: a small blob, whole, at most d->size bytes. */
	int (*document)(struct image_source *s, const struct oci_descriptor *d, struct arena *a,
	                struct slice *out, struct err *e);

	/* The blob from `offset` on. May be called by several threads at once. */
	int (*open)(struct image_source *s, const struct oci_descriptor *d, int64_t offset,
	            struct blob_stream *out, struct err *e);
	/* Ends it. After the last byte: did all arrive? Before: the rest is not wanted. */
	int (*close)(struct image_source *s, struct blob_stream *b, struct err *e);
};

struct image_source {
	const struct image_source_ops *ops;
	const char *host, *repository; /* a registry's, for labels; or NULL */
};

#endif
