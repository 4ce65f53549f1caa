/* Control groups. See cgroup.h. */
#include "shim/cgroup.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <sys/vfs.h>
#include "base/fd.h"
#include "base/file.h"
#include "base/limits.h"
#include "base/str.h"

#define ROOT "/sys/fs/cgroup"

/* The hierarchies whose files the shim reads. */
static const char *const controllers[] = { "blkio", "cpu", "cpuacct", "memory", "pids" };

static bool is_unified(void)
{
	struct statfs fs;

	return statfs(ROOT, &fs) == 0 && fs.f_type == CGROUP2_SUPER_MAGIC;
}

/* "cpu,cpuacct" has "cpu". */
static bool list_has(const char *list, size_t n, const char *name)
{
	for (const char *p = list; p < list + n; p++) {
		size_t len = strcspn(p, ",:");

		if (len == strlen(name) && memcmp(p, name, len) == 0)
			return true;
		p += len;
	}
	return false;
}

/* One line of /proc/PID/cgroup: "4:memory:/docker/ID" or, in v2, "0::/docker/ID". */
static void add_line(struct arena *a, const char *line, bool unified, struct cgroup *out)
{
	const char *list = strchr(line, ':'), *path = list ? strchr(list + 1, ':') : NULL;

	if (!path)
		return;
	list++;
	if (unified) {
		if (path == list)
			out->unified = arena_printf(a, ROOT "%s", path + 1);
		return;
	}
	for (size_t i = 0; i < ARRAY_LEN(controllers); i++) {
		struct cgroup_v1_path v = { controllers[i], NULL };

		if (!list_has(list, (size_t)(path - list), v.controller))
			continue;
		v.path = arena_printf(a, ROOT "/%s%s", v.controller, path + 1);
		arena_push(a, &out->v1, v);
	}
}

int cgroup_of(struct arena *a, pid_t pid, struct cgroup *out, struct err *e)
{
	_cleanup_arena_ struct arena tmp = { 0 };
	bool unified = is_unified();
	struct slice text;

	*out = (struct cgroup){ 0 };
	if (file_read(&tmp, AT_FDCWD, arena_printf(&tmp, "/proc/%d/cgroup", pid), LIMIT_SMALL_FILE,
	              &text, e) < 0)
		return -1;
	for (const char *p = text.data; *p;) {
		size_t n = strcspn(p, "\n");

		add_line(a, arena_strndup(&tmp, p, n), unified, out);
		p += n + (p[n] == '\n');
	}
	return 0;
}

const char *cgroup_dir(const struct cgroup *c, const char *controller)
{
	for (size_t i = 0; i < c->v1.n; i++)
		if (str_eq(c->v1.v[i].controller, controller))
			return c->v1.v[i].path;
	return NULL;
}

/* NSpid lists a process's pid in each PID namespace, from ours down to its own. proc_pid_status(5) */
bool pid_is_first(pid_t pid)
{
	_cleanup_arena_ struct arena a = { 0 };
	const char *p, *last = NULL;
	struct slice text;

	if (file_read(&a, AT_FDCWD, arena_printf(&a, "/proc/%d/status", pid), LIMIT_SMALL_FILE,
	              &text, NULL) < 0)
		return false;
	p = strstr(text.data, "\nNSpid:");
	if (!p)
		return false;
	for (p++; (p = strpbrk(p, "\t\n")) && *p == '\t'; p++)
		last = p + 1;
	return last && strncmp(last, "1\n", 2) == 0;
}

/* ---- who is in it ---- */

struct walk {
	struct arena *a;
	struct pids *out;
	unsigned depth;
};

static int read_pids(struct walk *w, int dirfd)
{
	_cleanup_arena_ struct arena tmp = { 0 };
	struct slice text;

	if (file_read(&tmp, dirfd, "cgroup.procs", LIMIT_CONFIG_FILE, &text, NULL) < 0)
		return 0; /* a file, or a group that is gone meanwhile */
	for (const char *p = text.data; *p;) {
		size_t n = strcspn(p, "\n");
		int64_t pid;

		if (str_i64(arena_strndup(&tmp, p, n), &pid))
			arena_push(w->a, w->out, (pid_t)pid);
		p += n + (p[n] == '\n');
	}
	return 1;
}

#define MAX_DEPTH 32

static int walk_group(void *arg, int dirfd, const char *name)
{
	struct walk *w = arg;
	_cleanup_close_ int fd = openat(dirfd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0 || w->depth >= MAX_DEPTH || !read_pids(w, fd))
		return 0;
	w->depth++;
	(void)!dir_each(fd, ".", walk_group, w, NULL);
	w->depth--;
	return 0;
}

int cgroup_pids(struct arena *a, const struct cgroup *c, struct pids *out, struct err *e)
{
	const char *dir = c->unified ? c->unified : cgroup_dir(c, "pids");
	struct walk w = { a, out, 0 };

	if (!dir)
		dir = cgroup_dir(c, "memory");
	if (!dir)
		return err_set(e, ERR_UNAVAILABLE, "the container's control group is not known");
	walk_group(&w, AT_FDCWD, dir);
	return 0;
}
