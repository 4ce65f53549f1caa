/* What the cgroups of a container have counted, in the shape that `runc events` prints. */
#ifndef LIBCONTAINER_CGROUP_STATS_H
#define LIBCONTAINER_CGROUP_STATS_H

#include "libcontainer/cgroup.h"
#include "base/json.h"

#define STATS_CPU_USAGE(F)                                 \
	F(U64, total, "total", OMIT_EMPTY) /* all in ns */ \
	F(U64S, percpu, "percpu", OMIT_EMPTY)              \
	F(U64, kernel, "kernel", 0)                        \
	F(U64, user, "user", 0)
JSON_STRUCT(stats_cpu_usage, STATS_CPU_USAGE)

#define STATS_THROTTLING(F)                                       \
	F(U64, periods, "periods", OMIT_EMPTY)                    \
	F(U64, throttled_periods, "throttledPeriods", OMIT_EMPTY) \
	F(U64, throttled_time, "throttledTime", OMIT_EMPTY)
JSON_STRUCT(stats_throttling, STATS_THROTTLING)

#define STATS_CPU(F)                               \
	F(OBJ, usage, "usage", 0, stats_cpu_usage) \
	F(OBJ, throttling, "throttling", 0, stats_throttling)
JSON_STRUCT(stats_cpu, STATS_CPU)

#define STATS_MEMORY_ENTRY(F)              \
	F(U64, limit, "limit", 0)          \
	F(U64, usage, "usage", OMIT_EMPTY) \
	F(U64, max, "max", OMIT_EMPTY)     \
	F(U64, failcnt, "failcnt", 0)
JSON_STRUCT(stats_memory_entry, STATS_MEMORY_ENTRY)

#define STATS_MEMORY(F)                                        \
	F(U64, cache, "cache", OMIT_EMPTY)                     \
	F(OBJ, usage, "usage", 0, stats_memory_entry)          \
	F(OBJ, swap, "swap", 0, stats_memory_entry)            \
	F(OBJ, kernel, "kernel", 0, stats_memory_entry)        \
	F(OBJ, kernel_tcp, "kernelTCP", 0, stats_memory_entry) \
	F(RAW, raw, "raw", OMIT_EMPTY) /* memory.stat as an object of numbers */
JSON_STRUCT(stats_memory, STATS_MEMORY)

#define STATS_PIDS(F)                          \
	F(U64, current, "current", OMIT_EMPTY) \
	F(U64, limit, "limit", OMIT_EMPTY)
JSON_STRUCT(stats_pids, STATS_PIDS)

#define STATS_BLKIO_ENTRY(F)               \
	F(U64, major, "major", OMIT_EMPTY) \
	F(U64, minor, "minor", OMIT_EMPTY) \
	F(STR, op, "op", OMIT_EMPTY)       \
	F(U64, value, "value", OMIT_EMPTY)
JSON_STRUCT(stats_blkio_entry, STATS_BLKIO_ENTRY)

#define STATS_BLKIO(F)                                                           \
	F(OBJS, bytes, "ioServiceBytesRecursive", OMIT_EMPTY, stats_blkio_entry) \
	F(OBJS, serviced, "ioServicedRecursive", OMIT_EMPTY, stats_blkio_entry)
JSON_STRUCT(stats_blkio, STATS_BLKIO)

#define CGROUP_STATS(F)                           \
	F(OBJ, cpu, "cpu", 0, stats_cpu)          \
	F(OBJ, memory, "memory", 0, stats_memory) \
	F(OBJ, pids, "pids", 0, stats_pids)       \
	F(OBJ, blkio, "blkio", 0, stats_blkio)
JSON_STRUCT(cgroup_stats, CGROUP_STATS)

/* What cannot be read is 0. */
void cgroup_stats(struct arena *a, const struct cgroup *cg, struct cgroup_stats *out);

/* How many processes the kernel has killed for want of memory. */
unsigned long cgroup_oom_kills(struct arena *a, const struct cgroup *cg);

#endif
