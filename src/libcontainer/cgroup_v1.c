/* Cgroups v1 and the hybrid layout: a directory in each hierarchy. See cgroup.h. */
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

/* A relative path is below our own cgroup, which is relative to what is mounted of the hierarchy. */
static const char *below_own(struct arena *a, const char *mount, const char *own, const char *path)
{
	const char *root = cgroup_mount_root(a, mount);
	const char *rest = str_eq(root, "/") ? own : str_after(own, root);

	return path_join(a, path_join(a, mount, rest ? rest : ""), path);
}

static const char *dir_of(struct arena *a, const char *mount, const char *self,
                          const char *controller, const char *path)
{
	const char *own;

	if (*path == '/')
		return path_clean(a, path_join(a, mount, path + 1));
	own = cgroup_own(a, self, controller);
	return own ? path_clean(a, below_own(a, mount, own, path)) : NULL;
}

static int v1_plan(struct arena *a, const char *path, struct cgroup *out, struct err *e)
{
	const char *self = cgroup_read(a, "/proc/self", "cgroup");

	if (!self)
		return err_set(e, ERR_UNAVAILABLE, "cannot read /proc/self/cgroup");
	for (size_t i = 0; i < ARRAY_LEN(controllers); i++) {
		const char *mount = mount_of(a, controllers[i]);
		const char *dir = mount ? dir_of(a, mount, self, controllers[i], path) : NULL;

		if (dir)
			cgroup_add(a, out, controllers[i], dir);
	}
	if (is_mount_of(UNIFIED, CGROUP2_SUPER_MAGIC))
		cgroup_add(a, out, "", dir_of(a, UNIFIED, self, "", path));
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

/* ---- limits ---- */

#define CPU(file, kind, member)                                                      \
	{                                                                            \
		"cpu", file, KNOB_CPU, JSON_##kind, offsetof(struct oci_cpu, member) \
	}
#define CPUSET(file, member)                                                         \
	{                                                                            \
		"cpuset", file, KNOB_CPU, JSON_STR, offsetof(struct oci_cpu, member) \
	}
#define MEMORY(file, kind, member)                                                            \
	{                                                                                     \
		"memory", file, KNOB_MEMORY, JSON_##kind, offsetof(struct oci_memory, member) \
	}

static const struct cgroup_knob knobs[] = {
	CPU("cpu.shares", OPT_U64, shares),
	CPU("cpu.rt_period_us", OPT_U64, realtime_period),
	CPU("cpu.rt_runtime_us", OPT_I64, realtime_runtime),
	CPU("cpu.cfs_burst_us", OPT_U64, burst),
	CPU("cpu.idle", OPT_I64, idle),
	CPUSET("cpuset.cpus", cpus),
	CPUSET("cpuset.mems", mems),
	MEMORY("memory.soft_limit_in_bytes", OPT_I64, reservation),
	MEMORY("memory.swappiness", OPT_U64, swappiness),
	MEMORY("memory.oom_control", OPT_BOOL, disable_oom_killer),
	{ "net_cls", "net_cls.classid", KNOB_NETWORK, JSON_OPT_U64,
	  offsetof(struct oci_network, class_id) },
};

/* Of two limits where one bounds the other, either order may be refused: try both. */
static int write_pair(const char *path, const char *file1, struct json_opt_i64 v1,
                      const char *file2, struct json_opt_i64 v2, struct err *e)
{
	bool retry = false;

	if (v1.set && cgroup_write_i64(path, file1, v1.value, e) < 0) {
		if (!v2.set || !e || (e->errnum != EINVAL && e->errnum != EBUSY))
			return -1;
		retry = true;
	}
	if (v2.set && cgroup_write_i64(path, file2, v2.value, e) < 0)
		return -1;
	return retry ? cgroup_write_i64(path, file1, v1.value, e) : 0;
}

static int set_memory(const struct cgroup *cg, const struct oci_memory *m, struct err *e)
{
	struct json_opt_i64 limit = m->limit, swap = m->swap;
	const char *path = cgroup_path(cg, "memory");

	/* 0 means "leave it"; an unlimited memory with unsaid swap means unlimited swap. */
	limit.set = limit.set && limit.value != 0;
	swap.set = swap.set && swap.value != 0;
	if (limit.set && limit.value == -1 && !swap.set)
		swap = (struct json_opt_i64){ path && path_exists(path), -1 };
	if (!limit.set && !swap.set)
		return 0;
	if (!path)
		return err_set(e, ERR_UNAVAILABLE, "cgroup controller memory is not available");
	return write_pair(path, "memory.limit_in_bytes", limit, "memory.memsw.limit_in_bytes", swap,
	                  e);
}

static int set_cpu_quota(const struct cgroup *cg, const struct oci_cpu *c, struct err *e)
{
	struct json_opt_i64 period = { c->period.set && c->period.value, (int64_t)c->period.value };
	struct json_opt_i64 quota = { c->quota.set && c->quota.value, c->quota.value };
	const char *path = cgroup_path(cg, "cpu");

	if (!period.set && !quota.set)
		return 0;
	if (!path)
		return err_set(e, ERR_UNAVAILABLE, "cgroup controller cpu is not available");
	return write_pair(path, "cpu.cfs_period_us", period, "cpu.cfs_quota_us", quota, e);
}

static int set_pids(const struct cgroup *cg, const struct oci_pids *p, struct err *e)
{
	const char *path = cgroup_path(cg, "pids");

	if (!p->limit.set || !path)
		return 0;
	if (p->limit.value <= 0)
		return cgroup_write(path, "pids.max", "max", e);
	return cgroup_write_i64(path, "pids.max", p->limit.value, e);
}

/* The names differ between schedulers: CFQ's are gone from new kernels, BFQ's may be there. */
static int set_weight(const char *path, const struct oci_block_io *io, struct err *e)
{
	if (!io->weight.set || io->weight.value == 0)
		return 0;
	if (cgroup_write_i64(path, "blkio.weight", (int64_t)io->weight.value, e) == 0)
		return 0;
	return cgroup_write_i64(path, "blkio.bfq.weight", (int64_t)io->weight.value, e);
}

static int set_throttle(const char *path, const char *file, size_t n,
                        const struct oci_throttle_device *v, struct err *e)
{
	char text[96];

	for (size_t i = 0; i < n; i++) {
		snprintf(text, sizeof(text), "%" PRId64 ":%" PRId64 " %" PRIu64, v[i].major,
		         v[i].minor, v[i].rate);
		if (cgroup_write(path, file, text, e) < 0)
			return -1;
	}
	return 0;
}

static int set_block_io(const struct cgroup *cg, const struct oci_block_io *io, struct err *e)
{
	const char *path = cgroup_path(cg, "blkio");

	if (!path)
		return 0;
	if (set_weight(path, io, e) < 0 ||
	    set_throttle(path, "blkio.throttle.read_bps_device", io->read_bps.n, io->read_bps.v,
	                 e) < 0 ||
	    set_throttle(path, "blkio.throttle.write_bps_device", io->write_bps.n, io->write_bps.v,
	                 e) < 0 ||
	    set_throttle(path, "blkio.throttle.read_iops_device", io->read_iops.n, io->read_iops.v,
	                 e) < 0)
		return -1;
	return set_throttle(path, "blkio.throttle.write_iops_device", io->write_iops.n,
	                    io->write_iops.v, e);
}

static int set_hugepages(const struct cgroup *cg, const struct oci_resources *r, struct err *e)
{
	const char *path = cgroup_path(cg, "hugetlb");
	char file[64];

	for (size_t i = 0; i < r->hugepage_limits.n; i++) {
		if (!path)
			return err_set(e, ERR_UNAVAILABLE,
			               "cgroup controller hugetlb is not available");
		snprintf(file, sizeof(file), "hugetlb.%s.limit_in_bytes",
		         r->hugepage_limits.v[i].page_size);
		if (cgroup_write_i64(path, file, (int64_t)r->hugepage_limits.v[i].limit, e) < 0)
			return -1;
	}
	return 0;
}

static int v1_set(const struct cgroup *cg, const struct oci_resources *r, struct err *e)
{
	if (r->memory && set_memory(cg, r->memory, e) < 0)
		return -1;
	if (r->cpu && set_cpu_quota(cg, r->cpu, e) < 0)
		return -1;
	if (r->pids && set_pids(cg, r->pids, e) < 0)
		return -1;
	if (r->block_io && set_block_io(cg, r->block_io, e) < 0)
		return -1;
	if (set_hugepages(cg, r, e) < 0)
		return -1;
	return cgroup_set_knobs(cg, knobs, ARRAY_LEN(knobs), r, e);
}

/* ---- devices ---- */

/* "c 1:3 rwm"; "*" for what a rule leaves open. admin-guide/cgroup-v1/devices.rst. */
static void rule_text(const struct oci_device_rule *rule, char *dst, size_t size)
{
	char major[24] = "*", minor[24] = "*";

	if (rule->major.set && rule->major.value >= 0)
		snprintf(major, sizeof(major), "%" PRId64, rule->major.value);
	if (rule->minor.set && rule->minor.value >= 0)
		snprintf(minor, sizeof(minor), "%" PRId64, rule->minor.value);
	snprintf(dst, size, "%s %s:%s %s", str_empty(rule->type) ? "a" : rule->type, major, minor,
	         str_empty(rule->access) ? "rwm" : rule->access);
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
	.set = v1_set,
	.set_devices = v1_set_devices,
	.freeze = v1_freeze,
	.frozen = v1_frozen,
};
