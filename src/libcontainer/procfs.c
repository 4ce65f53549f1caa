/* A procfs of our own. See procfs.h. */
#include "libcontainer/procfs.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>
#include "base/fd.h"

#define PROC_ROOT_INO 1

static int new_instance(void)
{
	_cleanup_close_ int fs = fsopen("proc", FSOPEN_CLOEXEC);

	if (fs < 0 || fsconfig(fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0)
		return -1;
	return fsmount(fs, FSMOUNT_CLOEXEC,
	               MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC);
}

static bool is_procfs(int fd)
{
	struct statfs s;

	return fstatfs(fd, &s) == 0 && s.f_type == PROC_SUPER_MAGIC;
}

/* Where we may not mount one (a user namespace below a masked /proc): the one that is there. */
static int existing(struct err *e)
{
	_cleanup_close_ int fd = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0)
		return err_errno(e, errno, "open /proc");
	if (!is_procfs(fd) || st.st_ino != PROC_ROOT_INO)
		return err_set(e, ERR_PRECONDITION, "/proc is not a procfs");
	return take_fd(&fd);
}

int procfs_open(struct err *e)
{
	int fd = new_instance();

	return fd >= 0 ? fd : existing(e);
}

int procfs_file(int proc, const char *path, int flags, struct err *e)
{
	struct open_how how = {
		.flags = (unsigned)flags | O_CLOEXEC | O_NOFOLLOW,
		.resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS | RESOLVE_NO_XDEV,
	};
	_cleanup_close_ int fd = (int)syscall(SYS_openat2, proc, path, &how, sizeof(how));

	if (fd < 0)
		return err_errno(e, errno, "open /proc/%s", path);
	if (!is_procfs(fd))
		return err_set(e, ERR_PERMISSION, "/proc/%s is not on a procfs", path);
	return take_fd(&fd);
}

int procfs_write(int proc, const char *path, const char *text, struct err *e)
{
	_cleanup_close_ int fd = procfs_file(proc, path, O_WRONLY, e);
	size_t n = strlen(text);

	if (fd < 0)
		return -1;
	if (write(fd, text, n) != (ssize_t)n)
		return err_errno(e, errno, "write /proc/%s", path);
	return 0;
}

int procfs_reopen(int proc, int fd, int flags, struct err *e)
{
	char path[32];
	int got;

	snprintf(path, sizeof(path), "self/fd/%d", fd);
	got = openat(proc, path, flags | O_CLOEXEC);
	return got < 0 ? err_errno(e, errno, "reopen descriptor %d", fd) : got;
}
