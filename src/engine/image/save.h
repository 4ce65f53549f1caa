/* Images go out as an archive: an OCI layout that is also what older `docker load`s read. */
#ifndef ENGINE_IMAGE_SAVE_H
#define ENGINE_IMAGE_SAVE_H

#include "engine/engine.h"
#include "image/tar_write.h"

struct image_save;

/* What these names (or ids) stand for. ERR_NOT_FOUND as for other commands. */
struct image_save *image_save_open(struct engine *g, const struct strs *names, struct err *e)
        must_check;
void image_save_free(struct image_save *s);

int image_save_write(struct image_save *s, struct tar_writer *w, struct err *e) must_check;

#endif
