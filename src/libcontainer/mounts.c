/* The mounts of the configuration, in its order. See rootfs.h and mountfd.h. */
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <sched.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>
#include "libcontainer/copy_up.h"
#include "libcontainer/inroot.h"
#include "libcontainer/mountfd.h"
#include "libcontainer/rootfs.h"
#include "base/fd.h"
#include "base/file.h"

/* What may be mounted over inside /proc: files that lxcfs and the like provide. */
static const char *const proc_files[] = {
	"/proc/cpuinfo",
	"/proc/diskstats",
	"/proc/meminfo",
	"/proc/stat",
	"/proc/swaps",
	"/proc/uptime",
	"/proc/loadavg",
	"/proc/slabinfo",
	"/proc/net/dev",
	"/proc/sys/kernel/ns_last_pid",
	"/proc/sys/crypto/fips_enabled",
};

static bool on_procfs(int fd)
{
	struct statfs s;

	return fstatfs(fd, &s) == 0 && s.f_type == PROC_SUPER_MAGIC;
}

static bool same_inode(int fd, int other)
{
	struct stat a, b;

	return fstat(fd, &a) == 0 && fstat(other, &b) == 0 && a.st_dev == b.st_dev &&
	       a.st_ino == b.st_ino;
}

/*
 * Nothing but a procfs may lie on /proc, and nothing but the files above inside it: LSM labels and
 * sysctls are written there. `mnt` is what is to be attached.
 */
static int check_proc(struct rootfs *r, const char *dest, int target, int mnt, struct err *e)
{
	_cleanup_close_ int proc = inroot_try(r->root, "/proc", O_PATH);

	if (proc >= 0 && same_inode(target, proc)) {
		if (on_procfs(mnt))
			return 0;
		return err_set(e, ERR_INVALID,
		               "\"%s\" cannot be mounted because it is not of type proc", dest);
	}
	if (!on_procfs(target))
		return 0;
	for (size_t i = 0; i < ARRAY_LEN(proc_files); i++)
		if (strcmp(proc_files[i], path_clean(r->a, dest)) == 0)
			return 0;
	return err_set(e, ERR_INVALID, "\"%s\" cannot be mounted because it is inside /proc", dest);
}

static int attach(struct rootfs *r, const struct oci_mount *m, const struct mount_options *o,
                  int mnt, int target, struct err *e)
{
	if (check_proc(r, m->destination, target, mnt, e) < 0 || mountfd_attach(mnt, target, e) < 0)
		return -1;
	for (size_t i = 0; i < o->propagation.n; i++)
		if (mountfd_propagation(mnt, o->propagation.v[i].flag,
		                        o->propagation.v[i].recursive, e) < 0)
			return -1;
	return 0;
}

/* ---- bind mounts ---- */

static int source_tree(struct rootfs *r, const struct oci_mount *m, const struct mount_options *o,
                       struct err *e)
{
	size_t i = (size_t)(m - r->spec->mounts.v);
	bool recursive = o->how & MOUNT_HOW_RECURSIVE;

	if (r->sources && r->sources[i] >= 0)
		return fcntl(r->sources[i], F_DUPFD_CLOEXEC, 3);
	if (str_empty(m->source))
		return err_set(e, ERR_INVALID, "bind mount without a source");
	if (access(m->source, F_OK) < 0)
		return err_errno(e, errno, "stat %s", m->source);
	return mountfd_clone(AT_FDCWD, m->source, recursive, e);
}

/* A directory goes on a directory, a file on what is no directory; Docker reads "not a directory". */
static int bind_target(struct rootfs *r, const char *dest, bool dir, struct err *e)
{
	_cleanup_close_ int fd =
	        dir ? inroot_mkdir_all(r->root, dest, 0755, e) : inroot_touch(r->root, dest, e);
	struct stat st;

	if (fd < 0)
		return -1;
	if (fstat(fd, &st) < 0)
		return err_errno(e, errno, "stat %s", dest);
	if (S_ISDIR(st.st_mode) != dir)
		return err_errno(e, ENOTDIR, "mount on %s", dest);
	return take_fd(&fd);
}

static int mount_bind(struct rootfs *r, const struct oci_mount *m, const struct mount_options *o,
                      struct err *e)
{
	_cleanup_close_ int mnt = source_tree(r, m, o, e), target = -1;
	struct stat st;

	if (mnt < 0)
		return -1;
	if (fstat(mnt, &st) < 0)
		return err_errno(e, errno, "stat %s", m->source);
	target = bind_target(r, m->destination, S_ISDIR(st.st_mode), e);
	if (target < 0 || mountfd_apply(mnt, o, e) < 0)
		return -1;
	return attach(r, m, o, mnt, target, e);
}

/* ---- file systems ---- */

