/* Pushing an image: from a name in containerd to a registry, with the progress that clients draw. */
#ifndef ENGINE_IMAGE_PUSH_H
#define ENGINE_IMAGE_PUSH_H

#include "engine/image/registry.h"

/* A reference without a tag pushes all tags of its repository. */
int image_push(struct engine *g, const struct reference *ref, const struct registry_auth *auth,
               struct progress *p, struct err *e) must_check;

#endif
