/* What is the same for both versions of cgroups. See cgroup.h. */
#include "libcontainer/cgroup.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>
#include "libcontainer/cgroup_internal.h"
#include "base/fd.h"
#include "base/file.h"
#include "base/limits.h"

static const struct cgroup_ops *ops(const struct cgroup *cg)
{
	return cg->v2 ? &cgroup_v2_ops : &cgroup_v1_ops;
}

bool cgroup_host_is_v2(void)
{
	struct statfs s;

	return statfs(CGROUP_ROOT, &s) == 0 && s.f_type == CGROUP2_SUPER_MAGIC;
}

void cgroup_add(struct arena *a, struct cgroup *cg, const char *controller, const char *path)
{
	struct cgroup_dir dir = { controller, path, true };

	for (size_t i = 0; i < cg->n; i++)
		if (str_eq(cg->v[i].path, path))
			dir.first = false;
	arena_push(a, cg, dir);
}

int cgroup_plan(struct arena *a, const char *path, const char *id, struct cgroup *out,
                struct err *e)
{
	*out = (struct cgroup){ .v2 = cgroup_host_is_v2() };
	/* Cleaned as an absolute path first, so that no ".." climbs out of the hierarchy. */
	if (str_empty(path))
		path = id;
	else if (*path == '/')
		path = path_clean(a, path);
	else
		path = path_clean(a, path_join(a, "/", path)) + 1;
	if (ops(out)->plan(a, path, out, e) < 0)
		return -1;
	if (out->n == 0)
		return err_set(e, ERR_UNAVAILABLE, "no cgroup mount found in mountinfo");
	return 0;
}

void cgroup_from_paths(struct arena *a, const struct json_map *paths, struct cgroup *out)
{
	*out = (struct cgroup){ .v2 = cgroup_host_is_v2() };
	for (size_t i = 0; i < paths->n; i++)
		cgroup_add(a, out, paths->v[i].key, paths->v[i].value);
}

void cgroup_to_paths(struct arena *a, const struct cgroup *cg, struct json_map *out)
{
	for (size_t i = 0; i < cg->n; i++)
		arena_push(a, out, ((struct json_pair){ cg->v[i].controller, cg->v[i].path }));
}

const char *cgroup_path(const struct cgroup *cg, const char *controller)
{
	for (size_t i = 0; i < cg->n; i++)
		if (cg->v2 || str_eq(cg->v[i].controller, controller))
			return cg->v[i].path;
	return NULL;
}

int cgroup_create(const struct cgroup *cg, struct err *e)
{
	for (size_t i = 0; i < cg->n; i++)
		if (cg->v[i].first && dir_make(cg->v[i].path, 0755, e) < 0)
			return err_wrap(e, "create cgroup");
	return ops(cg)->create(cg, e);
}

static int open_door(const struct cgroup_dir *dir, struct cgroup_doors *out, struct err *e)
{
	bool v2 = str_empty(dir->controller);
	char path[PATH_MAX];
	int fd;

	if (snprintf(path, sizeof(path), "%s%s", dir->path, v2 ? "" : "/tasks") >=
	    (int)sizeof(path))
		return err_set(e, ERR_INVALID, "cgroup path %s is too long", dir->path);
	fd = open(path, (v2 ? O_PATH | O_DIRECTORY : O_WRONLY) | O_CLOEXEC);
	if (fd < 0)
		return err_errno(e, errno, "open %s", path);
	if (v2)
		out->into = fd;
	else
		out->tasks[out->n++] = fd;
	return 0;
}

/* runc's words, which its callers' tests look for; the pid is ours, that of the clone is not born. */
int cgroup_doors_open(const struct cgroup *cg, struct cgroup_doors *out, struct err *e)
{
	*out = (struct cgroup_doors)CGROUP_DOORS_CLOSED;
	for (size_t i = 0; i < cg->n; i++) {
		if (!cg->v[i].first)
			continue;
		if (out->n == CGROUP_DOORS_MAX)
			return err_set(e, ERR_INVALID, "too many cgroup hierarchies");
		if (open_door(&cg->v[i], out, e) < 0)
			return err_wrap(e, "error adding pid %d to cgroups", getpid());
	}
	return 0;
}

void cgroup_doors_close(struct cgroup_doors *d)
{
	fd_close(&d->into);
	for (size_t i = 0; i < d->n; i++)
		fd_close(&d->tasks[i]);
	d->n = 0;
}

int cgroup_doors_enter(const struct cgroup_doors *d, struct err *e)
{
	for (size_t i = 0; i < d->n; i++)
		if (write(d->tasks[i], "0", 1) != 1)
			return err_errno(e, errno, "error adding pid %d to cgroups", getpid());
	return 0;
}

