/* One entry of a layer becomes a file. What layer.c and entry.c share. */
#ifndef UNPACK_ENTRY_H
#define UNPACK_ENTRY_H

#include <archive.h>
#include <archive_entry.h>
#include "helpers/unpack/layer.h"

struct layer {
	struct stream *stream;
	struct err stream_err; /* why the last read failed */
	struct archive *tar;
	struct tree *tree;
	const struct layer_options *o;
};

/* One entry on its way into the tree. */
struct entry {
	struct archive_entry *ae;
	struct arena arena;
	const char *path; /* cleaned */
	const char *base;
	int dir; /* borrowed from the tree */
	struct meta meta;
};

/* Makes the file, or applies the whiteout; `en` is not the root. */
int entry_make(struct layer *l, struct entry *en, struct err *e) must_check;

/* A name or a link's target in the tar as a path in the tree. */
char *layer_path(const struct layer *l, struct arena *a, const char *name);

/* Why libarchive cannot go on. */
int layer_tar_failed(struct layer *l, struct err *e);

#endif
