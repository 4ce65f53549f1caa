/*
 * The root of a container. One that runs gives it as a descriptor. One that does not is put together
 * in a mount namespace of our own, which ends with us, so that nothing stays mounted whoever is
 * killed. Sources of mounts are opened before anything of the container is looked at, and their
 * places are found by openat2 inside the root, so that no symlink of an image leads out of it.
 */
#include "helpers/files/files.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/mount.h>
#include <sched.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "base/fd.h"
#include "base/file.h"
#include "helpers/unpack/tree.h"

#ifndef OPEN_TREE_CLONE
#define OPEN_TREE_CLONE 1
#endif
#ifndef AT_RECURSIVE
#define AT_RECURSIVE 0x8000
#endif

static int clone_mount(int dir, const char *path, bool recursive)
{
	unsigned flags = OPEN_TREE_CLONE | O_CLOEXEC | AT_EMPTY_PATH;

	return (int)syscall(SYS_open_tree, dir, path, flags | (recursive ? AT_RECURSIVE : 0));
}

static int make_read_only(int mount, struct err *e)
{
	struct mount_attr attr = { .attr_set = MOUNT_ATTR_RDONLY };

	if (syscall(SYS_mount_setattr, mount, "", AT_EMPTY_PATH | AT_RECURSIVE, &attr,
	            sizeof(attr)) == 0)
		return 0;
	return err_errno(e, errno, "make a mount read-only");
}

static int private_namespace(struct err *e)
{
	if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
		return err_errno(e, errno, "make a mount namespace");
	return 0;
}

static int mount_rootfs(const struct files_rootfs *r, struct err *e)
{
	unsigned long flags = str_eq(r->type, "bind") ? MS_BIND : MS_NOSUID | MS_NODEV | MS_NOEXEC;
	int fd;

	if (chdir(r->folder) < 0 || mount(r->source, r->target, r->type, flags, r->options) < 0)
		return err_errno(e, errno, "mount the root file system");
	fd = open(r->target, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 ? err_errno(e, errno, "open the root file system") : fd;
}

/* What is mounted on; made when it is missing, as the runtime does. */
static int open_destination(struct tree *t, const char *path, bool is_dir, struct err *e)
{
	_cleanup_arena_ struct arena a = { 0 };
	const char *clean = tree_clean(&a, path), *slash = strrchr(clean, '/');
	int fd = open_in_root(t->root, path, O_PATH), dir;

	if (fd >= 0 || errno != ENOENT)
		return fd < 0 ? err_errno(e, errno, "open %s", path) : fd;
	dir = tree_dir(t,
	               is_dir  ? clean
	               : slash ? arena_strndup(&a, clean, (size_t)(slash - clean))
	                       : "",
	               e);
	if (dir < 0)
		return -1;
	fd = is_dir ? fcntl(dir, F_DUPFD_CLOEXEC, 0)
	            : openat(dir, slash ? slash + 1 : clean,
	                     O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
	return fd < 0 ? err_errno(e, errno, "make %s", path) : fd;
}

static int attach(struct tree *t, const struct files_mount *m, int source, struct err *e)
{
	_cleanup_close_ int on = -1;
	struct stat st;

	if (fstat(source, &st) < 0)
		return err_errno(e, errno, "stat %s", m->source);
	if (m->read_only && make_read_only(source, e) < 0)
		return -1;
	on = open_destination(t, m->destination, S_ISDIR(st.st_mode), e);
	if (on < 0)
		return -1;
	if (syscall(SYS_move_mount, source, "", on, "",
	            MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH) < 0)
		return err_errno(e, errno, "mount on %s", m->destination);
	return 0;
}

/* A source that is gone is not mounted: its place shows what the image has there. */
static int attach_all(int root, const struct files_job *job, struct err *e)
{
	struct tree t = { .root = root, .dir = -1 };
	int r = 0;

	for (size_t i = 0; i < job->mounts.n && r == 0; i++) {
		const struct files_mount *m = &job->mounts.v[i];
		_cleanup_close_ int source = clone_mount(AT_FDCWD, m->source, m->recursive);

		if (source < 0 && errno != ENOENT)
			r = err_errno(e, errno, "open %s", m->source);
		else if (source >= 0)
			r = attach(&t, m, source, e);
	}
	t.root = -1; /* the caller's */
	tree_close(&t);
	return r;
}

static int stopped_root(const struct files_job *job, struct err *e)
{
	_cleanup_close_ int root = -1;

	if (private_namespace(e) < 0)
		return -1;
	root = mount_rootfs(job->rootfs, e);
	return root < 0 || attach_all(root, job, e) < 0 ? -1 : take_fd(&root);
}

/* The root's own mount without those in it: a clone, which takes being in its namespace. */
static int bare_root(struct err *e)
{
	int fd;

	if (setns(FILES_FD_NAMESPACE, CLONE_NEWNS) < 0)
		return err_errno(e, errno, "enter the container's mount namespace");
	fd = clone_mount(FILES_FD_ROOT, "", false);
	return fd < 0 ? err_errno(e, errno, "clone the container's root") : fd;
}

int root_open(const struct files_job *job, struct err *e)
{
	if (job->rootfs)
		return stopped_root(job, e);
	return str_eq(job->what, FILES_EXPORT) ? bare_root(e) : FILES_FD_ROOT;
}
