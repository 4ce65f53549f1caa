/*
 * Images by name and id, and what is behind a name. An image's id is the digest of its target, the
 * index or manifest that its names point to (as with Docker's containerd image store); several names
 * may share one.
 */
#ifndef ENGINE_IMAGE_FIND_H
#define ENGINE_IMAGE_FIND_H

#include "engine/engine.h"
#include "engine/image/store.h"
#include "oci/image.h"

/* A row of containerd's images service. */
struct image_name {
	const char *name; /* "docker.io/library/busybox:latest" */
	struct oci_descriptor target;
	int64_t updated; /* ns */
};
struct image_names {
	size_t n;
	struct image_name *v;
};

int image_names(struct engine *g, struct arena *a, struct image_names *out, struct err *e)
        must_check;

/*
 * What a user calls an image: a reference, or an id or the unique beginning of one (which loses to a
 * name that reads the same). "No such image: busybox:latest".
 */
int image_find(struct engine *g, const char *ref, struct arena *a, struct image_name *out,
               struct err *e) must_check;

/* Was it an id, or its beginning, that found the image? */
bool image_found_by_id(const struct image_name *found, const char *ref);

/* The documents of an image for one platform (NULL: this machine's). */
struct image_content {
	struct oci_descriptor manifest_descriptor;
	struct oci_manifest manifest;
	struct oci_image config;
	const char **chains; /* one a layer */
};
int image_content(struct engine *g, struct image_store *s, const struct oci_descriptor *target,
                  const struct oci_platform *platform, struct arena *a, struct image_content *out,
                  struct err *e) must_check;

#endif
