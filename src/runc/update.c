/* runc update: changes the limits of a container. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>
#include "runc/command.h"
#include "base/fd.h"
#include "base/file.h"
#include "base/limits.h"

/* All as texts, so that "not said" differs from 0. */
struct options {
	const char *resources;
	const char *blkio_weight, *cpu_period, *cpu_quota, *cpu_burst, *cpu_share, *cpu_rt_period;
	const char *cpu_rt_runtime, *cpuset_cpus, *cpuset_mems, *cpu_idle;
	const char *memory, *memory_reservation, *memory_swap, *pids_limit;
	const char *l3_cache_schema, *mem_bw_schema, *kernel_memory, *kernel_memory_tcp;
};

static int read_all(struct arena *a, const char *path, struct slice *out, struct err *e)
{
	ssize_t n;
	char *p;

	if (!str_eq(path, "-"))
		return file_read(a, AT_FDCWD, path, LIMIT_CONFIG_FILE, out, e);
	p = arena_alloc(a, LIMIT_SMALL_FILE * 4 + 1);
	n = fd_read_full(STDIN_FILENO, p, LIMIT_SMALL_FILE * 4, e);
	if (n < 0)
		return -1;
	*out = (struct slice){ p, (size_t)n };
	return 0;
}

/* ---- flags to members ---- */

static int number(const char *flag, const char *text, struct json_opt_i64 *out, struct err *e)
{
	if (str_empty(text))
		return 0;
	if (!str_i64(text, &out->value))
		return err_set(e, ERR_INVALID, "invalid value for %s: %s", flag, text);
	out->set = true;
	return 0;
}

static int count(const char *flag, const char *text, struct json_opt_u64 *out, struct err *e)
{
	if (str_empty(text))
		return 0;
	if (!str_u64(text, &out->value))
		return err_set(e, ERR_INVALID, "invalid value for %s: %s", flag, text);
	out->set = true;
	return 0;
}

/* "64m" is 64 MiB; -1 is no limit. */
static int bytes(const char *flag, const char *text, struct json_opt_i64 *out, struct err *e)
{
	static const char units[] = "bkmgtp";
	size_t n = text ? strspn(text, "-0123456789") : 0;
	char digits[24];
	const char *unit;
	int shift;

	if (str_empty(text))
		return 0;
	unit = text[n] ? strchr(units, text[n] | 0x20) : units;
	if (n >= sizeof(digits) || !unit || (text[n] && text[n + 1] && (text[n + 1] | 0x20) != 'b'))
		return err_set(e, ERR_INVALID, "invalid value for %s: %s", flag, text);
	memcpy(digits, text, n);
	digits[n] = '\0';
	shift = (int)(unit - units) * 10;
	if (number(flag, digits, out, e) < 0)
		return -1;
	if (out->value > 0 && out->value > INT64_MAX >> shift)
		return err_set(e, ERR_INVALID, "invalid value for %s: %s", flag, text);
	out->value = out->value > 0 ? out->value << shift : out->value;
	return 0;
}

static int from_flags(struct arena *a, const struct options *o, struct oci_resources *r,
                      struct err *e)
{
	struct oci_memory *m = r->memory = arena_new(a, struct oci_memory);
	struct oci_cpu *c = r->cpu = arena_new(a, struct oci_cpu);

	r->pids = arena_new(a, struct oci_pids);
	r->block_io = arena_new(a, struct oci_block_io);
	c->cpus = o->cpuset_cpus;
	c->mems = o->cpuset_mems;
	if (count("blkio-weight", o->blkio_weight, &r->block_io->weight, e) < 0 ||
	    count("cpu-period", o->cpu_period, &c->period, e) < 0 ||
	    number("cpu-quota", o->cpu_quota, &c->quota, e) < 0 ||
	    count("cpu-burst", o->cpu_burst, &c->burst, e) < 0 ||
	    count("cpu-share", o->cpu_share, &c->shares, e) < 0 ||
	    count("cpu-rt-period", o->cpu_rt_period, &c->realtime_period, e) < 0 ||
	    number("cpu-rt-runtime", o->cpu_rt_runtime, &c->realtime_runtime, e) < 0 ||
	    number("cpu-idle", o->cpu_idle, &c->idle, e) < 0)
		return -1;
	if (bytes("memory", o->memory, &m->limit, e) < 0 ||
	    bytes("memory-reservation", o->memory_reservation, &m->reservation, e) < 0 ||
	    bytes("memory-swap", o->memory_swap, &m->swap, e) < 0)
		return -1;
	return number("pids-limit", o->pids_limit, &r->pids->limit, e);
}

