/* Paths inside an untrusted root. See inroot.h. */
#include "libcontainer/inroot.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "base/arena.h"
#include "base/fd.h"
#include "base/file.h"

#define MAX_LINKS 40
#define MAX_RACES 64 /* EAGAIN: a rename happened while the kernel walked */

int inroot_try(int root, const char *path, int flags)
{
	struct open_how how = {
		.flags = (unsigned)flags | O_CLOEXEC,
		.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS,
	};
	int fd;

	for (int i = 0; i < MAX_RACES; i++) {
		fd = (int)syscall(SYS_openat2, root, *path ? path : "/", &how, sizeof(how));
		if (fd >= 0 || (errno != EAGAIN && errno != EINTR))
			return fd;
	}
	return -1;
}

int inroot_open(int root, const char *path, int flags, struct err *e)
{
	int fd = inroot_try(root, path, flags);

	return fd < 0 ? err_errno(e, errno, "open %s in the root file system", path) : fd;
}

/* Splits a clean path; "/a" and "a" have the parent "/". */
static const char *split(struct arena *a, const char *clean, const char **name)
{
	const char *slash = strrchr(clean, '/');

	*name = slash ? slash + 1 : clean;
	return slash && slash > clean ? arena_strndup(a, clean, (size_t)(slash - clean)) : "/";
}

/* Where a symlink at dir/name leads, as a path below the root; NULL when it is no symlink. */
static const char *link_target(struct arena *a, int dir, const char *parent, const char *name)
{
	char text[PATH_MAX];
	ssize_t n = readlinkat(dir, name, text, sizeof(text) - 1);

	if (n < 0)
		return NULL;
	text[n] = '\0';
	return path_clean(a, text[0] == '/' ? text : path_join(a, parent, text));
}

static int mkdir_all(struct arena *a, int root, const char *path, mode_t mode, int links,
                     struct err *e)
{
	_cleanup_close_ int dir = -1;
	const char *parent, *name, *target;
	int fd = inroot_try(root, path, O_PATH | O_DIRECTORY);

	if (fd >= 0)
		return fd;
	if (errno != ENOENT)
		return err_errno(e, errno, "open directory %s in the root file system", path);
	parent = split(a, path, &name);
	dir = mkdir_all(a, root, parent, mode, links, e);
	if (dir < 0)
		return -1;
	if (mkdirat(dir, name, mode) < 0 && errno != EEXIST)
		return err_errno(e, errno, "create directory %s in the root file system", path);
	target = link_target(a, dir, parent, name);
	if (target && links < MAX_LINKS)
		return mkdir_all(a, root, target, mode, links + 1, e);
	fd = openat(dir, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	return fd < 0 ? err_errno(e, errno, "open directory %s in the root file system", path) : fd;
}

int inroot_mkdir_all(int root, const char *path, mode_t mode, struct err *e)
{
	_cleanup_arena_ struct arena a = { 0 };

	return mkdir_all(&a, root, path_clean(&a, path), mode, 0, e);
}

int inroot_parent(int root, const char *path, const char **name, struct err *e)
{
	_cleanup_arena_ struct arena a = { 0 };
	const char *unused;

	*name = strrchr(path, '/') ? strrchr(path, '/') + 1 : path;
	if (!**name || strcmp(*name, ".") == 0 || strcmp(*name, "..") == 0)
		return err_set(e, ERR_INVALID, "path %s has no last component", path);
	return mkdir_all(&a, root, split(&a, path_clean(&a, path), &unused), 0755, 0, e);
}

static int touch(struct arena *a, int root, const char *path, int links, struct err *e)
{
	_cleanup_close_ int dir = -1, created = -1;
	const char *parent, *name, *target;
	int fd = inroot_try(root, path, O_PATH);

	if (fd >= 0)
		return fd;
	if (errno != ENOENT)
		return err_errno(e, errno, "open %s in the root file system", path);
	parent = split(a, path, &name);
	dir = mkdir_all(a, root, parent, 0755, links, e);
	if (dir < 0)
		return -1;
	created = openat(dir, name, O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0755);
	if (created < 0 && errno != EEXIST)
		return err_errno(e, errno, "create file %s in the root file system", path);
	target = created < 0 ? link_target(a, dir, parent, name) : NULL;
	if (target && links < MAX_LINKS)
		return touch(a, root, target, links + 1, e);
	fd = openat(dir, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	return fd < 0 ? err_errno(e, errno, "open %s in the root file system", path) : fd;
}

int inroot_touch(int root, const char *path, struct err *e)
{
	_cleanup_arena_ struct arena a = { 0 };

	return touch(&a, root, path_clean(&a, path), 0, e);
}
