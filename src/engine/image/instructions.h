/*
 * `--change` of import and commit: instructions of a Dockerfile that change an image's config. The
 * Dockerfile reference has their grammar.
 */
#ifndef ENGINE_IMAGE_INSTRUCTIONS_H
#define ENGINE_IMAGE_INSTRUCTIONS_H

#include "oci/image.h"

/* Each of `changes` has an instruction a line. ERR_INVALID names the instruction. */
int image_apply_changes(struct arena *a, const struct strs *changes, struct oci_image_params *p,
                        struct err *e) must_check;

#endif
