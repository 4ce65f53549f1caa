/* Owner, mode, times, extended attributes. See meta.h. */
#include "helpers/unpack/meta.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <linux/limits.h>
#include <sys/xattr.h>
#include <unistd.h>
#include "base/limits.h"
#include "base/str.h"

static bool is_overlay_own(const char *name)
{
	return str_starts(name, "trusted.overlay.") || str_starts(name, "user.overlay.");
}

void meta_add_xattr(struct arena *a, struct meta *m, const char *name, const void *value,
                    size_t size)
{
	struct xattr x = { arena_strdup(a, name), arena_memdup(a, value, size), size };

	if (!is_overlay_own(name))
		arena_push(a, &m->xattrs, x);
}

struct meta meta_copy(struct arena *a, const struct meta *m)
{
	struct meta copy = *m;

	copy.xattrs = (struct xattrs){ 0 };
	for (size_t i = 0; i < m->xattrs.n; i++)
		meta_add_xattr(a, &copy, m->xattrs.v[i].name, m->xattrs.v[i].value,
		               m->xattrs.v[i].size);
	return copy;
}

static int read_xattrs(struct arena *a, int fd, struct meta *m, struct err *e)
{
	char *names = arena_alloc(a, XATTR_LIST_MAX), *value = arena_alloc(a, XATTR_SIZE_MAX);
	ssize_t n = flistxattr(fd, names, XATTR_LIST_MAX);

	if (n < 0)
		return errno == ENOTSUP ? 0 : err_errno(e, errno, "list attributes");
	for (const char *name = names; name < names + n; name += strlen(name) + 1) {
		ssize_t size = fgetxattr(fd, name, value, XATTR_SIZE_MAX);

		if (size < 0)
			return err_errno(e, errno, "read attribute %s", name);
		meta_add_xattr(a, m, name, value, (size_t)size);
	}
	return 0;
}

int meta_read(struct arena *a, int fd, struct meta *m, struct err *e)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return err_errno(e, errno, "stat");
	*m = (struct meta){
		.uid = st.st_uid,
		.gid = st.st_gid,
		.mode = st.st_mode & 07777,
		.times = { st.st_atim, st.st_mtim },
	};
	return read_xattrs(a, fd, m, e);
}

/* What the file system cannot hold is left out, as the original does: it is no part of the digest.
 */
static int xattr_failed(const char *name, struct err *e)
{
	if (errno == ENOTSUP || (errno == EPERM && str_starts(name, "user.")))
		return 0;
	return err_errno(e, errno, "set attribute %s", name);
}

/* The order matters: a change of owner clears the set-id bits and file capabilities. */
int meta_apply(int fd, const struct meta *m, mode_t made, struct err *e)
{
	bool owned = made != MODE_UNKNOWN && m->uid == 0 && m->gid == 0;

	if (!owned && fchown(fd, m->uid, m->gid) < 0)
		return err_errno(e, errno, "change owner to %u:%u", m->uid, m->gid);
	for (size_t i = 0; i < m->xattrs.n; i++) {
		const struct xattr *x = &m->xattrs.v[i];

		if (fsetxattr(fd, x->name, x->value, x->size, 0) < 0 &&
		    xattr_failed(x->name, e) < 0)
			return -1;
	}
	if ((!owned || m->mode != made) && fchmod(fd, m->mode) < 0)
		return err_errno(e, errno, "change mode to %04o", m->mode);
	if (futimens(fd, m->times) < 0)
		return err_errno(e, errno, "set times");
	return 0;
}

int meta_apply_at(int dir, const char *base, const struct meta *m, bool is_link, struct err *e)
{
	if (fchownat(dir, base, m->uid, m->gid, AT_SYMLINK_NOFOLLOW) < 0)
		return err_errno(e, errno, "change owner to %u:%u", m->uid, m->gid);
	if (m->xattrs.n > 0 && fchdir(dir) < 0)
		return err_errno(e, errno, "enter directory");
	for (size_t i = 0; i < m->xattrs.n; i++) {
		const struct xattr *x = &m->xattrs.v[i];

		if (lsetxattr(base, x->name, x->value, x->size, 0) < 0 &&
		    xattr_failed(x->name, e) < 0)
			return -1;
	}
	if (!is_link && fchmodat(dir, base, m->mode, 0) < 0)
		return err_errno(e, errno, "change mode to %04o", m->mode);
	if (utimensat(dir, base, m->times, AT_SYMLINK_NOFOLLOW) < 0)
		return err_errno(e, errno, "set times");
	return 0;
}
