/* The root file system: propagation, pivot_root. See rootfs.h. */
#include "libcontainer/rootfs.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "libcontainer/mountfd.h"
#include "base/fd.h"
#include "base/file.h"
#include "base/limits.h"
#include "base/str.h"

static const struct {
	const char *name;
	unsigned long flags;
} propagations[] = {
	{ "", MS_SLAVE | MS_REC },
	{ "private", MS_PRIVATE },
	{ "rprivate", MS_PRIVATE | MS_REC },
	{ "slave", MS_SLAVE },
	{ "rslave", MS_SLAVE | MS_REC },
	{ "shared", MS_SHARED },
	{ "rshared", MS_SHARED | MS_REC },
	{ "unbindable", MS_UNBINDABLE },
	{ "runbindable", MS_UNBINDABLE | MS_REC },
};

static int propagation_flags(const struct rootfs *r, unsigned long *out, struct err *e)
{
	const char *name = r->spec->linux ? r->spec->linux->rootfs_propagation : NULL;

	for (size_t i = 0; i < ARRAY_LEN(propagations); i++) {
		if (strcmp(propagations[i].name, name ? name : "") == 0) {
			*out = propagations[i].flags;
			return 0;
		}
	}
	return err_set(e, ERR_INVALID, "rootfsPropagation=%s is not supported", name);
}

/*
 * pivot_root(2) refuses a new root below a shared mount. The mount that holds `path` is found by
 * trying: only a mount point can be made private.
 */
static int parent_private(struct arena *a, const char *path, struct err *e)
{
	char *p = arena_strdup(a, path);

	for (;;) {
		char *slash = strrchr(p, '/');

		if (mount(NULL, p, NULL, MS_PRIVATE, NULL) == 0)
			return 0;
		if (errno != EINVAL || !slash || strcmp(p, "/") == 0)
			return err_errno(e, errno, "make the mount of %s private", path);
		slash[slash == p] = '\0';
	}
}

static int bind_root(struct rootfs *r, const char *path, struct err *e)
{
	_cleanup_close_ int target = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (target < 0)
		return err_errno(e, errno, "open rootfs %s", path);
	r->root = mountfd_clone(target, "", true, e);
	return r->root < 0 ? -1 : mountfd_attach(r->root, target, e);
}

int rootfs_prepare(struct rootfs *r, struct err *e)
{
	const char *path = r->spec->root->path;
	unsigned long flags = 0;

	if (propagation_flags(r, &flags, e) < 0)
		return -1;
	if (mount(NULL, "/", NULL, flags, NULL) < 0)
		return err_errno(e, errno, "set propagation of /");
	if (!(flags & MS_SLAVE) && parent_private(r->a, path, e) < 0)
		return -1;
	if (bind_root(r, path, e) < 0)
		return err_wrap(e, "error preparing rootfs");
	if (rootfs_mount_all(r, e) < 0)
		return -1;
	return rootfs_make_devices(r, e);
}

/* pivot_root(2) "pivot_root(".", ".")": the old root ends up on top of the new one, and is taken off. */
static int pivot(struct err *e)
{
	if (syscall(SYS_pivot_root, ".", ".") < 0)
		return err_errno(e, errno, "error jailing process inside rootfs: pivot_root .");
	/* Unmounting must not reach the host, whatever the propagation was. */
	if (mount(NULL, ".", NULL, MS_SLAVE | MS_REC, NULL) < 0)
		return err_errno(e, errno, "make the old root a slave");
	if (umount2(".", MNT_DETACH) < 0)
		return err_errno(e, errno, "detach the old root");
	return 0;
}

/* A bare procfs or sysfs goes, or is covered where it is locked. */
static int hide_kernfs(const char *point, struct err *e)
{
	if (umount2(point, MNT_DETACH) == 0 || errno == EINVAL || errno == ENOENT)
		return 0;
	if (errno != EPERM)
		return err_errno(e, errno, "hide %s of the host", point);
	if (mount("tmpfs", point, "tmpfs", 0, "mode=0") < 0)
		return err_errno(e, errno, "cover %s of the host", point);
	return 0;
}

/* Where a line of mountinfo has procfs or sysfs mounted. proc_pid_mountinfo(5). */
static bool is_kernfs(const char *line, char point[PATH_MAX])
{
	const char *tail = strstr(line, " - ");
	char type[32];

	return tail && sscanf(line, "%*d %*d %*s %*s %4095s", point) == 1 &&
	       sscanf(tail, " - %31s", type) == 1 &&
	       (str_eq(type, "proc") || str_eq(type, "sysfs"));
}

static bool is_below(const char *path, const char *dir)
{
	const char *rest = str_after(path, dir);

	return rest && (*rest == '\0' || *rest == '/');
}

/*
 * The host's tree stays where it is, hidden below the container's. A bare procfs or sysfs in it
 * would let a user namespace mount another one without our masks.
 */
static int hide_host(struct rootfs *r, struct err *e)
{
	struct slice info;
	char point[PATH_MAX];

	if (file_read(r->a, AT_FDCWD, "/proc/self/mountinfo", LIMIT_CONFIG_FILE, &info, e) < 0)
		return -1;
	for (const char *line = info.data; *line; line += strcspn(line, "\n") + 1)
		if (is_kernfs(line, point) && !is_below(point, r->spec->root->path) &&
		    hide_kernfs(point, e) < 0)
			return -1;
	return 0;
}

static int move_root(struct rootfs *r, struct err *e)
{
	if (hide_host(r, e) < 0)
		return -1;
	if (mount(".", "/", NULL, MS_MOVE, NULL) < 0)
		return err_errno(e, errno, "move rootfs to /");
	if (chroot(".") < 0)
		return err_errno(e, errno, "chroot");
	return 0;
}

int rootfs_enter(struct rootfs *r, bool no_pivot, struct err *e)
{
	if (fchdir(r->root) < 0)
		return err_errno(e, errno, "enter rootfs");
	if (r->private & CLONE_NEWNS) {
		if ((no_pivot ? move_root(r, e) : pivot(e)) < 0)
			return -1;
	} else if (chroot(".") < 0) {
		return err_errno(e, errno, "chroot");
	}
	if (chdir("/") < 0)
		return err_errno(e, errno, "enter the new root");
	return 0;
}

int rootfs_finish(struct rootfs *r, struct err *e)
{
	for (size_t i = 0; i < r->late.n; i++) {
		if (mountfd_setattr(r->late.v[i].mnt, r->late.v[i].set, 0, false, e) < 0)
			return -1;
		fd_close(&r->late.v[i].mnt);
	}
	if (r->spec->root->readonly && mountfd_setattr(r->root, MOUNT_ATTR_RDONLY, 0, false, e) < 0)
		return err_wrap(e, "make rootfs read-only");
	return rootfs_mask_paths(r, e);
}