static int run(const struct call *call, struct err *e)
{
	_cleanup_container_ struct container c = { .dir = -1 };
	const struct options *o = call->options;
	struct oci_resources r = { 0 };
	struct slice text;

	if (call_load(call, &c, e) < 0)
		return -1;
	if (container_status(&c) == CONTAINER_STOPPED)
		return err_set(e, ERR_PRECONDITION, "container not running");
	if (o->l3_cache_schema || o->mem_bw_schema)
		return err_set(e, ERR_UNIMPLEMENTED, "Intel RDT is not there yet");
	if (!o->resources)
		return from_flags(call->a, o, &r, e) < 0 ? -1 : cgroup_set(&c.cgroup, &r, false, e);
	if (read_all(call->a, o->resources, &text, e) < 0 ||
	    json_decode(call->a, &oci_resources_type, text, &r, e) < 0)
		return -1;
	return cgroup_set(&c.cgroup, &r, r.devices.n > 0, e);
}

#define FLAG(name, alias, member, help)                                                 \
	{                                                                               \
		name, alias, FLAG_STRING, offsetof(struct options, member), help, false \
	}
static const struct flag flags[] = {
	FLAG("resources", "r", resources,
	     "path to the file containing the resources to update or '-' to read from stdin"),
	FLAG("blkio-weight", "", blkio_weight,
	     "specifies per cgroup weight, range is from 10 to 1000"),
	FLAG("cpu-period", "", cpu_period, "CPU CFS period to be used for hardcapping (in usecs)"),
	FLAG("cpu-quota", "", cpu_quota, "CPU CFS hardcap limit (in usecs)"),
	FLAG("cpu-burst", "", cpu_burst, "CPU CFS hardcap burst limit (in usecs)"),
	FLAG("cpu-share", "", cpu_share, "CPU shares (relative weight vs. other containers)"),
	FLAG("cpu-rt-period", "", cpu_rt_period,
	     "CPU realtime period to be used for hardcapping (in usecs)"),
	FLAG("cpu-rt-runtime", "", cpu_rt_runtime, "CPU realtime hardcap limit (in usecs)"),
	FLAG("cpuset-cpus", "", cpuset_cpus, "CPU(s) to use"),
	FLAG("cpuset-mems", "", cpuset_mems, "Memory node(s) to use"),
	FLAG("cpu-idle", "", cpu_idle,
	     "set cgroup SCHED_IDLE or not, 0: default behavior, 1: SCHED_IDLE"),
	FLAG("memory", "", memory, "Memory limit (in bytes)"),
	FLAG("memory-reservation", "", memory_reservation,
	     "Memory reservation or soft_limit (in bytes)"),
	FLAG("memory-swap", "", memory_swap,
	     "Total memory usage (memory + swap); set '-1' to enable unlimited swap"),
	FLAG("pids-limit", "", pids_limit, "Maximum number of pids allowed in the container"),
	FLAG("l3-cache-schema", "", l3_cache_schema, "the string of Intel RDT/CAT L3 cache schema"),
	FLAG("mem-bw-schema", "", mem_bw_schema,
	     "the string of Intel RDT/MBA memory bandwidth schema"),
	/* The kernel has no such limits any more: accepted, as runc does. */
	{ "kernel-memory", "", FLAG_STRING, offsetof(struct options, kernel_memory), "", true },
	{ "kernel-memory-tcp", "", FLAG_STRING, offsetof(struct options, kernel_memory_tcp), "",
	  true },
};

const struct command cmd_update = {
	.name = "update",
	.args = "<container-id>",
	.summary = "update container resource constraints",
	.flags = FLAGS(flags),
	.options_size = sizeof(struct options),
	.min_args = 1,
	.max_args = 1,
	.run = run,
};
