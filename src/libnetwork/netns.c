/* See netns.h. */
#include "libnetwork/netns.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <pthread.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/vfs.h>
#include <unistd.h>
#include "base/fd.h"
#include "base/file.h"
#include "netlink/link.h"
#include "netlink/socket.h"

#define THREAD_STACK (128 * 1024)
#define LO_INDEX     1

/* What the thread is to do. */
struct inside {
	const char *path; /* make a namespace there; or NULL */
	int netns;        /* else enter this one */
	int nl;
	int result;
	struct err e;
};

/* As on Docker's networks without IPv6: no interface has it, lo included. */
static int no_ipv6(struct err *e)
{
	static const char *const names[] = { "default", "all" };
	char path[64];

	if (!path_exists("/proc/sys/net/ipv6"))
		return 0;
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		snprintf(path, sizeof(path), "/proc/sys/net/ipv6/conf/%s/disable_ipv6", names[i]);
		if (file_write(AT_FDCWD, path, "1", 1, 0644, e) < 0)
			return -1;
	}
	return 0;
}

static int bind_file(const char *path, struct err *e)
{
	_cleanup_close_ int fd = open(path, O_RDONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0444);

	if (fd < 0)
		return err_errno(e, errno, "create %s", path);
	if (mount("/proc/thread-self/ns/net", path, NULL, MS_BIND, NULL) < 0) {
		err_errno(e, errno, "mount network namespace on %s", path);
		unlink(path);
		return -1;
	}
	return 0;
}

static int make(struct inside *in)
{
	if (unshare(CLONE_NEWNET) < 0)
		return err_errno(&in->e, errno, "create network namespace");
	in->nl = nl_open(NETLINK_ROUTE, &in->e);
	if (in->nl < 0 || link_set_up(in->nl, LO_INDEX, &in->e) < 0 || no_ipv6(&in->e) < 0)
		return -1;
	return bind_file(in->path, &in->e);
}

static int enter(struct inside *in)
{
	if (setns(in->netns, CLONE_NEWNET) < 0)
		return err_errno(&in->e, errno, "enter network namespace");
	in->nl = nl_open(NETLINK_ROUTE, &in->e);
	return in->nl < 0 ? -1 : 0;
}

static void *run_inside(void *arg)
{
	struct inside *in = arg;

	in->result = in->path ? make(in) : enter(in);
	return NULL;
}

static int in_thread(struct inside *in, struct err *e)
{
	pthread_attr_t attr;
	pthread_t thread;
	int r;

	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, THREAD_STACK);
	r = pthread_create(&thread, &attr, run_inside, in);
	pthread_attr_destroy(&attr);
	if (r != 0)
		return err_errno(e, r, "start a thread");
	pthread_join(thread, NULL);
	if (in->result == 0)
		return 0;
	fd_close(&in->nl);
	if (e)
		*e = in->e;
	return -1;
}

int netns_create(const char *path, int *nl, struct err *e)
{
	struct inside in = { .path = path, .netns = -1, .nl = -1 };

	if (in_thread(&in, e) < 0)
		return -1;
	if (nl)
		*nl = in.nl;
	else
		fd_close(&in.nl);
	return 0;
}

int netns_netlink(int netns, struct err *e)
{
	struct inside in = { .netns = netns, .nl = -1 };

	return in_thread(&in, e) < 0 ? -1 : in.nl;
}

int netns_open(const char *path, struct err *e)
{
	_cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct statfs fs;

	if (fd < 0)
		return err_errno(e, errno, "open network namespace %s", path);
	if (fstatfs(fd, &fs) < 0)
		return err_errno(e, errno, "stat %s", path);
	if (fs.f_type != NSFS_MAGIC) /* the file without the mount: the host has restarted */
		return err_set(e, ERR_NOT_FOUND, "%s is no network namespace", path);
	return take_fd(&fd);
}

int netns_drop(const char *path, struct err *e)
{
	if (umount2(path, MNT_DETACH) < 0 && errno != EINVAL && errno != ENOENT)
		return err_errno(e, errno, "unmount network namespace %s", path);
	if (unlink(path) < 0 && errno != ENOENT)
		return err_errno(e, errno, "remove %s", path);
	return 0;
}
