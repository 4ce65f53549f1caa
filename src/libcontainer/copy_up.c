/* tmpcopyup. See copy_up.h. Symlinks are copied, never followed; device nodes are left out. */
#include "libcontainer/copy_up.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/fd.h"
#include "base/file.h"

struct copy {
	int to;
	struct err *e;
};

static int copy_bytes(int dirfd, const char *name, int to, const struct stat *st, struct err *e)
{
	_cleanup_close_ int in = openat(dirfd, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	_cleanup_close_ int out = -1;
	ssize_t n;

	if (in < 0)
		return err_errno(e, errno, "copy %s", name);
	out = openat(to, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (out < 0)
		return err_errno(e, errno, "copy %s", name);
	while ((n = sendfile(out, in, NULL, 1 << 20)) > 0)
		;
	if (n < 0 || fchown(out, st->st_uid, st->st_gid) < 0 ||
	    fchmod(out, st->st_mode & 07777) < 0)
		return err_errno(e, errno, "copy %s", name);
	return 0;
}

static int copy_link(int dirfd, const char *name, int to, const struct stat *st, struct err *e)
{
	char text[PATH_MAX];
	ssize_t n = readlinkat(dirfd, name, text, sizeof(text) - 1);

	if (n < 0)
		return err_errno(e, errno, "copy %s", name);
	text[n] = '\0';
	if (symlinkat(text, to, name) < 0 ||
	    fchownat(to, name, st->st_uid, st->st_gid, AT_SYMLINK_NOFOLLOW) < 0)
		return err_errno(e, errno, "copy %s", name);
	return 0;
}

static int copy_dir(int dirfd, const char *name, int to, const struct stat *st, struct err *e)
{
	_cleanup_close_ int from =
	        openat(dirfd, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	_cleanup_close_ int sub = -1;

	if (from < 0)
		return err_errno(e, errno, "copy %s", name);
	if (mkdirat(to, name, 0700) < 0)
		return err_errno(e, errno, "copy %s", name);
	sub = openat(to, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (sub < 0 || fchown(sub, st->st_uid, st->st_gid) < 0 ||
	    fchmod(sub, st->st_mode & 07777) < 0)
		return err_errno(e, errno, "copy %s", name);
	return copy_up(from, sub, e);
}

static int copy_entry(void *arg, int dirfd, const char *name)
{
	struct copy *c = arg;
	struct stat st;

	if (fstatat(dirfd, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return err_errno(c->e, errno, "copy %s", name);
	if (S_ISDIR(st.st_mode))
		return copy_dir(dirfd, name, c->to, &st, c->e);
	if (S_ISLNK(st.st_mode))
		return copy_link(dirfd, name, c->to, &st, c->e);
	return S_ISREG(st.st_mode) ? copy_bytes(dirfd, name, c->to, &st, c->e) : 0;
}

int copy_up(int from, int to, struct err *e)
{
	struct copy c = { to, e };

	return dir_each(from, ".", copy_entry, &c, e) == 0 ? 0 : -1;
}
