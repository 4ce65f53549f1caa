/* See dir_size.h. Only files with several links are remembered, to count them once. */
#include "engine/dir_size.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include "base/fd.h"
#include "base/file.h"
#include "base/limits.h"
#include "base/map.h"

struct count {
	int64_t bytes;
	int depth;
	struct map linked; /* "dev:ino" of files with several links */
};

static bool is_new(struct count *c, const struct stat *st)
{
	char key[48];

	if (st->st_nlink < 2)
		return true;
	snprintf(key, sizeof(key), "%llu:%llu", (unsigned long long)st->st_dev,
	         (unsigned long long)st->st_ino);
	return map_set(&c->linked, key, c) == NULL;
}

static int add(void *arg, int dirfd, const char *name)
{
	struct count *c = arg;
	struct err ignored;
	struct stat st;

	if (fstatat(dirfd, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return 0;
	if (!S_ISDIR(st.st_mode)) {
		c->bytes += is_new(c, &st) ? st.st_size : 0;
		return 0;
	}
	if (c->depth < LIMIT_TREE_DEPTH) {
		_cleanup_close_ int fd =
		        openat(dirfd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

		c->depth++;
		if (fd >= 0)
			(void)!dir_each(fd, ".", add, c, &ignored);
		c->depth--;
	}
	return 0;
}

int64_t dir_size(const char *path)
{
	struct count c = { 0 };
	struct err ignored;

	(void)!dir_each(AT_FDCWD, path, add, &c, &ignored);
	map_free(&c.linked);
	return c.bytes;
}
