/* A layer's tar becomes a directory tree: entries to files, whiteouts to overlayfs's. */
#ifndef UNPACK_LAYER_H
#define UNPACK_LAYER_H

#include <stdbool.h>
#include <sys/types.h>
#include "base/err.h"
#include "helpers/unpack/stream.h"
#include "helpers/unpack/tree.h"

struct layer_options {
	bool lowest; /* no layer lies below */
	/* For a tar that is no layer (`docker cp`): */
	bool plain;        /* names of whiteouts are names */
	bool keep_kinds;   /* a directory is not replaced by something else, nor the other way */
	const char *below; /* where in the tree, without a slash at either end; NULL: its root */
	bool owner;        /* everything belongs to uid:gid */
	uid_t uid;
	gid_t gid;
};

/*
 * Unpacks all of the stream into the tree. An error names the entry. Bytes behind the end of the archive belong to the digest and are read, not looked at.
 */
int layer_apply(struct stream *s, struct tree *t, const struct layer_options *o, struct err *e)
        must_check;

#endif
