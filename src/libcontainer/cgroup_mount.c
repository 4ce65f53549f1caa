/*
 * Mounts of type cgroup: what the container sees in /sys/fs/cgroup.
 * v1: a tmpfs with a directory for each hierarchy, mounted (in a cgroup namespace) or bound from the
 * container's own cgroup, and links for hierarchies of several controllers. v2: the one hierarchy.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>
#include "libcontainer/inroot.h"
#include "libcontainer/mountfd.h"
#include "libcontainer/rootfs.h"
#include "base/fd.h"
#include "base/file.h"

/* What lies on a cgroup mount besides what the configuration says. */
#define CGROUP_ATTRS (MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC)

/* A hierarchy as seen from the container's own cgroup namespace. */
static int new_hierarchy(struct rootfs *r, const char *fstype, const char *controllers,
                         const struct mount_options *want, struct err *e)
{
	struct mount_options o = { .set = want->set };

	for (const char *p = controllers; *p; p += strcspn(p, ",") + (p[strcspn(p, ",")] == ','))
		arena_push(r->a, &o.data, arena_strndup(r->a, p, strcspn(p, ",")));
	return mountfd_new(fstype, fstype, &o, e);
}

static int own_directory(const char *path, const struct mount_options *want, struct err *e)
{
	_cleanup_close_ int mnt = mountfd_clone(AT_FDCWD, path, false, e);

	if (mnt < 0 || mountfd_setattr(mnt, want->set, 0, false, e) < 0)
		return -1;
	return take_fd(&mnt);
}

/* ---- v1 ---- */

/* The directory's name on the host: "cpu,cpuacct" for the two of them, "systemd" for a named one. */
static const char *hierarchy_name(struct rootfs *r, const struct cgroup_dir *dir)
{
	const char *list = arena_strdup(r->a, dir->controller);

	for (size_t i = 0; i < r->cgroup->n; i++)
		if (&r->cgroup->v[i] != dir && strcmp(r->cgroup->v[i].path, dir->path) == 0)
			list = arena_printf(r->a, "%s,%s", list, r->cgroup->v[i].controller);
	return list;
}

static int mount_hierarchy(struct rootfs *r, const struct cgroup_dir *dir, int tmpfs,
                           const struct mount_options *want, struct err *e)
{
	const char *controllers = hierarchy_name(r, dir);
	const char *named = str_after(controllers, "name=");
	const char *name = named ? named : controllers;
	_cleanup_close_ int mnt = -1, target = -1;

	mnt = r->private & CLONE_NEWCGROUP ? new_hierarchy(r, "cgroup", controllers, want, e)
	                                   : own_directory(dir->path, want, e);
	if (mnt < 0)
		return -1;
	if (mkdirat(tmpfs, name, 0755) < 0 && errno != EEXIST)
		return err_errno(e, errno, "create directory %s", name);
	target = openat(tmpfs, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (target < 0)
		return err_errno(e, errno, "open directory %s", name);
	return mountfd_attach(mnt, target, e);
}

/* "cpu" -> "cpu,cpuacct" */
static int link_controller(struct rootfs *r, const struct cgroup_dir *dir, int tmpfs, struct err *e)
{
	for (size_t i = 0; i < r->cgroup->n; i++) {
		const struct cgroup_dir *d = &r->cgroup->v[i];
		const char *name;

		if (!d->first || strcmp(d->path, dir->path) != 0)
			continue;
		name = hierarchy_name(r, d);
		if (str_eq(name, dir->controller) || str_starts(dir->controller, "name="))
			return 0;
		if (symlinkat(name, tmpfs, dir->controller) < 0 && errno != EEXIST)
			return err_errno(e, errno, "link cgroup controller %s", dir->controller);
	}
	return 0;
}

static int mount_v1(struct rootfs *r, const struct mount_options *o, int target, struct err *e)
{
	struct mount_options tmpfs = { .set = CGROUP_ATTRS };
	struct mount_options want = { .set = o->set | CGROUP_ATTRS };
	_cleanup_close_ int mnt = -1;

	arena_push(r->a, &tmpfs.data, "mode=755");
	mnt = mountfd_new("tmpfs", "tmpfs", &tmpfs, e);
	if (mnt < 0 || mountfd_attach(mnt, target, e) < 0)
		return -1;
	for (size_t i = 0; i < r->cgroup->n; i++) {
		const struct cgroup_dir *dir = &r->cgroup->v[i];

		if (dir->first && *dir->controller && mount_hierarchy(r, dir, mnt, &want, e) < 0)
			return -1;
		if (link_controller(r, dir, mnt, e) < 0)
			return -1;
	}
	return mountfd_setattr(mnt, o->set & MOUNT_ATTR_RDONLY, 0, false, e);
}

/* ---- v2 ---- */

static int mount_v2(struct rootfs *r, const struct mount_options *o, int target, struct err *e)
{
	_cleanup_close_ int mnt = -1;

	if (r->private & CLONE_NEWCGROUP)
		mnt = new_hierarchy(r, "cgroup2", "", o, e);
	if (mnt < 0)
		mnt = own_directory(r->cgroup->v[0].path, o, e);
	return mnt < 0 ? -1 : mountfd_attach(mnt, target, e);
}

int rootfs_mount_cgroup(struct rootfs *r, const struct oci_mount *m, int target, struct err *e)
{
	struct mount_options o;

	mount_options_parse(r->a, &m->options, &o);
	if ((r->cgroup->v2 ? mount_v2 : mount_v1)(r, &o, target, e) < 0)
		return -1;
	for (size_t i = 0; i < o.propagation.n; i++) {
		_cleanup_close_ int mnt = inroot_open(r->root, m->destination, O_PATH, e);

		if (mnt < 0 || mountfd_propagation(mnt, o.propagation.v[i].flag,
		                                   o.propagation.v[i].recursive, e) < 0)
			return -1;
	}
	return 0;
}
