/* Mounts as descriptors. See mountfd.h. */
#include "libcontainer/mountfd.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>
#include "base/fd.h"
#include "base/str.h"

/*
 * File systems whose superblock belongs to the kernel or to more than this mount: "ro" is an
 * attribute of the mount, never of them. A tmpfs is here because it is filled after it is mounted.
 */
static const char *const virtual_types[] = { "proc",   "sysfs",   "tmpfs",    "devpts", "mqueue",
	                                     "cgroup", "cgroup2", "devtmpfs", "bpf" };

static bool is_virtual(const char *fstype)
{
	for (size_t i = 0; i < ARRAY_LEN(virtual_types); i++)
		if (strcmp(virtual_types[i], fstype) == 0)
			return true;
	return false;
}

/* The kernel says more than errno in the context's log: "e tmpfs: Bad value for 'size'". */
static int config_failed(int fs, int errnum, const char *what, struct err *e)
{
	char log[200];
	ssize_t n = read(fs, log, sizeof(log) - 1);

	if (n <= 2)
		return err_errno(e, errnum, "%s", what);
	log[n] = '\0';
	log[strcspn(log, "\n")] = '\0';
	err_errno(e, errnum, "%s", log + 2);
	return err_wrap(e, "%s", what);
}

static int set_data(int fs, const char *option, struct err *e)
{
	const char *eq = strchr(option, '=');
	char key[64];

	if (!eq) {
		if (fsconfig(fs, FSCONFIG_SET_FLAG, option, NULL, 0) < 0)
			return config_failed(fs, errno, option, e);
		return 0;
	}
	if ((size_t)(eq - option) >= sizeof(key))
		return err_set(e, ERR_INVALID, "mount option %s: name too long", option);
	memcpy(key, option, (size_t)(eq - option));
	key[eq - option] = '\0';
	if (fsconfig(fs, FSCONFIG_SET_STRING, key, eq + 1, 0) < 0)
		return config_failed(fs, errno, option, e);
	return 0;
}

static int configure(int fs, const char *fstype, const char *source, const struct mount_options *o,
                     struct err *e)
{
	if (!str_empty(source) && fsconfig(fs, FSCONFIG_SET_STRING, "source", source, 0) < 0)
		return config_failed(fs, errno, source, e);
	for (size_t i = 0; i < o->flags.n; i++)
		if (set_data(fs, o->flags.v[i], e) < 0)
			return -1;
	for (size_t i = 0; i < o->data.n; i++)
		if (set_data(fs, o->data.v[i], e) < 0)
			return -1;
	if (o->read_only && !is_virtual(fstype) && set_data(fs, "ro", e) < 0)
		return -1;
	if (fsconfig(fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0)
		return config_failed(fs, errno, fstype, e);
	return 0;
}

int mountfd_new(const char *fstype, const char *source, const struct mount_options *o,
                struct err *e)
{
	_cleanup_close_ int fs = fsopen(fstype, FSOPEN_CLOEXEC);
	int mnt;

	if (fs < 0)
		return err_errno(e, errno, "file system %s", fstype);
	if (configure(fs, fstype, source, o, e) < 0)
		return -1;
	mnt = fsmount(fs, FSMOUNT_CLOEXEC, (unsigned)o->set);
	return mnt < 0 ? config_failed(fs, errno, fstype, e) : mnt;
}

int mountfd_clone(int dirfd, const char *path, bool recursive, struct err *e)
{
	unsigned flags = OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC;
	int mnt;

	flags |= *path ? 0 : AT_EMPTY_PATH;
	flags |= recursive ? AT_RECURSIVE : 0;
	mnt = open_tree(dirfd, path, flags);
	return mnt < 0 ? err_errno(e, errno, "clone the mount of %s", *path ? path : "a descriptor")
	               : mnt;
}

int mountfd_setattr(int mnt, uint64_t set, uint64_t clear, bool recursive, struct err *e)
{
	struct mount_attr attr = { .attr_set = set, .attr_clr = clear };
	unsigned flags = AT_EMPTY_PATH | (recursive ? AT_RECURSIVE : 0);

	if ((set || clear) && mount_setattr(mnt, "", flags, &attr, sizeof(attr)) < 0)
		return err_errno(e, errno, "set mount attributes");
	return 0;
}

int mountfd_propagation(int mnt, uint64_t flag, bool recursive, struct err *e)
{
	struct mount_attr attr = { .propagation = flag };
	unsigned flags = AT_EMPTY_PATH | (recursive ? AT_RECURSIVE : 0);

	if (mount_setattr(mnt, "", flags, &attr, sizeof(attr)) < 0)
		return err_errno(e, errno, "set mount propagation");
	return 0;
}

int mountfd_apply(int mnt, const struct mount_options *o, struct err *e)
{
	if (mountfd_setattr(mnt, o->set, o->clear, false, e) < 0)
		return -1;
	return mountfd_setattr(mnt, o->rec_set, o->rec_clear, true, e);
}

int mountfd_attach(int mnt, int target, struct err *e)
{
	if (move_mount(mnt, "", target, "", MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH) < 0)
		return err_errno(e, errno, "attach mount");
	return 0;
}
