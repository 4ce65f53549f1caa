/*
 * Usage from cgroup v1. See stats.h.
 * https://docs.kernel.org/admin-guide/cgroup-v1/ says what the files hold.
 */
#include "shim/stats.h"

#include <unistd.h>
#include "proto/cgroups_v1.pb-c.h"
#include "shim/stats_file.h"

#define MAX_CPUS 512

#define M1(key, field) STAT_KEY(Cgroups__V1__MemoryStat, key, field)
static const struct stat_key v1_memory_keys[] = {
	M1("cache", cache),
	M1("rss", rss),
	M1("rss_huge", rss_huge),
	M1("mapped_file", mapped_file),
	M1("dirty", dirty),
	M1("writeback", writeback),
	M1("pgpgin", pg_pg_in),
	M1("pgpgout", pg_pg_out),
	M1("pgfault", pg_fault),
	M1("pgmajfault", pg_maj_fault),
	M1("inactive_anon", inactive_anon),
	M1("active_anon", active_anon),
	M1("inactive_file", inactive_file),
	M1("active_file", active_file),
	M1("unevictable", unevictable),
	M1("hierarchical_memory_limit", hierarchical_memory_limit),
	M1("hierarchical_memsw_limit", hierarchical_swap_limit),
	M1("total_cache", total_cache),
	M1("total_rss", total_rss),
	M1("total_rss_huge", total_rss_huge),
	M1("total_mapped_file", total_mapped_file),
	M1("total_dirty", total_dirty),
	M1("total_writeback", total_writeback),
	M1("total_pgpgin", total_pg_pg_in),
	M1("total_pgpgout", total_pg_pg_out),
	M1("total_pgfault", total_pg_fault),
	M1("total_pgmajfault", total_pg_maj_fault),
	M1("total_inactive_anon", total_inactive_anon),
	M1("total_active_anon", total_active_anon),
	M1("total_inactive_file", total_inactive_file),
	M1("total_active_file", total_active_file),
	M1("total_unevictable", total_unevictable),
};

/* Nothing where the kernel does not count that kind of memory. */
static Cgroups__V1__MemoryEntry *v1_memory_entry(struct arena *a, const char *dir, const char *kind)
{
	Cgroups__V1__MemoryEntry *m =
	        pb_new(a, cgroups__v1__memory_entry, Cgroups__V1__MemoryEntry);

	STAT_READ(a, m, usage, dir, arena_printf(a, "memory.%susage_in_bytes", kind));
	if (!m->has_usage)
		return NULL;
	STAT_READ(a, m, limit, dir, arena_printf(a, "memory.%slimit_in_bytes", kind));
	STAT_READ(a, m, max, dir, arena_printf(a, "memory.%smax_usage_in_bytes", kind));
	STAT_READ(a, m, failcnt, dir, arena_printf(a, "memory.%sfailcnt", kind));
	return m;
}

static const struct stat_key v1_oom_keys[] = {
	STAT_KEY(Cgroups__V1__MemoryOomControl, "oom_kill_disable", oom_kill_disable),
	STAT_KEY(Cgroups__V1__MemoryOomControl, "under_oom", under_oom),
	STAT_KEY(Cgroups__V1__MemoryOomControl, "oom_kill", oom_kill),
};

static void v1_memory(struct arena *a, const char *dir, Cgroups__V1__Metrics *out)
{
	Cgroups__V1__MemoryStat *m = pb_new(a, cgroups__v1__memory_stat, Cgroups__V1__MemoryStat);

	stat_read_keys(a, dir, "memory.stat", v1_memory_keys, ARRAY_LEN(v1_memory_keys), m);
	m->usage = v1_memory_entry(a, dir, "");
	m->swap = v1_memory_entry(a, dir, "memsw.");
	m->kernel = v1_memory_entry(a, dir, "kmem.");
	m->kernel_tcp = v1_memory_entry(a, dir, "kmem.tcp.");
	out->memory = m;
	out->memory_oom_control =
	        pb_new(a, cgroups__v1__memory_oom_control, Cgroups__V1__MemoryOomControl);
	stat_read_keys(a, dir, "memory.oom_control", v1_oom_keys, ARRAY_LEN(v1_oom_keys),
	               out->memory_oom_control);
}

static const struct stat_key v1_throttle_keys[] = {
	STAT_KEY(Cgroups__V1__Throttle, "nr_periods", periods),
	STAT_KEY(Cgroups__V1__Throttle, "nr_throttled", throttled_periods),
	STAT_KEY(Cgroups__V1__Throttle, "throttled_time", throttled_time),
};

