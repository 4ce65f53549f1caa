/* Detached mounts with the new mount API. See rootfs.h. */
#include "engine/rootfs.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "base/fd.h"

/* linux/mount.h and sys/mount.h exclude each other in Debian 12; the numbers are the kernel's ABI. */
#define SET_FLAG     0 /* FSCONFIG_SET_FLAG */
#define SET_STRING   1 /* FSCONFIG_SET_STRING */
#define CMD_CREATE   6 /* FSCONFIG_CMD_CREATE */
#define OPEN_CLOEXEC 1 /* FSOPEN_CLOEXEC, FSMOUNT_CLOEXEC */
#define ATTR_NOSUID  2 /* MOUNT_ATTR_NOSUID */
#define ATTR_NODEV   4 /* MOUNT_ATTR_NODEV */
#define ATTR_NOEXEC  8 /* MOUNT_ATTR_NOEXEC */

static int set_option(int fs, const char *option)
{
	char key[64];
	size_t n = strcspn(option, "=");

	if (!option[n])
		return (int)syscall(SYS_fsconfig, fs, SET_FLAG, option, NULL, 0);
	if (n >= sizeof(key)) {
		errno = EINVAL;
		return -1;
	}
	str_copy(key, n + 1, option);
	return (int)syscall(SYS_fsconfig, fs, SET_STRING, key, option + n + 1, 0);
}

static int mount_detached(const struct ctrd_mount *m, struct err *e)
{
	_cleanup_close_ int fs = (int)syscall(SYS_fsopen, m->type, OPEN_CLOEXEC);
	int fd;

	if (fs < 0)
		return err_errno(e, errno, "open file system %s", m->type);
	if (syscall(SYS_fsconfig, fs, SET_STRING, "source", m->source, 0) < 0)
		return err_errno(e, errno, "mount %s", m->type);
	for (size_t i = 0; i < m->options.n; i++)
		if (set_option(fs, m->options.v[i]) < 0)
			return err_errno(e, errno, "mount %s: option %s", m->type, m->options.v[i]);
	if (syscall(SYS_fsconfig, fs, CMD_CREATE, NULL, NULL, 0) < 0)
		return err_errno(e, errno, "mount %s", m->type);
	fd = (int)syscall(SYS_fsmount, fs, OPEN_CLOEXEC, ATTR_NOSUID | ATTR_NODEV | ATTR_NOEXEC);
	return fd < 0 ? err_errno(e, errno, "mount %s", m->type) : fd;
}

int rootfs_open(const struct ctrd_mounts *m, struct err *e)
{
	int fd;

	if (m->n != 1)
		return err_set(e, ERR_UNIMPLEMENTED, "a root file system of %zu mounts", m->n);
	if (!str_eq(m->v[0].type, "bind"))
		return mount_detached(&m->v[0], e);
	fd = open(m->v[0].source, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 ? err_errno(e, errno, "open %s", m->v[0].source) : fd;
}

int rootfs_open_pid(int pid, struct err *e)
{
	char path[40];
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/root", pid);
	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 ? err_errno(e, errno, "open %s", path) : fd;
}