/* A symlink in place of /proc or /sys is an attack or a broken image. */
static int kernfs_target(struct rootfs *r, const char *dest, struct err *e)
{
	const char *name;
	_cleanup_close_ int dir = inroot_parent(r->root, dest, &name, e);
	int fd;

	if (dir < 0)
		return -1;
	if (mkdirat(dir, name, 0755) < 0 && errno != EEXIST)
		return err_errno(e, errno, "create directory %s", dest);
	fd = openat(dir, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return err_set(e, ERR_INVALID,
		               "filesystem \"%s\" must be mounted on ordinary directory", dest);
	return fd;
}

static int mount_kernfs(struct rootfs *r, const struct oci_mount *m, const struct mount_options *o,
                        struct err *e)
{
	_cleanup_close_ int target = kernfs_target(r, m->destination, e), mnt = -1;

	if (target < 0)
		return -1;
	mnt = mountfd_new(m->type, m->source, o, e);
	return mnt < 0 ? -1 : attach(r, m, o, mnt, target, e);
}

/* Read-only comes last for what we still have to fill. */
static int keep_late(struct rootfs *r, int mnt, struct err *e)
{
	struct rootfs_late late = { fcntl(mnt, F_DUPFD_CLOEXEC, 3), MOUNT_ATTR_RDONLY };

	if (late.mnt < 0)
		return err_errno(e, errno, "keep mount");
	arena_push(r->a, &r->late, late);
	return 0;
}

/* A tmpfs looks like the directory that it hides; without one it is the kernel's default, 1777. */
static void keep_mode(struct rootfs *r, const char *dest, struct mount_options *o)
{
	_cleanup_close_ int hidden = inroot_try(r->root, dest, O_PATH | O_DIRECTORY);
	struct stat st;

	if (hidden >= 0 && !mount_options_data(o, "mode") && fstat(hidden, &st) == 0)
		arena_push(r->a, &o->data, arena_printf(r->a, "mode=%o", st.st_mode & 07777));
}

static int mount_new(struct rootfs *r, const struct oci_mount *m, const struct mount_options *o,
                     struct err *e)
{
	_cleanup_close_ int target = inroot_mkdir_all(r->root, m->destination, 0755, e), mnt = -1;

	if (target < 0)
		return -1;
	mnt = mountfd_new(m->type, m->source, o, e);
	if (mnt < 0 || attach(r, m, o, mnt, target, e) < 0)
		return -1;
	return mountfd_setattr(mnt, o->rec_set, o->rec_clear, true, e);
}

static int mount_tmpfs(struct rootfs *r, const struct oci_mount *m, const struct mount_options *o,
                       struct err *e)
{
	_cleanup_close_ int target = -1, mnt = -1;
	struct mount_options now = *o;

	keep_mode(r, m->destination, &now);
	target = inroot_mkdir_all(r->root, m->destination, 0755, e);
	if (target < 0)
		return -1;
	now.set &= ~(uint64_t)MOUNT_ATTR_RDONLY;
	mnt = mountfd_new(m->type, m->source, &now, e);
	if (mnt < 0)
		return -1;
	if ((o->how & MOUNT_HOW_COPY_UP) && copy_up(target, mnt, e) < 0)
		return -1;
	if (o->read_only && keep_late(r, mnt, e) < 0)
		return -1;
	if (attach(r, m, &now, mnt, target, e) < 0)
		return -1;
	return mountfd_setattr(mnt, o->rec_set, o->rec_clear, true, e);
}

static int mount_cgroup(struct rootfs *r, const struct oci_mount *m, const struct mount_options *o,
                        struct err *e)
{
	_cleanup_close_ int target = inroot_mkdir_all(r->root, m->destination, 0755, e);

	(void)o;
	return target < 0 ? -1 : rootfs_mount_cgroup(r, m, target, e);
}

static int remount(struct rootfs *r, const struct oci_mount *m, const struct mount_options *o,
                   struct err *e)
{
	_cleanup_close_ int target = inroot_open(r->root, m->destination, O_PATH, e);

	return target < 0 ? -1 : mountfd_apply(target, o, e);
}

typedef int maker(struct rootfs *, const struct oci_mount *, const struct mount_options *,
                  struct err *);

static const struct {
	const char *type;
	maker *make;
} makers[] = {
	{ "proc", mount_kernfs },
	{ "sysfs", mount_kernfs },
	{ "tmpfs", mount_tmpfs },
	{ "cgroup", mount_cgroup },
};

static maker *maker_of(const struct oci_mount *m, const struct mount_options *o)
{
	if (o->how & MOUNT_HOW_REMOUNT)
		return remount;
	if ((o->how & MOUNT_HOW_BIND) || str_eq(m->type, "bind"))
		return mount_bind;
	for (size_t i = 0; i < ARRAY_LEN(makers); i++)
		if (str_eq(makers[i].type, m->type))
			return makers[i].make;
	return mount_new;
}

static int mount_one(struct rootfs *r, const struct oci_mount *m, struct err *e)
{
	struct mount_options o;

	mount_options_parse(r->a, &m->options, &o);
	if (str_empty(m->type) && !(o.how & (MOUNT_HOW_BIND | MOUNT_HOW_REMOUNT)))
		return err_set(e, ERR_INVALID, "mount at %s has no type", m->destination);
	return maker_of(m, &o)(r, m, &o, e);
}

/* Some write the destination with the rootfs before it. */
static const char *without_rootfs(const struct rootfs *r, const char *dest)
{
	const char *rest = str_after(dest, r->spec->root->path);

	return rest && *rest == '/' ? rest : dest;
}

int rootfs_mount_all(struct rootfs *r, struct err *e)
{
	for (size_t i = 0; i < r->spec->mounts.n; i++) {
		struct oci_mount *m = &r->spec->mounts.v[i];

		if (str_empty(m->destination))
			return err_set(e, ERR_INVALID, "mount without a destination");
		m->destination = without_rootfs(r, m->destination);
		if (mount_one(r, m, e) < 0)
			return err_wrap(e, "error mounting \"%s\" to rootfs at \"%s\"",
			                m->source ? m->source : "",
			                m->destination ? m->destination : "");
	}
	return 0;
}
