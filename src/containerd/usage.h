/* What a tree costs on disk: its blocks and inodes, hard links counted once. */
#ifndef CONTAINERD_USAGE_H
#define CONTAINERD_USAGE_H

#include <stdint.h>
#include "base/err.h"

/* Does not follow symbolic links. Files that vanish meanwhile are not counted. */
int usage_of_tree(int dirfd, const char *name, int64_t *size, int64_t *inodes, struct err *e)
        must_check;

#endif
