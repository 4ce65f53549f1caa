/* Names: random ones for containers ("brisk_heron"), and what a container's or volume's may look like. */
#ifndef ENGINE_CONTAINER_NAMES_H
#define ENGINE_CONTAINER_NAMES_H

#include <stdbool.h>
#include "base/arena.h"

/* "adjective_noun", with a digit behind it from the second attempt on. */
char *name_random(struct arena *a, unsigned attempt);

/* [a-zA-Z0-9][a-zA-Z0-9_.-]+ */
bool name_is_valid(const char *name);

#endif
