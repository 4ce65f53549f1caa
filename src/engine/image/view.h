/* What list, inspect and history have in common: an image with its names and its size on disk. */
#ifndef ENGINE_IMAGE_VIEW_H
#define ENGINE_IMAGE_VIEW_H

#include "engine/image/find.h"

struct image_view {
	const char *id;
	struct oci_descriptor target;
	struct strs tags;    /* "busybox:latest" */
	struct strs digests; /* "busybox@sha256:..." */
	int64_t tagged;      /* when a name last changed, ns */
	bool complete;       /* the documents for this machine are there */
	struct image_content content;
	int64_t *layer_sizes; /* unpacked, one a layer */
	int64_t size;         /* layers, packed and unpacked, and documents */
};

/* The image that `digest` is the target of, among all names. */
int image_view(struct engine *g, struct image_store *s, const struct image_names *all,
               const char *digest, struct arena *a, struct image_view *out, struct err *e)
        must_check;

#endif
