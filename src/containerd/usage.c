/* Disk usage of a tree. See usage.h. */
#include "containerd/usage.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/stat.h>
#include "base/fd.h"
#include "base/limits.h"
#include "base/map.h"
#include "base/str.h"

struct usage {
	int64_t size, inodes;
	struct map seen; /* "DEV:INO" of files with several links */
	int depth;
};

static bool seen_before(struct usage *u, const struct stat *st)
{
	char key[48];

	if (S_ISDIR(st->st_mode) || st->st_nlink < 2)
		return false;
	snprintf(key, sizeof(key), "%llx:%llx", (unsigned long long)st->st_dev,
	         (unsigned long long)st->st_ino);
	return map_set(&u->seen, key, u) != NULL;
}

static void count(struct usage *u, const struct stat *st)
{
	if (seen_before(u, st))
		return;
	u->inodes++;
	u->size += st->st_blocks * 512;
}

static int walk(struct usage *u, int dirfd, const char *name, struct err *e);

static int walk_entries(struct usage *u, DIR *d, struct err *e)
{
	struct dirent *de;
	int r = 0;

	while (r == 0 && (de = readdir(d))) {
		struct stat st;

		if (str_eq(de->d_name, ".") || str_eq(de->d_name, "..") ||
		    fstatat(dirfd(d), de->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0)
			continue;
		count(u, &st);
		if (S_ISDIR(st.st_mode))
			r = walk(u, dirfd(d), de->d_name, e);
	}
	return r;
}

/* Recursion is bounded by LIMIT_TREE_DEPTH: one descriptor for each level is open. */
static int walk(struct usage *u, int dirfd, const char *name, struct err *e)
{
	int fd = openat(dirfd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC), r;
	DIR *d = fd < 0 ? NULL : fdopendir(fd);

	if (!d && errno == ENOENT && u->depth > 0)
		return 0;
	if (!d) {
		int saved = errno;

		fd_close(&fd);
		return err_errno(e, saved, "read directory %s", name);
	}
	if (++u->depth > LIMIT_TREE_DEPTH)
		r = err_set(e, ERR_EXHAUSTED, "directory %s: nested too deeply", name);
	else
		r = walk_entries(u, d, e);
	u->depth--;
	closedir(d);
	return r;
}

int usage_of_tree(int dirfd, const char *name, int64_t *size, int64_t *inodes, struct err *e)
{
	struct usage u = { 0 };
	struct stat st;
	int r;

	if (fstatat(dirfd, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return err_errno(e, errno, "stat %s", name);
	count(&u, &st);
	r = walk(&u, dirfd, name, e);
	map_free(&u.seen);
	*size = u.size;
	*inodes = u.inodes;
	return r;
}
