/* Own-binary protection. See protect.h. */
#include "runc/protect.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "base/fd.h"
#include "base/str.h"

#define SEALS (F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE)

extern char **environ;

/*
 * Executed by descriptor (the kernel then names the program /dev/fd/N) and not writable: that is us,
 * the second time. The environment is no witness, a caller could forge it.
 */
static bool is_protected(int exe)
{
	const char *name = (const char *)getauxval(AT_EXECFN);
	struct statvfs fs;

	if (!name || !str_starts(name, "/dev/fd/"))
		return false;
	if (fcntl(exe, F_GET_SEALS) == SEALS)
		return true;
	return fstatvfs(exe, &fs) == 0 && (fs.f_flag & ST_RDONLY);
}

static int read_only_mount(int exe)
{
	struct mount_attr attr = { .attr_set = MOUNT_ATTR_RDONLY };
	_cleanup_close_ int mnt = -1;

	mnt = open_tree(exe, "", OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_EMPTY_PATH);
	if (mnt < 0 || mount_setattr(mnt, "", AT_EMPTY_PATH, &attr, sizeof(attr)) < 0)
		return -1;
	return take_fd(&mnt);
}

static int sealed_copy(int exe)
{
	_cleanup_close_ int mem = memfd_create("runc", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	ssize_t n;

	if (mem < 0)
		return -1;
	while ((n = sendfile(mem, exe, NULL, 1 << 30)) > 0)
		;
	if (n < 0 || fcntl(mem, F_ADD_SEALS, SEALS) < 0)
		return -1;
	return take_fd(&mem);
}

int protect_self(char **argv, struct err *e)
{
	_cleanup_close_ int exe = open("/proc/self/exe", O_RDONLY | O_CLOEXEC), safe = -1;

	if (exe < 0)
		return err_errno(e, errno, "open /proc/self/exe");
	if (is_protected(exe))
		return 0;
	safe = read_only_mount(exe);
	if (safe < 0)
		safe = sealed_copy(exe);
	if (safe < 0)
		return err_errno(e, errno, "protect the runc binary from containers");
	syscall(SYS_execveat, safe, "", argv, environ, AT_EMPTY_PATH);
	return err_errno(e, errno, "execute the protected runc binary");
}
