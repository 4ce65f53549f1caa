/* Cgroups v1 and the hybrid layout: a directory in each hierarchy. See cgroup.h; limits: cgroup_v1_limits.c. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/magic.h>
#include <stdio.h>
#include <sys/vfs.h>
#include <unistd.h>
#include "libcontainer/cgroup_internal.h"
#include "base/file.h"
#include "base/limits.h"

#define UNIFIED CGROUP_ROOT "/unified"

static const char *const controllers[] = {
	"cpuset",   "cpu",        "cpuacct", "memory",  "devices",
	"freezer",  "blkio",      "pids",    "hugetlb", "net_cls",
	"net_prio", "perf_event", "rdma",    "misc",    "name=systemd",
};

static bool is_mount_of(const char *path, long magic)
{
	struct statfs s;

	return statfs(path, &s) == 0 && s.f_type == magic;
}

/* Hierarchies are mounted as, or linked to, /sys/fs/cgroup/CONTROLLER. */
static const char *mount_of(struct arena *a, const char *controller)
{
	const char *name = str_after(controller, "name=");
	const char *path = path_join(a, CGROUP_ROOT, name ? name : controller);

	return is_mount_of(path, CGROUP_SUPER_MAGIC) ? path : NULL;
}

/* What tells where a container's directories are; the texts are read once. */
struct places {
	struct arena *a;
	const char *path;      /* of the container; absolute means below the mounts */
	const char *self;      /* /proc/self/cgroup */
	const char *mountinfo; /* /proc/self/mountinfo, for relative paths only */
};

/* A relative path is below our own cgroup, which is relative to what is mounted of the hierarchy. */
static const char *below_own(const struct places *p, const char *mount, const char *own)
{
	const char *root = cgroup_mount_root(p->a, p->mountinfo, mount);
	const char *rest = str_eq(root, "/") ? own : str_after(own, root);

	return path_join(p->a, path_join(p->a, mount, rest ? rest : ""), p->path);
}

static const char *dir_of(const struct places *p, const char *mount, const char *controller)
{
	const char *own;

	if (*p->path == '/')
		return path_clean(p->a, path_join(p->a, mount, p->path + 1));
	own = cgroup_own(p->a, p->self, controller);
	return own ? path_clean(p->a, below_own(p, mount, own)) : NULL;
}

static int v1_plan(struct arena *a, const char *path, struct cgroup *out, struct err *e)
{
	struct places p = { a, path, NULL, NULL };
	const char *dir;

	if (*path != '/') {
		p.self = cgroup_read(a, "/proc/self", "cgroup");
		p.mountinfo = cgroup_read(a, "/proc/self", "mountinfo");
		if (!p.self || !p.mountinfo)
			return err_set(e, ERR_UNAVAILABLE,
			               "cannot read our own cgroup in /proc/self");
	}
	for (size_t i = 0; i < ARRAY_LEN(controllers); i++) {
		const char *mount = mount_of(a, controllers[i]);

		dir = mount ? dir_of(&p, mount, controllers[i]) : NULL;
		if (dir)
			cgroup_add(a, out, controllers[i], dir);
	}
	dir = is_mount_of(UNIFIED, CGROUP2_SUPER_MAGIC) ? dir_of(&p, UNIFIED, "") : NULL;
	if (dir)
		cgroup_add(a, out, "", dir);
	return 0;
}

/* ---- cpuset: a new directory has no CPUs and no memory nodes, and takes no process before it has ---- */

static int inherit_cpuset(struct arena *a, const char *path, const char *file, struct err *e)
{
	const char *own = cgroup_read(a, path, file);
	const char *slash = strrchr(path, '/');
	const char *parent, *value;

	if (!own || *own || !slash)
		return 0;
	parent = arena_strndup(a, path, (size_t)(slash - path));
	value = cgroup_read(a, parent, file);
	if (value && !*value) {
		if (inherit_cpuset(a, parent, file, e) < 0)
			return -1;
		value = cgroup_read(a, parent, file);
	}
	return value && *value ? cgroup_write(path, file, value, e) : 0;
}

