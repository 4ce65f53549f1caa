/* A layer's tar becomes a directory tree: entries to files, whiteouts to overlayfs's. */
#ifndef UNPACK_LAYER_H
#define UNPACK_LAYER_H

#include <stdbool.h>
#include "base/err.h"
#include "helpers/unpack/stream.h"
#include "helpers/unpack/tree.h"

/*
 * Unpacks all of the stream into the tree; `lowest` says that no layer lies below. An error names
 * the entry. Bytes behind the end of the archive belong to the digest and are read, not looked at.
 */
int layer_apply(struct stream *s, struct tree *t, bool lowest, struct err *e) must_check;

#endif
