/* Pulling an image: from a reference to a name in containerd, with the progress that clients draw. */
#ifndef ENGINE_IMAGE_PULL_H
#define ENGINE_IMAGE_PULL_H

#include "engine/image/registry.h"

/* `ref` has a tag or a digest; `platform` may be "". */
int image_pull(struct engine *g, const struct reference *ref, const char *platform,
               const struct registry_auth *auth, struct progress *p, struct err *e) must_check;

#endif
