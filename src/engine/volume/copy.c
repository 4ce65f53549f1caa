/*
 * Copying what an image has at a mount into a volume: all kinds of files with owner, mode, extended
 * attributes, times and hard links between them. Both trees are walked by descriptor and no symlink
 * is followed. The source is an image's, so nobody changes it meanwhile.
 */
#include "engine/volume/internal.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/limits.h>
#include <stdio.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>
#include "base/fd.h"
#include "base/file.h"
#include "base/limits.h"

/* All of one copy, and where it is at the moment. */
struct copy {
	struct arena a;
	struct map links; /* "dev:ino" of files with several names -> the copy's path below `top` */
	int top, to;      /* `to`: the directory that is being filled */
	const char *prefix; /* of `to` below `top`: "" or "a/b/" */
	int depth;
	char *names, *value; /* buffers for attributes */
	struct err *e;
};

/* ---- attributes ---- */

struct place {
	char path[64 + NAME_MAX];
};

/* By way of the descriptor's name: there are no calls that take a directory and a name. */
static struct place place_of(int dirfd, const char *name)
{
	struct place p;

	snprintf(p.path, sizeof(p.path), "/proc/self/fd/%d/%s", dirfd, name);
	return p;
}

static int copy_xattr(struct copy *c, const char *from, const char *to, const char *name)
{
	ssize_t n = lgetxattr(from, name, c->value, XATTR_SIZE_MAX);

	if (n >= 0 && lsetxattr(to, name, c->value, (size_t)n, 0) == 0)
		return 0;
	if (errno == ENOTSUP || errno == ENODATA || (errno == EPERM && str_starts(name, "user.")))
		return 0; /* what the volume's file system cannot hold */
	return err_errno(c->e, errno, "copy attribute %s", name);
}

static int copy_xattrs(struct copy *c, const char *from, const char *to)
{
	ssize_t n = llistxattr(from, c->names, XATTR_LIST_MAX);

	if (n < 0)
		return errno == ENOTSUP ? 0 : err_errno(c->e, errno, "list attributes");
	for (const char *name = c->names; name < c->names + n; name += strlen(name) + 1)
		if (copy_xattr(c, from, to, name) < 0)
			return -1;
	return 0;
}

/* A change of owner clears set-id bits and file capabilities: it comes first, times come last. */
static int copy_meta(struct copy *c, int from, int to, const char *name, const struct stat *st)
{
	const struct timespec times[2] = { st->st_atim, st->st_mtim };

	if (fchownat(to, name, st->st_uid, st->st_gid, AT_SYMLINK_NOFOLLOW) < 0 ||
	    (!S_ISLNK(st->st_mode) && fchmodat(to, name, st->st_mode & 07777, 0) < 0))
		return err_errno(c->e, errno, "copy owner and mode");
	if (copy_xattrs(c, place_of(from, name).path, place_of(to, name).path) < 0)
		return -1;
	if (utimensat(to, name, times, AT_SYMLINK_NOFOLLOW) < 0)
		return err_errno(c->e, errno, "copy times");
	return 0;
}

/* ---- one file of each kind ---- */

static int copy_bytes(struct copy *c, int from, const char *name)
{
	_cleanup_close_ int in = openat(from, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	_cleanup_close_ int out = -1;
	ssize_t n;

	if (in < 0)
		return err_errno(c->e, errno, "open");
	out = openat(c->to, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (out < 0)
		return err_errno(c->e, errno, "create");
	while ((n = sendfile(out, in, NULL, 1 << 20)) > 0)
		;
	return n < 0 ? err_errno(c->e, errno, "copy") : 0;
}

static int copy_link(struct copy *c, int from, const char *name)
{
	char text[PATH_MAX];
	ssize_t n = readlinkat(from, name, text, sizeof(text) - 1);

	if (n < 0)
		return err_errno(c->e, errno, "read link");
	text[n] = '\0';
	return symlinkat(text, c->to, name) < 0 ? err_errno(c->e, errno, "make link") : 0;
}

static int copy_below(struct copy *c, int from);

static int copy_dir(struct copy *c, int from, const char *name)
{
	_cleanup_close_ int in =
	        openat(from, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	_cleanup_close_ int out = -1;
	struct copy up = *c;
	int r;

	if (in < 0 || mkdirat(c->to, name, 0700) < 0)
		return err_errno(c->e, errno, "make directory");
	out = openat(c->to, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (out < 0)
		return err_errno(c->e, errno, "open directory");
	if (c->depth == LIMIT_TREE_DEPTH)
		return err_set(c->e, ERR_EXHAUSTED, "more than %d directories deep",
		               LIMIT_TREE_DEPTH);
	c->to = out;
	c->prefix = arena_printf(&c->a, "%s%s/", c->prefix, name);
	c->depth++;
	r = copy_below(c, in);
	c->to = up.to;
	c->prefix = up.prefix;
	c->depth--;
	return r;
}

static int copy_special(struct copy *c, const char *name, const struct stat *st)
{
	return mknodat(c->to, name, st->st_mode & S_IFMT, st->st_rdev) < 0
	               ? err_errno(c->e, errno, "make device, fifo or socket")
	               : 0;
}

/* ---- the walk ---- */

/* 1: it is another name of a file that is there already. */
static int link_again(struct copy *c, const char *name, const struct stat *st)
{
	char key[48];
	const char *first;

	if (S_ISDIR(st->st_mode) || st->st_nlink < 2)
		return 0;
	snprintf(key, sizeof(key), "%llu:%llu", (unsigned long long)st->st_dev,
	         (unsigned long long)st->st_ino);
	first = map_get(&c->links, key);
	if (!first) {
		map_set(&c->links, key, arena_printf(&c->a, "%s%s", c->prefix, name));
		return 0;
	}
	return linkat(c->top, first, c->to, name, 0) < 0 ? err_errno(c->e, errno, "make hard link")
	                                                 : 1;
}

static int copy_kind(struct copy *c, int from, const char *name, const struct stat *st)
{
	switch (st->st_mode & S_IFMT) {
	case S_IFDIR:
		return copy_dir(c, from, name);
	case S_IFREG:
		return copy_bytes(c, from, name);
	case S_IFLNK:
		return copy_link(c, from, name);
	default:
		return copy_special(c, name, st);
	}
}

static int copy_entry(void *arg, int from, const char *name)
{
	struct copy *c = arg;
	struct stat st;
	int r;

	if (fstatat(from, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return err_errno(c->e, errno, "%s", name);
	r = link_again(c, name, &st);
	if (r > 0)
		return 0;
	if (r == 0 && copy_kind(c, from, name, &st) == 0 &&
	    copy_meta(c, from, c->to, name, &st) == 0)
		return 0;
	return err_wrap(c->e, "%s", name);
}

static int copy_below(struct copy *c, int from)
{
	return dir_each(from, ".", copy_entry, c, c->e) == 0 ? 0 : -1;
}

int volume_copy(int from, int to, struct err *e)
{
	struct copy c = { .top = to, .to = to, .prefix = "", .e = e };
	struct stat st;
	int r = -1;

	c.names = arena_alloc(&c.a, XATTR_LIST_MAX);
	c.value = arena_alloc(&c.a, XATTR_SIZE_MAX);
	if (fstat(from, &st) < 0)
		err_errno(e, errno, "stat");
	else if (copy_below(&c, from) == 0)
		r = copy_meta(&c, from, to, ".", &st);
	map_free(&c.links);
	arena_free(&c.a);
	return r;
}
