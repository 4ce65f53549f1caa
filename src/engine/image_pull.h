/* Pulling an image: from a reference to a name in containerd, with the progress that clients draw. */
#ifndef ENGINE_IMAGE_PULL_H
#define ENGINE_IMAGE_PULL_H

#include "engine/progress.h"
#include "oci/reference.h"

/* What `docker login` knows; members are NULL when it does not. */
#define REGISTRY_AUTH(F)                           \
	F(STR, username, "username", 0)            \
	F(STR, password, "password", 0)            \
	F(STR, auth, "auth", 0) /* both, base64 */ \
	F(STR, identity_token, "identitytoken", 0) \
	F(STR, registry_token, "registrytoken", 0)
JSON_STRUCT(registry_auth, REGISTRY_AUTH)

/* `ref` has a tag or a digest; `platform` may be "". */
int image_pull(struct engine *g, const struct reference *ref, const char *platform,
               const struct registry_auth *auth, struct progress *p, struct err *e) must_check;

#endif
