/*
 * One reading of what a container uses: its cgroups (libcontainer/cgroup_stats.h), the host's clock of
 * CPU time, and the interfaces of its network namespace as /proc/PID/net/dev shows them.
 */
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>
#include "base/clock.h"
#include "base/file.h"
#include "base/limits.h"
#include "engine/container/stats.h"
#include "engine/daemon/system.h"
#include "libcontainer/cgroup_stats.h"

/* ---- where ---- */

/*
 * The path of a container's cgroup from /proc/PID/cgroup ("4:memory:/docker/ID", "0::/docker/ID"): up to the part
 * that names the container, because its init may have moved into one below it.
 */
static char *path_of(struct arena *a, const char *id, int pid)
{
	struct slice text;
	const char *at, *end, *line;

	if (file_read(a, AT_FDCWD, arena_printf(a, "/proc/%d/cgroup", pid), LIMIT_SMALL_FILE, &text,
	              NULL) < 0)
		return NULL;
	at = strstr(text.data, id);
	if (!at)
		return NULL;
	end = at + strcspn(at, "/\n");
	for (line = at; line > text.data && line[-1] != '\n';)
		line--;
	at = strstr(line, ":/");
	return at && at < end ? arena_strndup(a, at + 1, (size_t)(end - at - 1)) : NULL;
}

static bool look_up(struct stats_source *src, const char *id, int pid)
{
	struct cgroup *cg;
	char *path;

	if (src->cgroup && src->pid == pid)
		return true;
	stats_source_free(src);
	src->pid = pid;
	path = path_of(&src->arena, id, pid);
	cg = arena_new(&src->arena, struct cgroup);
	if (!path || cgroup_plan(&src->arena, path, id, cg, NULL) < 0)
		return false;
	src->cgroup = cg;
	return true;
}

void stats_source_free(struct stats_source *src)
{
	arena_free(&src->arena);
	*src = (struct stats_source){ 0 };
}

/* ---- CPU ---- */

/* All CPU time that the host has spent or idled, in ns: the first seven numbers of /proc/stat. */
static uint64_t host_cpu(struct arena *a)
{
	uint64_t sum = 0, tick = (uint64_t)NS_PER_S / (uint64_t)sysconf(_SC_CLK_TCK);
	struct slice text;
	char *rest;

	if (file_read(a, AT_FDCWD, "/proc/stat", LIMIT_CONFIG_FILE, &text, NULL) < 0 ||
	    !str_starts(text.data, "cpu "))
		return 0;
	rest = (char *)text.data + 4;
	for (int i = 0; i < 7; i++)
		sum += strtoull(rest, &rest, 10);
	return sum * tick;
}

static struct api_stats_cpu *empty_cpu(struct arena *a)
{
	struct api_stats_cpu *cpu = arena_new(a, struct api_stats_cpu);

	cpu->usage = arena_new(a, struct api_stats_cpu_usage);
	cpu->throttling = arena_new(a, struct api_stats_throttling);
	return cpu;
}

static struct api_stats_cpu *cpu_of(struct arena *a, const struct stats_cpu *from)
{
	struct api_stats_cpu *cpu = empty_cpu(a);

	*cpu->usage = (struct api_stats_cpu_usage){ from->usage->total, from->usage->percpu,
		                                    from->usage->kernel, from->usage->user };
	*cpu->throttling = (struct api_stats_throttling){ from->throttling->periods,
		                                          from->throttling->throttled_periods,
		                                          from->throttling->throttled_time };
	cpu->system = host_cpu(a);
	cpu->online_cpus = (uint64_t)sysconf(_SC_NPROCESSORS_ONLN);
	return cpu;
}

/* ---- memory, block devices ---- */

static struct api_stats_memory *memory_of(struct arena *a, const struct stats_memory *from, bool v2)
{
	struct api_stats_memory *m = arena_new(a, struct api_stats_memory);

