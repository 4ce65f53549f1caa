/* The tables of stats.h. */
#include "api/stats.h"

JSON_TYPE(api_stats_pids, API_STATS_PIDS)
JSON_TYPE(api_stats_blkio_entry, API_STATS_BLKIO_ENTRY)
JSON_TYPE(api_stats_blkio, API_STATS_BLKIO)
JSON_TYPE(api_stats_cpu_usage, API_STATS_CPU_USAGE)
JSON_TYPE(api_stats_throttling, API_STATS_THROTTLING)
JSON_TYPE(api_stats_cpu, API_STATS_CPU)
JSON_TYPE(api_stats_memory, API_STATS_MEMORY)
JSON_TYPE(api_stats_network, API_STATS_NETWORK)
JSON_TYPE(api_stats, API_STATS)
