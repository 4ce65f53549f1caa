/*
 * GET /containers/ID/stats: what a container has used, in Docker's shape. Times are ns. What a
 * cgroup version does not count is left out, as Docker does (max_usage, failcnt and percpu_usage are
 * of v1). Used by dockerd and by the docker command.
 */
#ifndef API_STATS_H
#define API_STATS_H

#include "base/json.h"

#define API_STATS_PIDS(F)                      \
	F(U64, current, "current", OMIT_EMPTY) \
	F(U64, limit, "limit", OMIT_EMPTY)
JSON_STRUCT(api_stats_pids, API_STATS_PIDS)

#define API_STATS_BLKIO_ENTRY(F)  \
	F(U64, major, "major", 0) \
	F(U64, minor, "minor", 0) \
	F(STR, op, "op", 0)       \
	F(U64, value, "value", 0)
JSON_STRUCT(api_stats_blkio_entry, API_STATS_BLKIO_ENTRY)

/* Only the first two are still counted by kernels of today. */
#define API_STATS_BLKIO(F)                                                           \
	F(OBJS, bytes, "io_service_bytes_recursive", 0, api_stats_blkio_entry)       \
	F(OBJS, serviced, "io_serviced_recursive", 0, api_stats_blkio_entry)         \
	F(OBJS, queue, "io_queue_recursive", 0, api_stats_blkio_entry)               \
	F(OBJS, service_time, "io_service_time_recursive", 0, api_stats_blkio_entry) \
	F(OBJS, wait_time, "io_wait_time_recursive", 0, api_stats_blkio_entry)       \
	F(OBJS, merged, "io_merged_recursive", 0, api_stats_blkio_entry)             \
	F(OBJS, time, "io_time_recursive", 0, api_stats_blkio_entry)                 \
	F(OBJS, sectors, "sectors_recursive", 0, api_stats_blkio_entry)
JSON_STRUCT(api_stats_blkio, API_STATS_BLKIO)

#define API_STATS_CPU_USAGE(F)                      \
	F(U64, total, "total_usage", 0)             \
	F(U64S, percpu, "percpu_usage", OMIT_EMPTY) \
	F(U64, kernel, "usage_in_kernelmode", 0)    \
	F(U64, user, "usage_in_usermode", 0)
JSON_STRUCT(api_stats_cpu_usage, API_STATS_CPU_USAGE)

#define API_STATS_THROTTLING(F)                           \
	F(U64, periods, "periods", 0)                     \
	F(U64, throttled_periods, "throttled_periods", 0) \
	F(U64, throttled_time, "throttled_time", 0)
JSON_STRUCT(api_stats_throttling, API_STATS_THROTTLING)

#define API_STATS_CPU(F)                                                \
	F(OBJ, usage, "cpu_usage", 0, api_stats_cpu_usage)              \
	F(U64, system, "system_cpu_usage", OMIT_EMPTY) /* the host's */ \
	F(U64, online_cpus, "online_cpus", OMIT_EMPTY)                  \
	F(OBJ, throttling, "throttling_data", 0, api_stats_throttling)
JSON_STRUCT(api_stats_cpu, API_STATS_CPU)

#define API_STATS_MEMORY(F)                                                        \
	F(U64, usage, "usage", OMIT_EMPTY)                                         \
	F(U64, max_usage, "max_usage", OMIT_EMPTY)                                 \
	F(RAW, stats, "stats", OMIT_EMPTY) /* memory.stat: an object of numbers */ \
	F(U64, failcnt, "failcnt", OMIT_EMPTY)                                     \
	F(U64, limit, "limit", OMIT_EMPTY)
JSON_STRUCT(api_stats_memory, API_STATS_MEMORY)

#define API_STATS_NETWORK(F)                \
	F(U64, rx_bytes, "rx_bytes", 0)     \
	F(U64, rx_packets, "rx_packets", 0) \
	F(U64, rx_errors, "rx_errors", 0)   \
	F(U64, rx_dropped, "rx_dropped", 0) \
	F(U64, tx_bytes, "tx_bytes", 0)     \
	F(U64, tx_packets, "tx_packets", 0) \
	F(U64, tx_errors, "tx_errors", 0)   \
	F(U64, tx_dropped, "tx_dropped", 0)
JSON_STRUCT(api_stats_network, API_STATS_NETWORK)

#define API_STATS(F)                                                   \
	F(TIME, read, "read", 0)                                       \
	F(TIME, preread, "preread", 0)                                 \
	F(OBJ, pids, "pids_stats", 0, api_stats_pids)                  \
	F(OBJ, blkio, "blkio_stats", 0, api_stats_blkio)               \
	F(I64, num_procs, "num_procs", 0)                              \
	F(RAW, storage, "storage_stats", 0) /* of other systems: {} */ \
	F(OBJ, cpu, "cpu_stats", 0, api_stats_cpu)                     \
	F(OBJ, precpu, "precpu_stats", 0, api_stats_cpu)               \
	F(OBJ, memory, "memory_stats", 0, api_stats_memory)            \
	F(STR, name, "name", OMIT_EMPTY)                               \
	F(STR, id, "id", OMIT_EMPTY)                                   \
	F(OBJMAP, networks, "networks", OMIT_EMPTY, api_stats_network)
JSON_STRUCT(api_stats, API_STATS)

#endif
