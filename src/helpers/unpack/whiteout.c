/* Whiteouts. See whiteout.h. */
#include "helpers/unpack/whiteout.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include "base/fd.h"
#include "base/file.h"
#include "base/str.h"

#define PREFIX      ".wh."
#define META_PREFIX ".wh..wh."
#define OPAQUE      ".wh..wh..opq"

bool whiteout_is(const char *base)
{
	return str_starts(base, PREFIX);
}

bool whiteout_is_device(const struct stat *st)
{
	return S_ISCHR(st->st_mode) && st->st_rdev == makedev(0, 0);
}

int whiteout_make_opaque(int dir, struct err *e)
{
	if (fsetxattr(dir, "trusted.overlay.opaque", "y", 1, 0) < 0)
		return err_errno(e, errno, "make directory opaque");
	return 0;
}

/* The name is taken by an entry of this layer. */
static int hide_below(int dir, const char *name, struct err *e)
{
	_cleanup_close_ int fd = openat(dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (fd >= 0)
		return whiteout_make_opaque(fd, e);
	if (errno == ENOTDIR || errno == ELOOP)
		return 0;
	return err_errno(e, errno, "open");
}

static int hide(int dir, const char *name, struct err *e)
{
	if (mknodat(dir, name, S_IFCHR, makedev(0, 0)) == 0)
		return 0;
	if (errno == EEXIST)
		return hide_below(dir, name, e);
	return err_errno(e, errno, "make whiteout");
}

bool whiteout_is_opaque_name(const char *base)
{
	return str_eq(base, OPAQUE);
}

struct hiding {
	int root;
	struct err *err;
};

static int hide_one(void *arg, int dirfd unused_arg, const char *name)
{
	struct hiding *h = arg;

	return hide(h->root, name, h->err);
}

int whiteout_hide_all(int root, int lower, struct err *e)
{
	struct hiding h = { root, e };

	return dir_each(lower, ".", hide_one, &h, e);
}

int whiteout_apply(int dir, const char *base, bool lowest, struct err *e)
{
	const char *name = str_after(base, PREFIX);

	if (str_eq(base, OPAQUE))
		return lowest ? 0 : whiteout_make_opaque(dir, e);
	if (str_starts(base, META_PREFIX))
		return 0; /* bookkeeping of aufs */
	if (str_empty(name) || str_eq(name, ".") || str_eq(name, ".."))
		return err_set(e, ERR_INVALID, "invalid whiteout name");
	return lowest ? 0 : hide(dir, name, e);
}
