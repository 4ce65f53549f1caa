/*
 * Where the files of an uncompressed tar lie, for archives that hold images: names, offsets, sizes.
 * Reads headers only. Understands ustar, GNU long names and the path, linkpath and size of PAX.
 */
#ifndef IMAGE_TAR_INDEX_H
#define IMAGE_TAR_INDEX_H

#include <stdint.h>
#include "base/arena.h"
#include "base/err.h"

struct tar_member {
	const char *name; /* cleaned: no "./", no trailing slash */
	const char *link; /* of a symlink or hard link: cleaned, as a name in the tar; or NULL */
	int64_t offset, size;
};
struct tar_index {
	size_t n;
	struct tar_member *v;
};

/* `fd` is a regular file. Symlinks and hard links are resolved by tar_find. */
int tar_index_read(int fd, struct arena *a, struct tar_index *out, struct err *e) must_check;

/* NULL when there is no such file. */
const struct tar_member *tar_find(const struct tar_index *x, const char *name);

#endif
