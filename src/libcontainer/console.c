/* Consoles. See console.h; ioctl_tty(2), pts(4). */
#include "libcontainer/console.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <unistd.h>
#include "libcontainer/inroot.h"
#include "libcontainer/mountfd.h"
#include "base/fd.h"

#define PTMX_DEVICE makedev(5, 2)

/* The image could have a fake /dev/pts: only a ptmx on a devpts makes terminals (CVE-2025-52565). */
static int open_master(int root, struct err *e)
{
	_cleanup_close_ int fd = inroot_open(root, "/dev/pts/ptmx", O_RDWR | O_NOCTTY, e);
	struct statfs fs;
	struct stat st;
	int unlock = 0;

	if (fd < 0)
		return -1;
	if (fstatfs(fd, &fs) < 0 || fs.f_type != DEVPTS_SUPER_MAGIC || fstat(fd, &st) < 0 ||
	    st.st_rdev != PTMX_DEVICE)
		return err_set(e, ERR_PERMISSION,
		               "/dev/pts/ptmx is not a pseudo-terminal multiplexer");
	if (ioctl(fd, TIOCSPTLCK, &unlock) < 0)
		return err_errno(e, errno, "unlock terminal");
	return take_fd(&fd);
}

static int bind_console(int root, int slave, struct err *e)
{
	const char *name;
	_cleanup_close_ int dir = inroot_parent(root, "/dev/console", &name, e);
	_cleanup_close_ int made = -1, target = -1, mnt = -1;
	struct stat st;

	if (dir < 0)
		return -1;
	made = openat(dir, name, O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (made < 0 && errno != EEXIST)
		return err_errno(e, errno, "create /dev/console");
	target = openat(dir, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	if (target < 0 || fstat(target, &st) < 0)
		return err_errno(e, errno, "open /dev/console");
	if (S_ISLNK(st.st_mode) || S_ISDIR(st.st_mode))
		return err_set(e, ERR_PERMISSION, "/dev/console is a link or a directory");
	mnt = mountfd_clone(slave, "", false, e);
	return mnt < 0 ? -1 : mountfd_attach(mnt, target, e);
}

static int become_stdio(int slave, struct err *e)
{
	for (int fd = 0; fd < 3; fd++)
		if (dup3(slave, fd, 0) < 0)
			return err_errno(e, errno, "make the terminal stdio");
	if (ioctl(0, TIOCSCTTY, 0) < 0)
		return err_errno(e, errno, "take the terminal as controlling terminal");
	return 0;
}

static int set_size(int master, const struct oci_box *size, struct err *e)
{
	struct winsize ws = { 0 };

	if (!size)
		return 0;
	ws.ws_row = (unsigned short)size->height;
	ws.ws_col = (unsigned short)size->width;
	if (ioctl(master, TIOCSWINSZ, &ws) < 0)
		return err_errno(e, errno, "set the terminal's size");
	return 0;
}

int console_setup(int root, int sock, const struct oci_box *size, bool bind, struct err *e)
{
	_cleanup_close_ int master = open_master(root, e), slave = -1;
	static const char name[] = "/dev/ptmx";

	if (master < 0 || set_size(master, size, e) < 0)
		return -1;
	slave = ioctl(master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (slave < 0)
		return err_errno(e, errno, "open the terminal's other end");
	if (bind && bind_console(root, slave, e) < 0)
		return -1;
	if (fd_send(sock, master, name, sizeof(name) - 1, e) < 0)
		return err_wrap(e, "send the terminal to the console socket");
	return become_stdio(slave, e);
}