int cgroup_set(const struct cgroup *cg, const struct oci_resources *r, bool devices, struct err *e)
{
	static const struct oci_resources none;

	if (devices && ops(cg)->set_devices(cg, r ? r : &none, e) < 0)
		return -1;
	return ops(cg)->set(cg, r ? r : &none, e);
}

int cgroup_freeze(const struct cgroup *cg, bool on, struct err *e)
{
	return ops(cg)->freeze(cg, on, e);
}

bool cgroup_frozen(const struct cgroup *cg)
{
	return ops(cg)->frozen(cg);
}

/* ---- processes ---- */

/* The hierarchy that tells which processes belong to the container. */
static const char *listing(const struct cgroup *cg)
{
	const char *path = cgroup_path(cg, "devices");

	return path ? path : cg->n ? cg->v[0].path : NULL;
}

struct walk {
	struct arena *a;
	struct cgroup_pids *out;
};

/* A directory that is removed meanwhile has no processes. */
static void add_pids(struct walk *w, int dirfd)
{
	struct slice text;
	char *rest;

	if (file_read(w->a, dirfd, "cgroup.procs", LIMIT_CONFIG_FILE, &text, NULL) < 0)
		return;
	for (const char *p = text.data; *p; p = rest + (*rest == '\n')) {
		pid_t pid = (pid_t)strtol(p, &rest, 10);

		if (rest == p)
			break;
		arena_push(w->a, w->out, pid);
	}
}

static int walk_dir(void *arg, int dirfd, const char *name)
{
	_cleanup_close_ int fd =
	        openat(dirfd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (fd < 0)
		return 0; /* a file, or gone */
	add_pids(arg, fd);
	return dir_each(fd, ".", walk_dir, arg, NULL);
}

int cgroup_list(struct arena *a, const struct cgroup *cg, struct cgroup_pids *out, struct err *e)
{
	struct walk w = { a, out };
	const char *path = listing(cg);

	*out = (struct cgroup_pids){ 0 };
	if (!path)
		return err_set(e, ERR_PRECONDITION, "the container has no cgroup");
	walk_dir(&w, AT_FDCWD, path);
	return 0;
}

int cgroup_signal(const struct cgroup *cg, int signo, struct err *e)
{
	_cleanup_arena_ struct arena a = { 0 };
	struct cgroup_pids pids;

	if (cgroup_list(&a, cg, &pids, e) < 0)
		return -1;
	for (size_t i = 0; i < pids.n; i++)
		if (kill(pids.v[i], signo) < 0 && errno != ESRCH)
			return err_errno(e, errno, "signal process %d", pids.v[i]);
	return 0;
}

/* ---- removal ---- */

/* Best effort: what a directory below cannot be removed for, its parent is refused for as well. */
static int remove_nested(unused_arg void *arg, int dirfd, const char *name)
{
	_cleanup_close_ int fd =
	        openat(dirfd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (fd >= 0 && dir_each(fd, ".", remove_nested, NULL, NULL) == 0)
		unlinkat(dirfd, name, AT_REMOVEDIR);
	return 0;
}

static bool remove_dir(const char *path)
{
	if (rmdir(path) == 0 || errno == ENOENT)
		return true;
	if (errno != EBUSY && errno != ENOTEMPTY)
		return false;
	remove_nested(NULL, AT_FDCWD, path);
	return rmdir(path) == 0 || errno == ENOENT;
}

/*
 * A process may be in one hierarchy and not yet in that which tells who belongs to the container: one
 * that was about to enter when its runtime was killed.
 */
static void kill_in(const char *path)
{
	_cleanup_arena_ struct arena a = { 0 };
	struct cgroup_pids pids = { 0 };
	struct walk w = { &a, &pids };

	walk_dir(&w, AT_FDCWD, path);
	for (size_t i = 0; i < pids.n; i++)
		kill(pids.v[i], SIGKILL);
}

/* A process that was killed keeps its cgroup busy until the kernel is done with it. */
#define REMOVE_TRIES 12

static int remove_patiently(const char *path, struct err *e)
{
	struct timespec pause = { .tv_nsec = 1000000 };
	int tries = 0;

	while (!remove_dir(path)) {
		if (errno != EBUSY || ++tries == REMOVE_TRIES)
			return err_errno(e, errno, "remove cgroup %s", path);
		kill_in(path);
		nanosleep(&pause, NULL);
		pause.tv_nsec = MIN(pause.tv_nsec * 2, 500000000);
	}
	return 0;
}

int cgroup_remove(const struct cgroup *cg, struct err *e)
{
	for (size_t i = 0; i < cg->n; i++)
		if (cg->v[i].first && remove_patiently(cg->v[i].path, e) < 0)
			return -1;
	return 0;
}
