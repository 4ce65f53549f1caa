/* Archives of images come in: OCI layouts, and what `docker save` writes. */
#ifndef ENGINE_IMAGE_LOAD_H
#define ENGINE_IMAGE_LOAD_H

#include "engine/image/progress.h"

/* Takes `fd`, an uncompressed tar. `quiet`: without the layers' progress. */
int image_load(struct engine *g, int fd, bool quiet, struct progress *progress, struct err *e)
        must_check;

#endif
