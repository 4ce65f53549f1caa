/* Statistics of cgroups, both versions. See cgroup_stats.h. */
#include "libcontainer/cgroup_stats.h"

#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>
#include "libcontainer/cgroup_internal.h"

JSON_TYPE(stats_cpu_usage, STATS_CPU_USAGE)
JSON_TYPE(stats_throttling, STATS_THROTTLING)
JSON_TYPE(stats_cpu, STATS_CPU)
JSON_TYPE(stats_memory_entry, STATS_MEMORY_ENTRY)
JSON_TYPE(stats_memory, STATS_MEMORY)
JSON_TYPE(stats_pids, STATS_PIDS)
JSON_TYPE(stats_blkio_entry, STATS_BLKIO_ENTRY)
JSON_TYPE(stats_blkio, STATS_BLKIO)
JSON_TYPE(cgroup_stats, CGROUP_STATS)

/* A file of one number; "max" is all. */
static uint64_t number(struct arena *a, const char *path, const char *file)
{
	const char *text = path ? cgroup_read(a, path, file) : NULL;
	uint64_t v = 0;

	if (str_eq(text, "max"))
		return UINT64_MAX;
	return text && str_u64(text, &v) ? v : 0;
}

/* A line "key number" of a file that has been read. */
static uint64_t field(const char *text, const char *key)
{
	size_t n = strlen(key);

	for (const char *line = text; line && *line; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (strncmp(line, key, n) == 0 && line[n] == ' ')
			return strtoull(line + n + 1, NULL, 10);
	}
	return 0;
}

static const char *read_text(struct arena *a, const char *path, const char *file)
{
	return path ? cgroup_read(a, path, file) : NULL;
}

/* "cache 0\nrss 12\n" as {"cache":0,"rss":12} */
static struct slice as_object(struct arena *a, const char *text)
{
	_cleanup_buf_ struct buf b = { 0 };
	char key[64];
	uint64_t v;

	buf_addc(&b, '{');
	for (const char *line = text; line && *line; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (sscanf(line, "%63s %" SCNu64, key, &v) == 2)
			buf_printf(&b, "%s\"%s\":%" PRIu64, b.len > 1 ? "," : "", key, v);
	}
	buf_addc(&b, '}');
	return (struct slice){ arena_strndup(a, b.data, b.len), b.len };
}

/* ---- v1 ---- */

static struct stats_memory_entry *memory_entry(struct arena *a, const char *path,
                                               const char *prefix)
{
	struct stats_memory_entry *m = arena_new(a, struct stats_memory_entry);

	m->limit = number(a, path, arena_printf(a, "%slimit_in_bytes", prefix));
	m->usage = number(a, path, arena_printf(a, "%susage_in_bytes", prefix));
	m->max = number(a, path, arena_printf(a, "%smax_usage_in_bytes", prefix));
	m->failcnt = number(a, path, arena_printf(a, "%sfailcnt", prefix));
	return m;
}

static void v1_memory(struct arena *a, const char *path, struct stats_memory *m)
{
	const char *stat = read_text(a, path, "memory.stat");

	m->cache = field(stat, "cache");
	m->raw = as_object(a, stat);
	m->usage = memory_entry(a, path, "memory.");
	m->swap = memory_entry(a, path, "memory.memsw.");
	m->kernel = memory_entry(a, path, "memory.kmem.");
	m->kernel_tcp = memory_entry(a, path, "memory.kmem.tcp.");
}

static void v1_cpu(struct arena *a, const struct cgroup *cg, struct stats_cpu *c)
{
	const char *acct = cgroup_path(cg, "cpuacct");
	const char *stat = read_text(a, acct, "cpuacct.stat");
	const char *percpu = read_text(a, acct, "cpuacct.usage_percpu");
	const char *throttling = read_text(a, cgroup_path(cg, "cpu"), "cpu.stat");
	uint64_t tick = 1000000000 / (uint64_t)sysconf(_SC_CLK_TCK);
	char *rest;

	c->usage->total = number(a, acct, "cpuacct.usage");
	c->usage->user = field(stat, "user") * tick;
	c->usage->kernel = field(stat, "system") * tick;
	for (const char *p = percpu; p && *p; p = rest) {
		uint64_t v = strtoull(p, &rest, 10);

		if (rest == p)
			break;
		arena_push(a, &c->usage->percpu, v);
	}
	c->throttling->periods = field(throttling, "nr_periods");
	c->throttling->throttled_periods = field(throttling, "nr_throttled");
	c->throttling->throttled_time = field(throttling, "throttled_time");
}

