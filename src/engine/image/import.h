/* `docker import`: a tar of a root file system becomes an image of one layer. */
#ifndef ENGINE_IMAGE_IMPORT_H
#define ENGINE_IMAGE_IMPORT_H

#include "engine/image/progress.h"

/* The body of POST /images/create?fromSrc=-, and what else the query says. Answers. */
int image_import(struct api_call *c, struct err *e) must_check;

#endif
