/*
 * /dev: the default nodes and links (config-linux.md "Default Devices") and those of linux.devices.
 * Every node is made in a directory that was resolved inside the root (CVE-2026-41579).
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>
#include "libcontainer/inroot.h"
#include "libcontainer/mount_options.h"
#include "libcontainer/mountfd.h"
#include "libcontainer/rootfs.h"
#include "base/fd.h"
#include "base/file.h"

static const struct oci_device defaults[] = {
	{ "/dev/null", "c", 1, 3, { true, 0666 }, { true, 0 }, { true, 0 } },
	{ "/dev/random", "c", 1, 8, { true, 0666 }, { true, 0 }, { true, 0 } },
	{ "/dev/full", "c", 1, 7, { true, 0666 }, { true, 0 }, { true, 0 } },
	{ "/dev/tty", "c", 5, 0, { true, 0666 }, { true, 0 }, { true, 0 } },
	{ "/dev/zero", "c", 1, 5, { true, 0666 }, { true, 0 }, { true, 0 } },
	{ "/dev/urandom", "c", 1, 9, { true, 0666 }, { true, 0 }, { true, 0 } },
};

static const struct {
	const char *target, *path;
} links[] = {
	{ "/proc/self/fd", "/dev/fd" },
	{ "/proc/self/fd/0", "/dev/stdin" },
	{ "/proc/self/fd/1", "/dev/stdout" },
	{ "/proc/self/fd/2", "/dev/stderr" },
};

static mode_t type_of(const struct oci_device *d)
{
	switch (str_empty(d->type) ? 0 : d->type[0]) {
	case 'c':
	case 'u':
		return S_IFCHR;
	case 'b':
		return S_IFBLK;
	case 'p':
		return S_IFIFO;
	default:
		return 0;
	}
}

/* In a user namespace nodes cannot be made: the host's is bound. */
static int bind_node(struct rootfs *r, const struct oci_device *d, struct err *e)
{
	_cleanup_close_ int mnt = mountfd_clone(AT_FDCWD, d->path, false, e);
	_cleanup_close_ int target = mnt < 0 ? -1 : inroot_touch(r->root, d->path, e);

	return target < 0 ? -1 : mountfd_attach(mnt, target, e);
}

static int make_node(struct rootfs *r, const struct oci_device *d, struct err *e)
{
	mode_t mode = d->file_mode.set ? (mode_t)d->file_mode.value & 07777 : 0666;
	dev_t dev = makedev((unsigned)d->major, (unsigned)d->minor);
	mode_t type = type_of(d);
	const char *name;
	_cleanup_close_ int dir = inroot_parent(r->root, d->path, &name, e);
	struct stat st;

	if (dir < 0)
		return -1;
	if (type == 0)
		return err_set(e, ERR_INVALID, "device type \"%s\" is not one of c, u, b, p",
		               d->type ? d->type : "");
	if (mknodat(dir, name, type | mode, dev) < 0) {
		if (errno != EEXIST)
			return err_errno(e, errno, "mknod");
		if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
			return err_errno(e, errno, "stat");
		if ((st.st_mode & S_IFMT) == type && (type == S_IFIFO || st.st_rdev == dev))
			return 0;
		return err_set(e, ERR_ALREADY_EXISTS, "another file is in its place");
	}
	/* umask is 0 here; owners are what the configuration says, root without a word. */
	if ((d->uid.value || d->gid.value) &&
	    fchownat(dir, name, (uid_t)d->uid.value, (gid_t)d->gid.value, AT_SYMLINK_NOFOLLOW) < 0)
		return err_errno(e, errno, "chown");
	return 0;
}

static int make_device(struct rootfs *r, const struct oci_device *d, struct err *e)
{
	bool bind = r->private & CLONE_NEWUSER;

	if (str_empty(d->path))
		return err_set(e, ERR_INVALID, "device without a path");
	if ((bind ? bind_node : make_node)(r, d, e) < 0)
		return err_wrap(e, "error creating device node %s", d->path);
	return 0;
}

static bool is_listed(const struct rootfs *r, const char *path)
{
	const struct oci_linux *l = r->spec->linux;

	for (size_t i = 0; l && i < l->devices.n; i++)
		if (str_eq(l->devices.v[i].path, path))
			return true;
	return false;
}

static int make_link(struct rootfs *r, const char *target, const char *path, struct err *e)
{
	const char *name;
	_cleanup_close_ int dir = inroot_parent(r->root, path, &name, e);

	if (dir < 0)
		return -1;
	if (symlinkat(target, dir, name) < 0 && errno != EEXIST)
		return err_errno(e, errno, "create link %s", path);
	return 0;
}

/* The one that belongs to the container's own devpts, whatever the image has there. */
static int make_ptmx(struct rootfs *r, struct err *e)
{
	const char *name;
	_cleanup_close_ int dir = inroot_parent(r->root, "/dev/ptmx", &name, e);

	if (dir < 0)
		return -1;
	if (unlinkat(dir, name, 0) < 0 && errno != ENOENT)
		return err_errno(e, errno, "remove /dev/ptmx");
	if (symlinkat("pts/ptmx", dir, name) < 0)
		return err_errno(e, errno, "create link /dev/ptmx");
	return 0;
}

static int make_links(struct rootfs *r, struct err *e)
{
	for (size_t i = 0; i < ARRAY_LEN(links); i++)
		if (make_link(r, links[i].target, links[i].path, e) < 0)
			return -1;
	if (path_exists("/proc/kcore") && make_link(r, "/proc/kcore", "/dev/core", e) < 0)
		return -1;
	return make_ptmx(r, e);
}

/* A /dev that is bound from outside is left as it is. */
static bool dev_is_bound(struct rootfs *r)
{
	for (size_t i = 0; i < r->spec->mounts.n; i++) {
		const struct oci_mount *m = &r->spec->mounts.v[i];
		struct mount_options o;

		mount_options_parse(r->a, &m->options, &o);
		if (str_eq(path_clean(r->a, m->destination), "/dev") &&
		    ((o.how & MOUNT_HOW_BIND) || str_eq(m->type, "bind")))
			return true;
	}
	return false;
}

int rootfs_make_devices(struct rootfs *r, struct err *e)
{
	const struct oci_linux *l = r->spec->linux;
	mode_t before;
	int rc = 0;

	if (dev_is_bound(r))
		return 0;
	before = umask(0);
	for (size_t i = 0; rc == 0 && i < ARRAY_LEN(defaults); i++)
		if (!is_listed(r, defaults[i].path))
			rc = make_device(r, &defaults[i], e);
	for (size_t i = 0; rc == 0 && l && i < l->devices.n; i++)
		rc = make_device(r, &l->devices.v[i], e);
	umask(before);
	return rc < 0 ? -1 : make_links(r, e);
}