	m->usage = from->usage->usage;
	m->max_usage = v2 ? 0 : from->usage->max;
	m->failcnt = from->usage->failcnt;
	m->limit = MIN(from->usage->limit, (uint64_t)system_memory());
	m->stats = from->raw;
	return m;
}

static struct api_stats_blkio *blkio_of(struct arena *a, const struct stats_blkio *from)
{
	struct api_stats_blkio *b = arena_new(a, struct api_stats_blkio);

	for (size_t i = 0; i < from->bytes.n; i++) {
		const struct stats_blkio_entry *x = &from->bytes.v[i];
		struct api_stats_blkio_entry out = { x->major, x->minor, x->op, x->value };

		arena_push(a, &b->bytes, out);
	}
	for (size_t i = 0; i < from->serviced.n; i++) {
		const struct stats_blkio_entry *x = &from->serviced.v[i];
		struct api_stats_blkio_entry out = { x->major, x->minor, x->op, x->value };

		arena_push(a, &b->serviced, out);
	}
	return b;
}

/* ---- network ---- */

/* "  eth0: bytes packets errs drop fifo frame compressed multicast  bytes packets errs drop ..." */
static bool parse_interface(const char *line, char name[32], struct api_stats_network *n)
{
	return sscanf(line,
	              " %31[^: ]: %" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNu64
	              " %*u %*u %*u %*u %" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNu64,
	              name, &n->rx_bytes, &n->rx_packets, &n->rx_errors, &n->rx_dropped,
	              &n->tx_bytes, &n->tx_packets, &n->tx_errors, &n->tx_dropped) == 9;
}

/* The interfaces that the engine gave it are called ethN; others (lo, tunl0 ...) do not count. */
static void read_networks(struct arena *a, int pid, struct api_stats *out)
{
	struct api_stats_network n;
	struct slice text;
	char name[32];

	if (file_read(a, AT_FDCWD, arena_printf(a, "/proc/%d/net/dev", pid), LIMIT_CONFIG_FILE,
	              &text, NULL) < 0)
		return;
	for (const char *line = text.data; line; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (parse_interface(line, name, &n) && str_starts(name, "eth")) {
			__typeof__(out->networks.v[0]) entry = { arena_strdup(a, name),
				                                 arena_memdup(a, &n, sizeof(n)) };

			arena_push(a, &out->networks, entry);
		}
	}
}

/* ---- all of it ---- */

static void read_running(struct container *c, const struct container_view *v,
                         struct stats_source *src, struct arena *a, struct api_stats *out)
{
	struct cgroup_stats cg = { 0 };

	if (!look_up(src, c->id, v->state.pid))
		return;
	cgroup_stats(a, src->cgroup, &cg);
	out->read = clock_now_ns();
	out->pids->current = cg.pids->current;
	out->pids->limit = cg.pids->limit;
	out->cpu = cpu_of(a, cg.cpu);
	out->memory = memory_of(a, cg.memory, src->cgroup->v2);
	out->blkio = blkio_of(a, cg.blkio);
	if (!str_eq(v->desc->r.host->network_mode, "host"))
		read_networks(a, v->state.pid, out);
}

void stats_read(struct container *c, struct stats_source *src, struct arena *a,
                struct api_stats *out)
{
	_cleanup_view_ struct container_view v;

	container_view(c, &v);
	*out = (struct api_stats){
		.name = arena_printf(a, "/%s", v.desc->r.name),
		.id = c->id,
		.pids = arena_new(a, struct api_stats_pids),
		.blkio = arena_new(a, struct api_stats_blkio),
		.memory = arena_new(a, struct api_stats_memory),
		.cpu = empty_cpu(a),
		.precpu = empty_cpu(a),
		.storage = slice_of("{}"),
	};
	if (container_is_running(&v.state))
		read_running(c, &v, src, a, out);
}

void stats_set_previous(struct api_stats *s, const struct api_stats *before)
{
	s->preread = before->read;
	s->precpu = before->cpu;
}
