/* Making a container: everything that `docker create` does. */
#ifndef ENGINE_CONTAINER_CREATE_H
#define ENGINE_CONTAINER_CREATE_H

#include "engine/container/container.h"

/*
 * `name` may be empty (a random one is found), `platform` too. When this returns the container is
 * on disk. A reference; NULL on failure, and then nothing is left behind.
 */
struct container *container_create(struct engine *g, const char *name, const char *platform,
                                   const struct api_create *body, struct arena *a,
                                   struct strs *warnings, struct err *e) must_check;

int container_rename(struct container *c, const char *name, struct err *e) must_check;

/* The folder of what belongs to one container in the data root, or a file in it. */
char *container_path(struct engine *g, struct arena *a, const char *id, const char *file);
char *container_log_path(struct engine *g, struct arena *a, const char *id);

#endif
