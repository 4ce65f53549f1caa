/*
 * The documents of the images that were looked at last. They are named by digests and never change,
 * so nothing here can be out of date; whether an image is there, its name says (find.h).
 * It spares every `docker run` two streams from containerd. Thread-safe.
 */
#ifndef ENGINE_IMAGE_CACHE_H
#define ENGINE_IMAGE_CACHE_H

#include "base/arena.h"
#include "oci/image.h"

struct image_cache;

/* The manifest that was chosen for a platform, and its config, as the bytes that they are. */
struct image_documents {
	struct oci_descriptor manifest; /* media type, digest, size */
	struct slice manifest_text, config_text;
};

struct image_cache *image_cache_new(void);

/* Copies into the arena; false when it is not there. `key` is the target's digest and a platform. */
bool image_cache_get(struct image_cache *c, const char *key, struct arena *a,
                     struct image_documents *out);
/* Copies; documents that are unusually large are not kept. */
void image_cache_put(struct image_cache *c, const char *key, const struct image_documents *d);

#endif
