/* Files and directories. See file.h. */
#include "base/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <linux/openat2.h>
#include <unistd.h>
#include "base/fd.h"
#include "base/id.h"
#include "base/limits.h"

int file_read(struct arena *a, int dirfd, const char *path, size_t limit, struct slice *out,
              struct err *e)
{
	_cleanup_close_ int fd = openat(dirfd, path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	_cleanup_buf_ struct buf b = { 0 };
	struct stat st;

	if (fd < 0)
		return err_errno(e, errno, "open %s", path);
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && (size_t)st.st_size <= limit)
		buf_reserve(&b, (size_t)st.st_size + 1);
	for (;;) {
		size_t want = MAX(b.cap - b.len, (size_t)4096) - 1;
		ssize_t k;

		buf_reserve(&b, want);
		k = read(fd, b.data + b.len, want);
		if (k < 0 && errno == EINTR)
			continue;
		if (k < 0)
			return err_errno(e, errno, "read %s", path);
		if (k == 0)
			break;
		b.len += (size_t)k;
		if (b.len > limit)
			return err_set(e, ERR_EXHAUSTED, "read %s: larger than %zu bytes", path,
			               limit);
	}
	out->data = arena_strndup(a, b.data, b.len);
	out->len = b.len;
	return 0;
}

int file_write(int dirfd, const char *path, const void *data, size_t n, mode_t mode, struct err *e)
{
	_cleanup_close_ int fd =
	        openat(dirfd, path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOCTTY, mode);

	if (fd < 0)
		return err_errno(e, errno, "open %s", path);
	if (fd_write_all(fd, data, n, e) < 0)
		return err_wrap(e, "%s", path);
	return 0;
}

int file_fsync_dir(int dirfd, struct err *e)
{
	_cleanup_close_ int fd = openat(dirfd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0 || fsync(fd) < 0)
		return err_errno(e, errno, "sync directory");
	return 0;
}

static int write_temporary(int dirfd, const char *tmp, const void *data, size_t n, mode_t mode,
                           enum file_durability how, struct err *e)
{
	_cleanup_close_ int fd =
	        openat(dirfd, tmp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode);

	if (fd < 0)
		return err_errno(e, errno, "create %s", tmp);
	if (fd_write_all(fd, data, n, e) < 0)
		return -1;
	if (how == FILE_DURABLE && fdatasync(fd) < 0)
		return err_errno(e, errno, "sync %s", tmp);
	return 0;
}

int file_make_private(const char *path, struct err *e)
{
	_cleanup_close_ int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);

	if (fd < 0 || fchmod(fd, 0600) < 0)
		return err_errno(e, errno, "open %s", path);
	return 0;
}

int file_replace(int dirfd, const char *name, const void *data, size_t n, mode_t mode,
                 enum file_durability how, struct err *e)
{
	char tmp[LIMIT_NAME_BYTES + 16], suffix[9];

	id_random_hex(suffix, 4);
	snprintf(tmp, sizeof(tmp), ".%.200s.%s", name, suffix);
	if (write_temporary(dirfd, tmp, data, n, mode, how, e) < 0 ||
	    (renameat(dirfd, tmp, dirfd, name) < 0 && err_errno(e, errno, "rename %s", name) < 0)) {
		unlinkat(dirfd, tmp, 0);
		return err_wrap(e, "write %s", name);
	}
	return how == FILE_DURABLE ? file_fsync_dir(dirfd, e) : 0;
}

int file_replace_path(const char *path, const void *data, size_t n, mode_t mode,
                      enum file_durability how, struct err *e)
{
	_cleanup_arena_ struct arena a = { 0 };
	const char *slash = strrchr(path, '/');
	const char *dir = !slash          ? "."
	                  : slash == path ? "/"
	                                  : arena_strndup(&a, path, (size_t)(slash - path));
	_cleanup_close_ int dirfd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (dirfd < 0)
		return err_errno(e, errno, "open directory %s", dir);
	return file_replace(dirfd, slash ? slash + 1 : path, data, n, mode, how, e);
}

/* Makes the last directory first: mostly only that is missing. As mkdir(2), with errno. */
static int make_missing(char *p, mode_t mode)
{
	char *slash;
	int rc;

	if (mkdir(p, mode) == 0)
		return 0;
	slash = errno == ENOENT ? strrchr(p, '/') : NULL;
	if (!slash || slash == p)
		return -1;
	*slash = '\0';
	rc = make_missing(p, mode);
	*slash = '/';
	return rc < 0 && errno != EEXIST ? -1 : mkdir(p, mode);
}

int dir_make(const char *path, mode_t mode, struct err *e)
{
	char p[4096];
	struct stat st;

	if (!str_copy(p, sizeof(p), path))
		return err_set(e, ERR_INVALID, "create directory: path too long");
	if (make_missing(p, mode) == 0)
		return 0;
	if (errno != EEXIST)
		return err_errno(e, errno, "create directory %s", path);
	if (stat(path, &st) < 0 || !S_ISDIR(st.st_mode))
		return err_errno(e, ENOTDIR, "create directory %s", path);
	return 0;
}

