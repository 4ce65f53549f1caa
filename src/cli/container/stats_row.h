/* What `docker stats` shows of a container: numbers from two samples of it, and their row. */
#ifndef CLI_CONTAINER_STATS_ROW_H
#define CLI_CONTAINER_STATS_ROW_H

#include "api/stats.h"
#include "cli/format/list.h"

struct stats_row {
	const char *asked; /* the name or id that it was asked for by */
	const char *id, *name;
	bool trunc;
	bool failed; /* no numbers: "--" */
	double cpu, memory_percent;
	double memory, memory_limit, net_in, net_out, block_in, block_out;
	uint64_t pids;
};
extern const struct row_type stats_row_type;

#define STATS_COLUMNS                                                                             \
	"{{.ID}}\t{{.Name}}\t{{.CPUPerc}}\t{{.MemUsage}}\t{{.MemPerc}}\t{{.NetIO}}\t{{.BlockIO}}" \
	"\t{{.PIDs}}"

/* Fills in the numbers of one answer; name and id too, copied into the arena. */
int stats_row_set(struct arena *a, const struct api_stats *s, struct stats_row *out, struct err *e)
        must_check;

#endif
