/* Looking a program up in the container, with the error texts that Docker and containerd read. */
#ifndef LIBCONTAINER_PROGRAM_H
#define LIBCONTAINER_PROGRAM_H

#include "base/arena.h"
#include "base/err.h"

/* `name` as it is when it has a slash, else in `search` (a PATH; NULL is empty). NULL on failure. */
const char *program_find(struct arena *a, const char *name, const char *search, struct err *e);

#endif
