/* Limits of cgroups v1: which member of the resources goes to which file. See cgroup.h. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include "libcontainer/cgroup_internal.h"
#include "base/file.h"

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

/* A period and how much of it may be used: each is checked against the other. */
static int set_cpu_time(const char *path, const struct oci_cpu *c, struct err *e)
{
	struct json_opt_i64 period = { c->period.set && c->period.value, (int64_t)c->period.value };
	struct json_opt_i64 quota = { c->quota.set && c->quota.value, c->quota.value };
	struct json_opt_i64 rt_period = { c->realtime_period.set && c->realtime_period.value,
		                          (int64_t)c->realtime_period.value };
	struct json_opt_i64 rt_runtime = { c->realtime_runtime.set && c->realtime_runtime.value,
		                           c->realtime_runtime.value };

	if (!period.set && !quota.set && !rt_period.set && !rt_runtime.set)
		return 0;
	if (!path)
		return err_set(e, ERR_UNAVAILABLE, "cgroup controller cpu is not available");
	if (write_pair(path, "cpu.rt_period_us", rt_period, "cpu.rt_runtime_us", rt_runtime, e) < 0)
		return -1;
	return write_pair(path, "cpu.cfs_period_us", period, "cpu.cfs_quota_us", quota, e);
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

/* The names differ as above. */
static int set_device_weight(const char *path, const struct oci_weight_device *d, struct err *e)
{
	if (d->weight.set &&
	    cgroup_write_device(path, "blkio.weight_device", d->major, d->minor, d->weight.value,
	                        e) < 0 &&
	    cgroup_write_device(path, "blkio.bfq.weight_device", d->major, d->minor,
	                        d->weight.value, e) < 0)
		return -1;
	return d->leaf_weight.set ? cgroup_write_device(path, "blkio.leaf_weight_device", d->major,
	                                                d->minor, d->leaf_weight.value, e)
	                          : 0;
}

static int set_throttle(const char *path, const char *file, size_t n,
                        const struct oci_throttle_device *v, struct err *e)
{
	for (size_t i = 0; i < n; i++)
		if (cgroup_write_device(path, file, v[i].major, v[i].minor, v[i].rate, e) < 0)
			return -1;
	return 0;
}

static int set_block_io(const struct cgroup *cg, const struct oci_block_io *io, struct err *e)
{
	const char *path = cgroup_path(cg, "blkio");

	if (!path)
		return 0;
	if (set_weight(path, io, e) < 0)
		return -1;
	for (size_t i = 0; i < io->weight_device.n; i++)
		if (set_device_weight(path, &io->weight_device.v[i], e) < 0)
			return -1;
	if (set_throttle(path, "blkio.throttle.read_bps_device", io->read_bps.n, io->read_bps.v,
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

int cgroup_v1_set(const struct cgroup *cg, const struct oci_resources *r, struct err *e)
{
	if (r->unified.n)
		return err_set(e, ERR_INVALID,
		               "invalid configuration: unified resources need cgroup v2");
	if (r->memory && set_memory(cg, r->memory, e) < 0)
		return -1;
	if (r->cpu && set_cpu_time(cgroup_path(cg, "cpu"), r->cpu, e) < 0)
		return -1;
	if (r->pids && cgroup_set_pids(cgroup_path(cg, "pids"), r->pids, e) < 0)
		return -1;
	if (r->block_io && set_block_io(cg, r->block_io, e) < 0)
		return -1;
	if (set_hugepages(cg, r, e) < 0)
		return -1;
	return cgroup_set_knobs(cg, knobs, ARRAY_LEN(knobs), r, e);
}
