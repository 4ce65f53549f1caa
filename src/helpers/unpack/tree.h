/*
 * The directory that a layer is unpacked into, walked by descriptor so that nothing outside of it
 * is ever reached: names are cleaned, and openat2(RESOLVE_IN_ROOT) follows the layer's own
 * symlinks.
 */
#ifndef UNPACK_TREE_H
#define UNPACK_TREE_H

#include <stdbool.h>
#include "base/arena.h"
#include "base/err.h"
#include "helpers/unpack/meta.h"

#define TREE_PARENTS_MAX 512 /* lower layers; overlayfs allows 500 */

/* A directory whose metadata is set last: files that come later would change its times. */
struct late_dir {
	const char *path;
	struct meta meta;
};

struct tree {
	int root; /* owned */
	size_t nparents;
	int parents[TREE_PARENTS_MAX]; /* lower layers, topmost first; owned */
	struct arena arena;            /* holds what `late` points to */
	struct late_dirs {
		size_t n;
		struct late_dir *v;
	} late;
	char *dir_path; /* the directory opened last, owned; NULL: none */
	int dir;
};

int tree_open(struct tree *t, const char *target, struct err *e) must_check;
int tree_add_parent(struct tree *t, const char *dir, struct err *e) must_check;
void tree_close(struct tree *t);

/* "a/./b/", "/a/b" and "../a/b" are "a/b"; the root is "". */
char *tree_clean(struct arena *a, const char *name);

/*
 * The directory `path` (cleaned), borrowed until the next call. Missing ones are made, each like
 * its namesake in the lower layers, so that it does not shadow their mode and owner.
 */
int tree_dir(struct tree *t, const char *path, struct err *e) must_check;

/* Makes way for a new entry; `dir` stays valid. */
int tree_clear(struct tree *t, int dir, const char *base, struct err *e) must_check;

void tree_set_late(struct tree *t, const char *path, const struct meta *m); /* copies */
int tree_finish(struct tree *t, struct err *e) must_check; /* applies what was set late */

#endif
