/* Directories below the target. See tree.h. */
#include "helpers/unpack/tree.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "base/fd.h"
#include "base/file.h"
#include "base/limits.h"
#include "base/str.h"

#define DIR_FLAGS  (O_RDONLY | O_DIRECTORY | O_CLOEXEC)
#define LINKS_MAX  16 /* dangling symlinks on the way to one directory */
#define MODE_PLAIN 0755

static int open_in(int root, const char *path, int flags)
{
	struct open_how how = {
		.flags = (uint64_t)flags,
		.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS,
	};

	return (int)syscall(SYS_openat2, root, *path ? path : ".", &how, sizeof(how));
}

int tree_open(struct tree *t, const char *target, struct err *e)
{
	*t = (struct tree){ .root = -1, .dir = -1 };
	t->root = open(target, DIR_FLAGS);
	return t->root < 0 ? err_errno(e, errno, "open %s", target) : 0;
}

int tree_add_parent(struct tree *t, const char *dir, struct err *e)
{
	int fd;

	if (t->nparents == TREE_PARENTS_MAX)
		return err_set(e, ERR_EXHAUSTED, "more than %d parent layers", TREE_PARENTS_MAX);
	fd = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return err_errno(e, errno, "open parent layer %s", dir);
	t->parents[t->nparents++] = fd;
	return 0;
}

static void forget_dir(struct tree *t)
{
	fd_close(&t->dir);
	free(t->dir_path);
	t->dir_path = NULL;
}

void tree_close(struct tree *t)
{
	forget_dir(t);
	for (size_t i = 0; i < t->nparents; i++)
		fd_close(&t->parents[i]);
	fd_close(&t->root);
	arena_free(&t->arena);
}

char *tree_clean(struct arena *a, const char *name)
{
	return path_clean(a, arena_printf(a, "/%s", name)) + 1;
}

/* Cuts "a/b/c" into "a/b" and "c"; "c" has the parent "". */
static char *parent_of(struct arena *a, const char *path, const char **base)
{
	const char *slash = strrchr(path, '/');

	*base = slash ? slash + 1 : path;
	return slash ? arena_strndup(a, path, (size_t)(slash - path)) : arena_strdup(a, "");
}

/* The directory's metadata in the topmost lower layer that has the name: 1, or 0 if there is none.
 */
static int inherit(struct tree *t, struct arena *a, const char *path, struct meta *m, struct err *e)
{
	for (size_t i = 0; i < t->nparents; i++) {
		_cleanup_close_ int fd = open_in(t->parents[i], path, DIR_FLAGS | O_NOFOLLOW);

		if (fd >= 0)
			return meta_read(a, fd, m, e) < 0 ? -1 : 1;
		if (errno != ENOENT)
			return 0; /* something else took the name: whiteout, file, link */
	}
	return 0;
}

static int open_or_make(struct tree *t, const char *path, int depth, struct err *e);

/* A symlink to a directory that is not there yet: makes the directory that it names. */
static int make_link_target(struct tree *t, const char *link_dir, int parent, const char *base,
                            int depth, struct err *e)
{
	_cleanup_arena_ struct arena a = { 0 };
	char *to = arena_alloc(&a, PATH_MAX);
	ssize_t n = readlinkat(parent, base, to, PATH_MAX - 1);

	if (n < 0)
		return err_errno(e, errno == EINVAL ? ENOTDIR : errno, "open directory %s/%s",
		                 link_dir, base);
	to = to[0] == '/' ? to : arena_printf(&a, "%s/%s", link_dir, to);
	return open_or_make(t, tree_clean(&a, to), depth + 1, e);
}

static int make_dir(struct tree *t, const char *path, int depth, struct err *e)
{
	_cleanup_arena_ struct arena a = { 0 };
	const char *base, *up = parent_of(&a, path, &base);
	_cleanup_close_ int parent = open_or_make(t, up, depth, e);
	struct meta m = { .mode = MODE_PLAIN };
	int found, fd;

	if (parent < 0)
		return -1;
	if (mkdirat(parent, base, MODE_PLAIN) < 0) {
		if (errno != EEXIST)
			return err_errno(e, errno, "make directory %s", path);
		return make_link_target(t, up, parent, base, depth, e);
	}
	found = inherit(t, &a, path, &m, e);
	if (found < 0)
		return -1;
	if (found)
		tree_set_late(t, path, &m);
	fd = openat(parent, base, DIR_FLAGS | O_NOFOLLOW);
	return fd < 0 ? err_errno(e, errno, "open directory %s", path) : fd;
}

static int open_or_make(struct tree *t, const char *path, int depth, struct err *e)
{
	int fd = open_in(t->root, path, DIR_FLAGS);

	if (fd >= 0)
		return fd;
	if (errno != ENOENT || depth > LINKS_MAX)
		return err_errno(e, errno, "open directory %s", path);
	return make_dir(t, path, depth, e);
}

int tree_dir(struct tree *t, const char *path, struct err *e)
{
	int fd;

	if (t->dir_path && str_eq(t->dir_path, path))
		return t->dir;
	fd = open_or_make(t, path, 0, e);
	if (fd < 0)
		return -1;
	forget_dir(t);
	t->dir = fd;
	t->dir_path = strdup(path);
	return fd;
}

int tree_clear(struct tree *t, int dir, const char *base, struct err *e)
{
	free(t->dir_path); /* what is removed may lie on its path */
	t->dir_path = NULL;
	return tree_remove(dir, base, e);
}

void tree_set_late(struct tree *t, const char *path, const struct meta *m)
{
	struct late_dir d = { arena_strdup(&t->arena, path), meta_copy(&t->arena, m) };

	arena_push(&t->arena, &t->late, d);
}

static int finish_dir(struct tree *t, const struct late_dir *d, struct err *e)
{
	_cleanup_close_ int fd = open_in(t->root, d->path, DIR_FLAGS | O_NOFOLLOW);

	if (fd < 0 && (errno == ENOENT || errno == ENOTDIR || errno == ELOOP))
		return 0; /* a later entry took its place */
	if (fd < 0)
		return err_errno(e, errno, "open directory %s", d->path);
	return meta_apply(fd, &d->meta, MODE_UNKNOWN, e) < 0 ? err_wrap(e, "directory %s", d->path)
	                                                     : 0;
}

int tree_finish(struct tree *t, struct err *e)
{
	for (size_t i = 0; i < t->late.n; i++)
		if (finish_dir(t, &t->late.v[i], e) < 0)
			return -1;
	return 0;
}
