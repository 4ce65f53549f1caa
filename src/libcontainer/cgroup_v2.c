/* Cgroups v2: one directory for all controllers. See cgroup.h; admin-guide/cgroup-v2.rst. */
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <unistd.h>
#include "libcontainer/cgroup_internal.h"
#include "base/file.h"

static int v2_plan(struct arena *a, const char *path, struct cgroup *out, struct err *e)
{
	const char *own;

	if (*path == '/') {
		cgroup_add(a, out, "", path_clean(a, path_join(a, CGROUP_ROOT, path + 1)));
		return 0;
	}
	own = cgroup_own(a, cgroup_read(a, "/proc/self", "cgroup"), "");
	if (!own)
		return err_set(e, ERR_UNAVAILABLE, "/proc/self/cgroup does not tell our cgroup");
	path = path_join(a, path_join(a, CGROUP_ROOT, own + 1), path);
	cgroup_add(a, out, "", path_clean(a, path));
	return 0;
}

/* A controller works in a directory when its parent hands it down. Some may be refused: fine. */
static void hand_down(struct arena *a, const char *parent)
{
	const char *list = cgroup_read(a, parent, "cgroup.controllers");

	for (const char *p = list; p && *p;) {
		size_t n = strcspn(p, " ");
		char *text = arena_printf(a, "+%.*s", (int)n, p);

		if (cgroup_write(parent, "cgroup.subtree_control", text, NULL) < 0)
			errno = 0;
		p += n + (p[n] == ' ');
	}
}

static int v2_create(const struct cgroup *cg, struct err *e)
{
	_cleanup_arena_ struct arena a = { 0 };
	const char *path = cg->v[0].path;

	(void)e;
	hand_down(&a, CGROUP_ROOT);
	for (const char *p = path + strlen(CGROUP_ROOT) + 1; (p = strchr(p, '/')); p++)
		hand_down(&a, arena_strndup(&a, path, (size_t)(p - path)));
	return 0;
}

/* ---- limits ---- */

static const struct cgroup_knob knobs[] = {
	{ "cpu", "cpu.max.burst", KNOB_CPU, JSON_OPT_U64, offsetof(struct oci_cpu, burst) },
	{ "cpu", "cpu.idle", KNOB_CPU, JSON_OPT_I64, offsetof(struct oci_cpu, idle) },
	{ "cpuset", "cpuset.cpus", KNOB_CPU, JSON_STR, offsetof(struct oci_cpu, cpus) },
	{ "cpuset", "cpuset.mems", KNOB_CPU, JSON_STR, offsetof(struct oci_cpu, mems) },
};

/* 2..262144 of v1 onto 1..10000 so that both defaults, 1024 and 100, meet. */
static int64_t weight_of_shares(uint64_t shares)
{
	double l;

	if (shares <= 2)
		return 1;
	if (shares >= 262144)
		return 10000;
	l = log2((double)shares);
	return (int64_t)ceil(pow(10, (l * l + 125 * l) / 612.0 - 7.0 / 34.0));
}

static int set_cpu(const char *path, const struct oci_cpu *c, struct err *e)
{
	char text[64], quota[24] = "max";

	if (c->shares.set && c->shares.value &&
	    cgroup_write_i64(path, "cpu.weight", weight_of_shares(c->shares.value), e) < 0)
		return -1;
	if (!c->quota.set && !(c->period.set && c->period.value))
		return 0;
	if (c->quota.set && c->quota.value > 0)
		snprintf(quota, sizeof(quota), "%" PRId64, c->quota.value);
	if (c->period.set && c->period.value)
		snprintf(text, sizeof(text), "%s %" PRIu64, quota, c->period.value);
	else
		snprintf(text, sizeof(text), "%s", quota);
	return cgroup_write(path, "cpu.max", text, e);
}

/* -1 is "max", 0 says nothing. */
static int write_limit(const char *path, const char *file, struct json_opt_i64 v, struct err *e)
{
	if (!v.set || v.value == 0)
		return 0;
	return v.value < 0 ? cgroup_write(path, file, "max", e)
	                   : cgroup_write_i64(path, file, v.value, e);
}

/* v1's swap counts memory and swap, v2's counts swap alone. */
static int set_swap(const char *path, const struct oci_memory *m, struct err *e)
{
	struct json_opt_i64 swap = m->swap;

	if (swap.set && swap.value > 0) {
		if (!m->limit.set || m->limit.value <= 0 || swap.value < m->limit.value)
			return err_set(e, ERR_INVALID,
			               "memory+swap limit should be >= memory limit");
		return cgroup_write_i64(path, "memory.swap.max", swap.value - m->limit.value, e);
	}
	if (!(swap.set && swap.value < 0) && !(m->limit.set && m->limit.value == -1))
		return 0;
	/* Without swap accounting there is no file, and no limit either. */
	if (cgroup_write(path, "memory.swap.max", "max", e) < 0)
		return e && e->errnum == ENOENT ? 0 : -1;
	return 0;
}

static int set_memory(const char *path, const struct oci_memory *m, struct err *e)
{
	if (set_swap(path, m, e) < 0 || write_limit(path, "memory.max", m->limit, e) < 0)
		return -1;
	return write_limit(path, "memory.low", m->reservation, e);
}