/* "8:0 Read 4096" */
static void v1_blkio(struct arena *a, const char *text, struct stats_blkio_entry **v, size_t *n)
{
	struct {
		size_t n;
		struct stats_blkio_entry *v;
	} list = { 0 };
	struct stats_blkio_entry x;
	char op[16];

	for (const char *line = text; line && *line; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (sscanf(line, "%" SCNu64 ":%" SCNu64 " %15s %" SCNu64, &x.major, &x.minor, op,
		           &x.value) != 4)
			continue;
		x.op = arena_strdup(a, op);
		arena_push(a, &list, x);
	}
	*v = list.v;
	*n = list.n;
}

static void v1_stats(struct arena *a, const struct cgroup *cg, struct cgroup_stats *s)
{
	const char *blkio = cgroup_path(cg, "blkio");

	v1_cpu(a, cg, s->cpu);
	v1_memory(a, cgroup_path(cg, "memory"), s->memory);
	v1_blkio(a, read_text(a, blkio, "blkio.throttle.io_service_bytes_recursive"),
	         &s->blkio->bytes.v, &s->blkio->bytes.n);
	v1_blkio(a, read_text(a, blkio, "blkio.throttle.io_serviced_recursive"),
	         &s->blkio->serviced.v, &s->blkio->serviced.n);
}

/* ---- v2 ---- */

static void v2_memory(struct arena *a, const char *path, struct stats_memory *m)
{
	const char *stat = read_text(a, path, "memory.stat");

	m->cache = field(stat, "file");
	m->raw = as_object(a, stat);
	m->usage = arena_new(a, struct stats_memory_entry);
	m->usage->limit = number(a, path, "memory.max");
	m->usage->usage = number(a, path, "memory.current");
	m->usage->max = number(a, path, "memory.peak");
	m->usage->failcnt = field(read_text(a, path, "memory.events"), "max");
	m->swap = arena_new(a, struct stats_memory_entry);
	m->swap->limit = number(a, path, "memory.swap.max");
	m->swap->usage = number(a, path, "memory.swap.current");
	m->kernel = arena_new(a, struct stats_memory_entry);
	m->kernel_tcp = arena_new(a, struct stats_memory_entry);
}

static void v2_cpu(struct arena *a, const char *path, struct stats_cpu *c)
{
	const char *stat = read_text(a, path, "cpu.stat");

	c->usage->total = field(stat, "usage_usec") * 1000;
	c->usage->user = field(stat, "user_usec") * 1000;
	c->usage->kernel = field(stat, "system_usec") * 1000;
	c->throttling->periods = field(stat, "nr_periods");
	c->throttling->throttled_periods = field(stat, "nr_throttled");
	c->throttling->throttled_time = field(stat, "throttled_usec") * 1000;
}

/* "8:0 rbytes=4096 wbytes=0 rios=1 wios=0 ..." */
static void v2_blkio(struct arena *a, const char *text, struct stats_blkio *b)
{
	for (const char *line = text; line && *line; line = strchr(line, '\n')) {
		struct stats_blkio_entry x = { 0 };
		uint64_t rb, wb, r, w;

		line += *line == '\n';
		if (sscanf(line,
		           "%" SCNu64 ":%" SCNu64 " rbytes=%" SCNu64 " wbytes=%" SCNu64
		           " rios=%" SCNu64 " wios=%" SCNu64,
		           &x.major, &x.minor, &rb, &wb, &r, &w) != 6)
			continue;
		for (int write = 0; write < 2; write++) {
			x.op = write ? "Write" : "Read";
			x.value = write ? wb : rb;
			arena_push(a, &b->bytes, x);
			x.value = write ? w : r;
			arena_push(a, &b->serviced, x);
		}
	}
}

static void v2_stats(struct arena *a, const struct cgroup *cg, struct cgroup_stats *s)
{
	const char *path = cgroup_path(cg, "");

	v2_cpu(a, path, s->cpu);
	v2_memory(a, path, s->memory);
	v2_blkio(a, read_text(a, path, "io.stat"), s->blkio);
}

void cgroup_stats(struct arena *a, const struct cgroup *cg, struct cgroup_stats *out)
{
	const char *pids = cgroup_path(cg, "pids");

	out->cpu = arena_new(a, struct stats_cpu);
	out->cpu->usage = arena_new(a, struct stats_cpu_usage);
	out->cpu->throttling = arena_new(a, struct stats_throttling);
	out->memory = arena_new(a, struct stats_memory);
	out->blkio = arena_new(a, struct stats_blkio);
	out->pids = arena_new(a, struct stats_pids);
	out->pids->current = number(a, pids, "pids.current");
	out->pids->limit = number(a, pids, "pids.max");
	if (out->pids->limit == UINT64_MAX)
		out->pids->limit = 0;
	(cg->v2 ? v2_stats : v1_stats)(a, cg, out);
}

unsigned long cgroup_oom_kills(struct arena *a, const struct cgroup *cg)
{
	const char *path = cgroup_path(cg, "memory");

	return (unsigned long)field(
	        read_text(a, path, cg->v2 ? "memory.events" : "memory.oom_control"), "oom_kill");
}
