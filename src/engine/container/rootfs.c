/* Mounts that nobody sees. See rootfs.h. */
#include "engine/container/rootfs.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <unistd.h>
#include "base/fd.h"
#include "base/file.h"
#include "base/limits.h"
#include "base/proc.h"

/* ---- by the new mount API: no child, but each option has at most 255 bytes ---- */

/* "key=value" or "flag". Layers are given one by one (Linux 6.8) when there are several. */
static int configure(struct arena *a, int fs, const char *option)
{
	const char *value = strchr(option, '=');
	const char *key = value ? arena_strndup(a, option, (size_t)(value - option)) : option;

	if (!value)
		return fsconfig(fs, FSCONFIG_SET_FLAG, key, NULL, 0);
	value++;
	if (!str_eq(key, "lowerdir") || !strchr(value, ':'))
		return fsconfig(fs, FSCONFIG_SET_STRING, key, value, 0);
	while (*value) {
		size_t n = strcspn(value, ":");

		if (fsconfig(fs, FSCONFIG_SET_STRING, "lowerdir+", arena_strndup(a, value, n), 0) <
		    0)
			return -1;
		value += n + (value[n] == ':');
	}
	return 0;
}

/* Returns a descriptor of the root, or -1 where the kernel or the options want the other way. */
static int mount_by_api(const struct ctrd_mount *m)
{
	_cleanup_arena_ struct arena a = { 0 };
	_cleanup_close_ int fs = fsopen(m->type, FSOPEN_CLOEXEC), root = -1;

	if (fs < 0)
		return -1;
	for (size_t i = 0; i < m->options.n; i++)
		if (configure(&a, fs, m->options.v[i]) < 0)
			return -1;
	if (fsconfig(fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0)
		return -1;
	root = fsmount(fs, FSMOUNT_CLOEXEC,
	               MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC);
	return root < 0 ? -1 : openat(root, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

/* ---- by a child ---- */

#define MOUNT_OPTIONS_MAX 4096 /* one page, the kernel's limit */

/*
 * The mount is made by a short-lived child that shares our memory and descriptors, but has a mount
 * namespace and a working directory of its own: mount(2) takes a page of options, relative to the
 * folder that the layers have in common, where the new mount API takes 255 bytes for all of them.
 * The namespace ends with the child; the descriptor keeps the mount.
 */
struct job {
	const char *type, *source, *folder, *target;
	const char *options; /* joined by commas, paths below `folder` relative to it */
	int fd;
	int error;
};

/* Only system calls: memory is shared with a running engine. */
static int make_mount(void *arg)
{
	struct job *j = arg;

	if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 && chdir(j->folder) == 0 &&
	    mount(j->source, j->target, j->type, MS_NOSUID | MS_NODEV | MS_NOEXEC, j->options) == 0)
		j->fd = open(j->target, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	j->error = j->fd < 0 ? errno : 0;
	_exit(0);
}

static int run_job(struct job *j, struct err *e)
{
	pid_t pid = proc_vfork(make_mount, j, sizeof(*j), CLONE_FILES | CLONE_NEWNS, NULL, e);

	if (pid < 0)
		return err_wrap(e, "mount %s", j->type);
	(void)!proc_wait(pid, NULL);
	return j->error ? err_errno(e, j->error, "mount %s", j->type) : 0;
}

/* The folder that holds the layers: what comes before "/N/fs" in the first path of an option. */
static char *folder_of(struct arena *a, const struct ctrd_mount *m)
{
	for (size_t i = 0; i < m->options.n; i++) {
		const char *path = str_after(m->options.v[i], "lowerdir=");
		char *folder = path ? arena_strndup(a, path, strcspn(path, ":")) : NULL;

		for (int up = 0; folder && up < 2 && strrchr(folder, '/'); up++)
			*strrchr(folder, '/') = '\0';
		if (folder)
			return *folder ? folder : arena_strdup(a, "/");
	}
	return arena_strdup(a, "/");
}

/* Appends the option with every "FOLDER/" cut out of it. */
static void add_option(struct buf *b, const char *option, const char *folder)
{
	size_t n = strlen(folder);

	if (b->len > 0)
		buf_addc(b, ',');
	while (*option) {
		bool starts = n > 1 && strncmp(option, folder, n) == 0 && option[n] == '/';

		if (starts)
			option += n + 1;
		else
			buf_addc(b, *option++);
	}
}

int rootfs_describe(struct arena *a, const struct ctrd_mounts *mounts, struct rootfs_call *out,
                    struct err *e)
{
	_cleanup_buf_ struct buf options = { 0 };
	const struct ctrd_mount *m = mounts->v;

	if (mounts->n != 1)
		return err_set(e, ERR_UNIMPLEMENTED, "a root file system of %zu mounts", mounts->n);
	*out = (struct rootfs_call){ m->type, m->source, folder_of(a, m), "" };
	if (str_eq(m->type, "bind"))
		return 0;
	for (size_t i = 0; i < m->options.n; i++)
		add_option(&options, m->options.v[i], out->folder);
	if (options.len >= MOUNT_OPTIONS_MAX)
		return err_set(e, ERR_EXHAUSTED, "mount %s: %zu bytes of options", m->type,
		               options.len);
	out->options = arena_strdup(a, buf_cstr(&options));
	return 0;
}

static int mount_by_child(const struct ctrd_mounts *m, struct err *e)
{
	_cleanup_arena_ struct arena a = { 0 };
	struct rootfs_call call;
	struct job j = { .target = "/proc", /* any directory: nobody else sees the mount */
		         .fd = -1 };

	if (rootfs_describe(&a, m, &call, e) < 0)
		return -1;
	j.type = call.type;
	j.source = call.source;
	j.folder = call.folder;
	j.options = call.options;
	return run_job(&j, e) < 0 ? -1 : j.fd;
}

/* The child costs a copy of the mount namespace. */
static int mount_detached(const struct ctrd_mounts *m, struct err *e)
{
	int fd = mount_by_api(&m->v[0]);

	return fd >= 0 ? fd : mount_by_child(m, e);
}

int rootfs_open(const struct ctrd_mounts *m, struct err *e)
{
	int fd;

	if (m->n != 1)
		return err_set(e, ERR_UNIMPLEMENTED, "a root file system of %zu mounts", m->n);
	if (!str_eq(m->v[0].type, "bind"))
		return mount_detached(m, e);
	fd = open(m->v[0].source, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 ? err_errno(e, errno, "open %s", m->v[0].source) : fd;
}

int rootfs_mark(const struct ctrd_mounts *m, struct err *e)
{
	_cleanup_arena_ struct arena a = { 0 };
	const char *layer = m->n == 1 && str_eq(m->v[0].type, "bind") ? m->v[0].source : NULL;
	_cleanup_close_ int fd = -1;

	for (size_t i = 0; m->n == 1 && !layer && i < m->v[0].options.n; i++)
		layer = str_after(m->v[0].options.v[i], "upperdir=");
	if (!layer)
		return 0; /* not a file system whose layers are folders */
	fd = open(path_join(&a, layer, ".dockerenv"), O_WRONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC,
	          0755);
	return fd < 0 ? err_errno(e, errno, "mark %s", layer) : 0;
}

int rootfs_open_pid(int pid, struct err *e)
{
	char path[40];
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/root", pid);
	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 ? err_errno(e, errno, "open %s", path) : fd;
}