static int remove_below(int fd, struct err *e);

/* Removes one entry; descends into directories by descriptor, refusing other mounts. */
static int remove_entry(int dirfd, const char *name, struct err *e)
{
	struct open_how how = { .flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC,
		                .resolve = RESOLVE_NO_XDEV };
	_cleanup_close_ int fd = -1;

	if (unlinkat(dirfd, name, 0) == 0 || errno == ENOENT)
		return 0;
	if (errno != EISDIR && errno != EPERM)
		return err_errno(e, errno, "remove %s", name);
	fd = (int)syscall(SYS_openat2, dirfd, name, &how, sizeof(how));
	if (fd < 0 && errno == EXDEV)
		return err_set(e, ERR_PRECONDITION, "remove %s: something is mounted on it", name);
	if (fd < 0)
		return err_errno(e, errno, "remove %s", name);
	if (remove_below(fd, e) < 0)
		return err_wrap(e, "%s", name);
	if (unlinkat(dirfd, name, AT_REMOVEDIR) < 0 && errno != ENOENT)
		return err_errno(e, errno, "remove %s", name);
	return 0;
}

static int remove_below(int fd, struct err *e)
{
	int dup_fd = fcntl(fd, F_DUPFD_CLOEXEC, 3);
	DIR *d = dup_fd < 0 ? NULL : fdopendir(dup_fd);
	struct dirent *de;
	int r = 0;

	if (!d) {
		fd_close(&dup_fd);
		return err_errno(e, errno, "read directory");
	}
	while (r == 0 && (de = readdir(d)))
		if (!str_eq(de->d_name, ".") && !str_eq(de->d_name, ".."))
			r = remove_entry(fd, de->d_name, e);
	closedir(d);
	return r;
}

int tree_remove(int dirfd, const char *name, struct err *e)
{
	const char *slash = strrchr(name, '/');
	_cleanup_close_ int parent = -1;
	char path[4096];

	if (!slash)
		return remove_entry(dirfd, name, e);
	/* The way to the tree may lead over mounts, the tree itself not. */
	if ((size_t)(slash - name) + 2 > sizeof(path))
		return err_set(e, ERR_INVALID, "remove: path too long");
	str_copy(path, (size_t)(slash - name) + 2, name);
	parent = openat(dirfd, path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (parent < 0)
		return errno == ENOENT ? 0 : err_errno(e, errno, "remove %s", name);
	if (remove_entry(parent, slash + 1, e) < 0)
		return err_wrap(e, "in %s", path);
	return 0;
}

int open_in_root(int root, const char *path, int flags)
{
	struct open_how how = { .flags = (unsigned)(flags | O_CLOEXEC),
		                .resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS };

	return (int)syscall(SYS_openat2, root, *path ? path : "/", &how, sizeof(how));
}

bool path_exists(const char *path)
{
	return access(path, F_OK) == 0;
}

char *path_join(struct arena *a, const char *dir, const char *name)
{
	while (*name == '/')
		name++;
	return arena_printf(a, "%s%s%s", dir, str_ends(dir, "/") ? "" : "/", name);
}

char *path_clean(struct arena *a, const char *path)
{
	char *out = arena_alloc(a, strlen(path) + 2), *w = out;
	bool rooted = *path == '/';
	size_t depth = 0; /* names in `out` that ".." may remove */

	if (rooted)
		*w++ = '/';
	while (*path) {
		size_t n = strcspn(path, "/");
		bool dotdot = n == 2 && memcmp(path, "..", 2) == 0;

		if (dotdot && depth > 0) {
			while (w > out && w[-1] != '/')
				w--;
			if (w > out + rooted)
				w--;
			depth--;
		} else if (n > 0 && !(n == 1 && *path == '.') && !(dotdot && rooted)) {
			if (w > out + rooted)
				*w++ = '/';
			memcpy(w, path, n);
			w += n;
			depth += !dotdot;
		}
		path += n;
		path += *path == '/';
	}
	if (w == out)
		*w++ = '.';
	*w = '\0';
	return out;
}

int dir_each(int dirfd, const char *path, int (*fn)(void *arg, int dirfd, const char *name),
             void *arg, struct err *e)
{
	int fd = openat(dirfd, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *de;
	int r = 0;

	if (!d) {
		int saved = errno;

		fd_close(&fd);
		return err_errno(e, saved, "read directory %s", path);
	}
	while (r == 0 && (de = readdir(d)))
		if (!str_eq(de->d_name, ".") && !str_eq(de->d_name, ".."))
			r = fn(arg, fd, de->d_name);
	closedir(d);
	return r;
}