static int v1_create(const struct cgroup *cg, struct err *e)
{
	_cleanup_arena_ struct arena a = { 0 };
	const char *path = cgroup_path(cg, "cpuset");

	if (!path)
		return 0;
	if (inherit_cpuset(&a, path, "cpuset.cpus", e) < 0)
		return -1;
	return inherit_cpuset(&a, path, "cpuset.mems", e);
}

/* ---- devices ---- */

/* What the kernel knows of an access word; the rest is ignored, as runc does. */
static const char *access_of(const struct oci_device_rule *rule, char dst[4])
{
	size_t n = 0;

	for (const char *c = "rwm"; *c; c++)
		if (str_empty(rule->access) || strchr(rule->access, *c))
			dst[n++] = *c;
	dst[n] = '\0';
	return dst;
}

/* "c 1:3 rwm"; "*" for what a rule leaves open. admin-guide/cgroup-v1/devices.rst. */
static void rule_text(const struct oci_device_rule *rule, char *dst, size_t size)
{
	char major[24] = "*", minor[24] = "*", access[4];

	if (rule->major.set && rule->major.value >= 0)
		snprintf(major, sizeof(major), "%" PRId64, rule->major.value);
	if (rule->minor.set && rule->minor.value >= 0)
		snprintf(minor, sizeof(minor), "%" PRId64, rule->minor.value);
	snprintf(dst, size, "%s %s:%s %s", str_empty(rule->type) ? "a" : rule->type, major, minor,
	         access_of(rule, access));
}

static int v1_set_devices(const struct cgroup *cg, const struct oci_resources *r, struct err *e)
{
	_cleanup_arena_ struct arena a = { 0 };
	const char *path = cgroup_path(cg, "devices");
	struct cgroup_device_rules rules;
	char text[96];

	if (!path)
		return 0;
	cgroup_device_rules(&a, r, &rules);
	for (size_t i = 0; i < rules.n; i++) {
		rule_text(&rules.v[i], text, sizeof(text));
		if (cgroup_write(path, rules.v[i].allow ? "devices.allow" : "devices.deny", text,
		                 e) < 0)
			return -1;
	}
	return 0;
}

/* ---- freezer: admin-guide/cgroup-v1/freezer-subsystem.rst ---- */

static bool v1_frozen(const struct cgroup *cg)
{
	_cleanup_arena_ struct arena a = { 0 };
	const char *path = cgroup_path(cg, "freezer");
	const char *state = path ? cgroup_read(&a, path, "freezer.state") : NULL;

	return state && strcmp(state, "THAWED") != 0;
}

/* A process in the middle of a fork can keep the cgroup FREEZING: then write again. */
#define FREEZE_TRIES 1000

static int v1_freeze(const struct cgroup *cg, bool on, struct err *e)
{
	const char *path = cgroup_path(cg, "freezer");
	const char *want = on ? "FROZEN" : "THAWED";
	struct timespec pause = { .tv_nsec = 1000000 };

	if (!path)
		return err_set(e, ERR_UNAVAILABLE, "cgroup controller freezer is not available");
	for (int i = 0; i < FREEZE_TRIES; i++) {
		_cleanup_arena_ struct arena a = { 0 };

		if (cgroup_write(path, "freezer.state", want, e) < 0)
			return -1;
		if (str_eq(cgroup_read(&a, path, "freezer.state"), want))
			return 0;
		nanosleep(&pause, NULL);
	}
	return err_set(e, ERR_DEADLINE, "unable to freeze");
}

const struct cgroup_ops cgroup_v1_ops = {
	.plan = v1_plan,
	.create = v1_create,
	.set = cgroup_v1_set,
	.set_devices = v1_set_devices,
	.freeze = v1_freeze,
	.frozen = v1_frozen,
};