/* cpuacct.stat counts in ticks of 1/100 s. */
static void v1_cpu_ticks(struct arena *a, const char *dir, Cgroups__V1__CPUUsage *u)
{
	const uint64_t ns_per_tick = 1000000000ULL / (uint64_t)sysconf(_SC_CLK_TCK);
	static const struct stat_key keys[] = {
		STAT_KEY(Cgroups__V1__CPUUsage, "user", user),
		STAT_KEY(Cgroups__V1__CPUUsage, "system", kernel),
	};

	stat_read_keys(a, dir, "cpuacct.stat", keys, ARRAY_LEN(keys), u);
	u->user *= ns_per_tick;
	u->kernel *= ns_per_tick;
}

static void v1_per_cpu(struct arena *a, const char *dir, Cgroups__V1__CPUUsage *u)
{
	char *text = stat_read_text(a, dir, "cpuacct.usage_percpu"), *words[MAX_CPUS];
	char *line = stat_next_line(&text);

	if (!line)
		return;
	u->n_per_cpu = stat_split(line, words, MAX_CPUS);
	u->per_cpu = arena_array(a, uint64_t, u->n_per_cpu);
	for (size_t i = 0; i < u->n_per_cpu; i++)
		stat_number(words[i], &u->per_cpu[i]);
}

static void v1_cpu(struct arena *a, const struct cgroup *c, Cgroups__V1__Metrics *out)
{
	const char *dir = cgroup_dir(c, "cpuacct");
	Cgroups__V1__CPUStat *s = pb_new(a, cgroups__v1__cpustat, Cgroups__V1__CPUStat);

	s->usage = pb_new(a, cgroups__v1__cpuusage, Cgroups__V1__CPUUsage);
	s->throttling = pb_new(a, cgroups__v1__throttle, Cgroups__V1__Throttle);
	STAT_READ(a, s->usage, total, dir, "cpuacct.usage");
	v1_cpu_ticks(a, dir, s->usage);
	v1_per_cpu(a, dir, s->usage);
	stat_read_keys(a, cgroup_dir(c, "cpu"), "cpu.stat", v1_throttle_keys,
	               ARRAY_LEN(v1_throttle_keys), s->throttling);
	out->cpu = s;
}

static void v1_pids(struct arena *a, const char *dir, Cgroups__V1__Metrics *out)
{
	Cgroups__V1__PidsStat *s = pb_new(a, cgroups__v1__pids_stat, Cgroups__V1__PidsStat);

	STAT_READ(a, s, current, dir, "pids.current");
	STAT_READ(a, s, limit, dir, "pids.max");
	if (s->limit == UINT64_MAX)
		s->limit = 0; /* v1's reporters say 0 for "max" */
	out->pids = s;
}

/* Lines "8:0 Read 4096"; the last line, "Total 8192", has no device. */
static Cgroups__V1__BlkIOEntry **v1_blkio_file(struct arena *a, const char *dir, const char *name,
                                               size_t *n)
{
	char *text = stat_read_text(a, dir, name), *line, *words[3];
	struct {
		size_t n;
		Cgroups__V1__BlkIOEntry **v;
	} list = { 0 };
	unsigned major, minor;
	uint64_t value;

	while ((line = stat_next_line(&text))) {
		Cgroups__V1__BlkIOEntry *entry;

		if (stat_split(line, words, 3) != 3 || !stat_number(words[2], &value) ||
		    sscanf(words[0], "%u:%u", &major, &minor) != 2)
			continue;
		entry = pb_new(a, cgroups__v1__blk_ioentry, Cgroups__V1__BlkIOEntry);
		entry->op = words[1];
		pb_set(entry, major, major);
		pb_set(entry, minor, minor);
		pb_set(entry, value, value);
		arena_push(a, &list, entry);
	}
	*n = list.n;
	return list.v;
}

static void v1_blkio(struct arena *a, const char *dir, Cgroups__V1__Metrics *out)
{
	Cgroups__V1__BlkIOStat *s = pb_new(a, cgroups__v1__blk_iostat, Cgroups__V1__BlkIOStat);

	s->io_service_bytes_recursive =
	        v1_blkio_file(a, dir, "blkio.throttle.io_service_bytes_recursive",
	                      &s->n_io_service_bytes_recursive);
	s->io_serviced_recursive = v1_blkio_file(a, dir, "blkio.throttle.io_serviced_recursive",
	                                         &s->n_io_serviced_recursive);
	out->blkio = s;
}

Google__Any *cgroup_stats_v1(struct arena *a, const struct cgroup *c)
{
	Cgroups__V1__Metrics *m = pb_new(a, cgroups__v1__metrics, Cgroups__V1__Metrics);

	v1_memory(a, cgroup_dir(c, "memory"), m);
	v1_cpu(a, c, m);
	v1_pids(a, cgroup_dir(c, "pids"), m);
	v1_blkio(a, cgroup_dir(c, "blkio"), m);
	return wkt_any(a, m);
}
