/*
 * Images that are made here (import, commit): a config and a manifest of ours around one new layer,
 * installed as any other image.
 */
#ifndef ENGINE_IMAGE_MAKE_H
#define ENGINE_IMAGE_MAKE_H

#include "engine/image/find.h"

struct image_draft {
	struct arena *arena;
	struct oci_image config;   /* what the image is based on, changed; the new layer is added */
	struct oci_manifest base;  /* whose layers are below; zero: there is nothing below */
	struct oci_history said;   /* about the new layer */
	struct oci_descriptor top; /* the new layer, if it is in the store already ... */
	int tar;                   /* ... else this file, a tar; -1 */
	const char *name;          /* "docker.io/library/made:latest", or NULL */
};

/* *id lives in the draft's arena. */
int image_make(struct engine *g, struct image_draft *d, struct image_store *s, const char **id,
               struct err *e) must_check;

/* The "repo" and "tag" that a client gives: a full name, or NULL when there is no repo. */
int image_make_name(struct arena *a, const char *repo, const char *tag, const char **name,
                    struct err *e) must_check;

#endif
