/*
 * maskedPaths: a file is covered by the null device, a directory by an empty read-only tmpfs, one
 * for all of them. readonlyPaths: bound on themselves, read-only. Missing paths are fine.
 */
#include <errno.h>
#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include "libcontainer/inroot.h"
#include "libcontainer/mountfd.h"
#include "libcontainer/rootfs.h"
#include "base/fd.h"

struct covers {
	int null;  /* O_PATH: the null device, checked */
	int empty; /* the tmpfs, once the first directory is covered by it */
};

static void covers_cleanup(struct covers *c)
{
	fd_close(&c->null);
	fd_close(&c->empty);
}

/* The image may have put anything there (CVE-2025-31133). */
static int open_null(struct rootfs *r, struct err *e)
{
	_cleanup_close_ int fd = inroot_open(r->root, "/dev/null", O_PATH | O_NOFOLLOW, e);
	struct stat st;

	if (fd < 0)
		return -1;
	if (fstat(fd, &st) < 0 || !S_ISCHR(st.st_mode) || st.st_rdev != makedev(1, 3))
		return err_set(e, ERR_PERMISSION, "/dev/null is not the null device");
	return take_fd(&fd);
}

static int open_empty(struct err *e)
{
	struct mount_options o = { .set = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV |
		                          MOUNT_ATTR_NOEXEC };

	return mountfd_new("tmpfs", "tmpfs", &o, e);
}

/* Kernels before 6.15 clone only mounts that are attached: the first directory gets the tmpfs itself. */
static int cover_directory(struct covers *c, int target, struct err *e)
{
	_cleanup_close_ int mnt = -1;

	if (c->empty < 0) {
		c->empty = open_empty(e);
		return c->empty < 0 ? -1 : mountfd_attach(c->empty, target, e);
	}
	mnt = mountfd_clone(c->empty, "", false, e);
	return mnt < 0 ? -1 : mountfd_attach(mnt, target, e);
}

static int cover_file(struct rootfs *r, struct covers *c, int target, struct err *e)
{
	_cleanup_close_ int mnt = -1;

	if (c->null < 0 && (c->null = open_null(r, e)) < 0)
		return -1;
	mnt = mountfd_clone(c->null, "", false, e);
	return mnt < 0 ? -1 : mountfd_attach(mnt, target, e);
}

static int mask(struct rootfs *r, struct covers *c, const char *path, struct err *e)
{
	_cleanup_close_ int target = inroot_try(r->root, path, O_PATH);
	struct stat st;

	if (target < 0)
		return errno == ENOENT || errno == ENOTDIR ? 0 : err_errno(e, errno, "open");
	if (fstat(target, &st) < 0)
		return err_errno(e, errno, "stat");
	return S_ISDIR(st.st_mode) ? cover_directory(c, target, e) : cover_file(r, c, target, e);
}

/* The same path again would only be covered twice. */
static bool is_repeated(const struct strs *paths, size_t i)
{
	for (size_t k = 0; k < i; k++)
		if (str_eq(paths->v[k], paths->v[i]))
			return true;
	return false;
}

static int make_readonly(struct rootfs *r, const char *path, struct err *e)
{
	_cleanup_close_ int target = inroot_try(r->root, path, O_PATH), mnt = -1;

	if (target < 0)
		return errno == ENOENT || errno == ENOTDIR ? 0 : err_errno(e, errno, "open");
	mnt = mountfd_clone(target, "", true, e);
	if (mnt < 0 || mountfd_setattr(mnt, MOUNT_ATTR_RDONLY, 0, false, e) < 0)
		return -1;
	return mountfd_attach(mnt, target, e);
}

int rootfs_mask_paths(struct rootfs *r, struct err *e)
{
	cleanup_with(covers_cleanup) struct covers c = { -1, -1 };
	const struct oci_linux *l = r->spec->linux;

	for (size_t i = 0; l && i < l->readonly_paths.n; i++)
		if (make_readonly(r, l->readonly_paths.v[i], e) < 0)
			return err_wrap(e, "can't make \"%s\" read-only", l->readonly_paths.v[i]);
	for (size_t i = 0; l && i < l->masked_paths.n; i++)
		if (!is_repeated(&l->masked_paths, i) && mask(r, &c, l->masked_paths.v[i], e) < 0)
			return err_wrap(e, "can't mask path \"%s\"", l->masked_paths.v[i]);
	return 0;
}