static int set_throttle(const char *path, const char *key, size_t n,
                        const struct oci_throttle_device *v, struct err *e)
{
	char text[96];

	for (size_t i = 0; i < n; i++) {
		snprintf(text, sizeof(text), "%" PRId64 ":%" PRId64 " %s=%" PRIu64, v[i].major,
		         v[i].minor, key, v[i].rate);
		if (cgroup_write(path, "io.max", text, e) < 0)
			return -1;
	}
	return 0;
}

/* 10..1000 of v1 onto 1..10000. */
static int64_t io_weight(uint64_t v)
{
	return 1 + ((int64_t)v - 10) * 9999 / 990;
}

/* Only the BFQ scheduler has weights of devices. */
static int set_device_weights(const char *path, const struct oci_block_io *io, struct err *e)
{
	for (size_t i = 0; i < io->weight_device.n; i++) {
		const struct oci_weight_device *d = &io->weight_device.v[i];

		if (d->weight.set && cgroup_write_device(path, "io.bfq.weight", d->major, d->minor,
		                                         d->weight.value, e) < 0)
			return -1;
	}
	return 0;
}

static int set_io(const char *path, const struct oci_block_io *io, struct err *e)
{
	if (io->weight.set && io->weight.value &&
	    cgroup_write_i64(path, "io.bfq.weight", (int64_t)io->weight.value, NULL) < 0 &&
	    cgroup_write_i64(path, "io.weight", io_weight(io->weight.value), e) < 0)
		return -1;
	if (set_device_weights(path, io, e) < 0)
		return -1;
	if (set_throttle(path, "rbps", io->read_bps.n, io->read_bps.v, e) < 0 ||
	    set_throttle(path, "wbps", io->write_bps.n, io->write_bps.v, e) < 0 ||
	    set_throttle(path, "riops", io->read_iops.n, io->read_iops.v, e) < 0)
		return -1;
	return set_throttle(path, "wiops", io->write_iops.n, io->write_iops.v, e);
}

static int set_hugepages(const char *path, const struct oci_resources *r, struct err *e)
{
	char file[64];

	for (size_t i = 0; i < r->hugepage_limits.n; i++) {
		snprintf(file, sizeof(file), "hugetlb.%s.max", r->hugepage_limits.v[i].page_size);
		if (cgroup_write_i64(path, file, (int64_t)r->hugepage_limits.v[i].limit, e) < 0)
			return -1;
	}
	return 0;
}

/* Last, so that it wins: plain file names and what to write. */
static int set_unified(const char *path, const struct json_map *unified, struct err *e)
{
	for (size_t i = 0; i < unified->n; i++) {
		if (strchr(unified->v[i].key, '/'))
			return err_set(e, ERR_INVALID,
			               "unified resource \"%s\" must be a file name",
			               unified->v[i].key);
		if (cgroup_write(path, unified->v[i].key, unified->v[i].value, e) < 0)
			return -1;
	}
	return 0;
}

static int v2_set(const struct cgroup *cg, const struct oci_resources *r, struct err *e)
{
	const char *path = cg->v[0].path;

	if (r->memory && set_memory(path, r->memory, e) < 0)
		return -1;
	if (r->cpu && set_cpu(path, r->cpu, e) < 0)
		return -1;
	if (r->pids && cgroup_set_pids(path, r->pids, e) < 0)
		return -1;
	if (r->block_io && set_io(path, r->block_io, e) < 0)
		return -1;
	if (set_hugepages(path, r, e) < 0 ||
	    cgroup_set_knobs(cg, knobs, ARRAY_LEN(knobs), r, e) < 0)
		return -1;
	return set_unified(path, &r->unified, e);
}

static int v2_set_devices(const struct cgroup *cg, const struct oci_resources *r, struct err *e)
{
	_cleanup_arena_ struct arena a = { 0 };
	struct cgroup_device_rules rules;

	cgroup_device_rules(&a, r, &rules);
	return cgroup_v2_attach_device_program(cg->v[0].path, &rules, e);
}

/* ---- freezer ---- */

static bool v2_frozen(const struct cgroup *cg)
{
	_cleanup_arena_ struct arena a = { 0 };

	return cg->n && str_eq(cgroup_read(&a, cg->v[0].path, "cgroup.freeze"), "1");
}

#define FREEZE_TRIES 1000

static int v2_freeze(const struct cgroup *cg, bool on, struct err *e)
{
	const char *path = cg->v[0].path, *want = on ? "frozen 1" : "frozen 0";
	struct timespec pause = { .tv_nsec = 1000000 };

	if (cgroup_write(path, "cgroup.freeze", on ? "1" : "0", e) < 0)
		return -1;
	for (int i = 0; i < FREEZE_TRIES; i++) {
		_cleanup_arena_ struct arena a = { 0 };
		const char *events = cgroup_read(&a, path, "cgroup.events");

		if (events && strstr(events, want))
			return 0;
		nanosleep(&pause, NULL);
	}
	return err_set(e, ERR_DEADLINE, "unable to freeze");
}

const struct cgroup_ops cgroup_v2_ops = {
	.plan = v2_plan,
	.create = v2_create,
	.set = v2_set,
	.set_devices = v2_set_devices,
	.freeze = v2_freeze,
	.frozen = v2_frozen,
};
