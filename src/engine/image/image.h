/*
 * Images as the rest of the engine sees them. The files behind it are image_*.c; the bytes are
 * containerd's (content store, images service, snapshots).
 */
#ifndef ENGINE_IMAGE_IMAGE_H
#define ENGINE_IMAGE_IMAGE_H

#include "engine/engine.h"
#include "oci/image.h"

/* One image for one platform. */
struct image {
	const char *id;       /* "sha256:...", what `docker images` and inspect show */
	const char *name;     /* containerd's name: "docker.io/library/busybox:latest" */
	const char *snapshot; /* the key (chain id) that containers are made on */
	struct oci_image config;
};

/*
 * Finds by reference ("busybox", "host:5000/a/b:tag", "name@sha256:..."), id or unique prefix of an
 * id; `platform` ("linux/arm64") may be NULL or "". Lives in the arena. Its layers are unpacked
 * when this returns. "No such image: busybox:latest" (ERR_NOT_FOUND).
 */
int image_get(struct engine *g, const char *ref, const char *platform, struct arena *a,
              struct image *out, struct err *e) must_check;

/* How many there are, for `docker info`. */
int image_count(struct engine *g, int64_t *out, struct err *e) must_check;

/*
 * At start: removes what a killed engine left half-unpacked, and loads the archives and layouts of the
 * preload folder whose names are not in the store yet.
 */
int image_preload(struct engine *g, struct err *e) must_check;

#endif
