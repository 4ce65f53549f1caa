/*
 * Usage from cgroup v2. See stats.h.
 * https://docs.kernel.org/admin-guide/cgroup-v2.html says what the files hold.
 */
#include "shim/stats.h"

#include "proto/cgroups_v2.pb-c.h"
#include "shim/stats_file.h"

#define M2(key, field) STAT_KEY(Cgroups__V2__MemoryStat, key, field)
static const struct stat_key v2_memory_keys[] = {
	M2("anon", anon),
	M2("file", file),
	M2("kernel_stack", kernel_stack),
	M2("slab", slab),
	M2("sock", sock),
	M2("shmem", shmem),
	M2("file_mapped", file_mapped),
	M2("file_dirty", file_dirty),
	M2("file_writeback", file_writeback),
	M2("anon_thp", anon_thp),
	M2("inactive_anon", inactive_anon),
	M2("active_anon", active_anon),
	M2("inactive_file", inactive_file),
	M2("active_file", active_file),
	M2("unevictable", unevictable),
	M2("slab_reclaimable", slab_reclaimable),
	M2("slab_unreclaimable", slab_unreclaimable),
	M2("pgfault", pgfault),
	M2("pgmajfault", pgmajfault),
	M2("workingset_refault", workingset_refault),
	M2("workingset_activate", workingset_activate),
	M2("workingset_nodereclaim", workingset_nodereclaim),
	M2("pgrefill", pgrefill),
	M2("pgscan", pgscan),
	M2("pgsteal", pgsteal),
	M2("pgactivate", pgactivate),
	M2("pgdeactivate", pgdeactivate),
	M2("pglazyfree", pglazyfree),
	M2("pglazyfreed", pglazyfreed),
	M2("thp_fault_alloc", thp_fault_alloc),
	M2("thp_collapse_alloc", thp_collapse_alloc),
};

#define C2(field) STAT_KEY(Cgroups__V2__CPUStat, #field, field)
static const struct stat_key v2_cpu_keys[] = {
	C2(usage_usec), C2(user_usec),    C2(system_usec),
	C2(nr_periods), C2(nr_throttled), C2(throttled_usec),
};

#define E2(field) STAT_KEY(Cgroups__V2__MemoryEvents, #field, field)
static const struct stat_key v2_event_keys[] = { E2(low), E2(high), E2(max), E2(oom),
	                                         E2(oom_kill) };

static void v2_memory(struct arena *a, const char *dir, Cgroups__V2__Metrics *out)
{
	Cgroups__V2__MemoryStat *m = pb_new(a, cgroups__v2__memory_stat, Cgroups__V2__MemoryStat);

	stat_read_keys(a, dir, "memory.stat", v2_memory_keys, ARRAY_LEN(v2_memory_keys), m);
	STAT_READ(a, m, usage, dir, "memory.current");
	STAT_READ(a, m, usage_limit, dir, "memory.max");
	STAT_READ(a, m, swap_usage, dir, "memory.swap.current");
	STAT_READ(a, m, swap_limit, dir, "memory.swap.max");
	out->memory = m;
	out->memory_events = pb_new(a, cgroups__v2__memory_events, Cgroups__V2__MemoryEvents);
	stat_read_keys(a, dir, "memory.events", v2_event_keys, ARRAY_LEN(v2_event_keys),
	               out->memory_events);
}

/* "8:0 rbytes=1 wbytes=2 rios=3 wios=4 ..." */
static void v2_io_line(struct arena *a, char *line, Cgroups__V2__IOStat *out)
{
	static const struct stat_key keys[] = {
		STAT_KEY(Cgroups__V2__IOEntry, "rbytes", rbytes),
		STAT_KEY(Cgroups__V2__IOEntry, "wbytes", wbytes),
		STAT_KEY(Cgroups__V2__IOEntry, "rios", rios),
		STAT_KEY(Cgroups__V2__IOEntry, "wios", wios),
	};
	Cgroups__V2__IOEntry *entry = pb_new(a, cgroups__v2__ioentry, Cgroups__V2__IOEntry);
	unsigned major, minor;
	uint64_t value;
	char *words[12];
	size_t n = stat_split(line, words, ARRAY_LEN(words));

	if (n == 0 || sscanf(words[0], "%u:%u", &major, &minor) != 2)
		return;
	pb_set(entry, major, major);
	pb_set(entry, minor, minor);
	for (size_t i = 1; i < n; i++)
		for (size_t k = 0; k < ARRAY_LEN(keys); k++) {
			const char *text = str_after(words[i], keys[k].name);

			if (text && *text == '=' && str_u64(text + 1, &value))
				stat_set(&keys[k], entry, value);
		}
	out->usage = arena_grow(a, out->usage, out->n_usage * sizeof(*out->usage),
	                        (out->n_usage + 1) * sizeof(*out->usage));
	out->usage[out->n_usage++] = entry;
}

Google__Any *cgroup_stats_v2(struct arena *a, const char *dir)
{
	Cgroups__V2__Metrics *m = pb_new(a, cgroups__v2__metrics, Cgroups__V2__Metrics);
	char *text = stat_read_text(a, dir, "io.stat"), *line;

	m->cpu = pb_new(a, cgroups__v2__cpustat, Cgroups__V2__CPUStat);
	stat_read_keys(a, dir, "cpu.stat", v2_cpu_keys, ARRAY_LEN(v2_cpu_keys), m->cpu);
	m->pids = pb_new(a, cgroups__v2__pids_stat, Cgroups__V2__PidsStat);
	STAT_READ(a, m->pids, current, dir, "pids.current");
	STAT_READ(a, m->pids, limit, dir, "pids.max");
	v2_memory(a, dir, m);
	m->io = pb_new(a, cgroups__v2__iostat, Cgroups__V2__IOStat);
	while ((line = stat_next_line(&text)))
		v2_io_line(a, line, m->io);
	return wkt_any(a, m);
}
