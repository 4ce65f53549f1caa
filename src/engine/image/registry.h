/* Registries as the engine reaches them: with its configuration and what `docker login` knows. */
#ifndef ENGINE_IMAGE_REGISTRY_H
#define ENGINE_IMAGE_REGISTRY_H

#include "api/auth.h"
#include "engine/image/progress.h"
#include "image/registry.h"
#include "oci/reference.h"

/* Reads the header X-Registry-Auth; nothing, or {}, is nobody. */
int api_registry_auth(struct api_call *c, struct registry_auth *out, struct err *e) must_check;

/*
 * The registry of a reference. `push`: to write there. What takes long ends when the client of
 * `watch` (or NULL) goes away. The caller frees it.
 */
struct registry *image_registry_open(struct engine *g, const struct reference *ref,
                                     const struct registry_auth *auth, bool push,
                                     struct progress *watch, struct err *e) must_check;

#endif
