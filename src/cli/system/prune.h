/* Removing what nothing uses: one kind of object at a time. `prune` commands and `system prune`. */
#ifndef CLI_SYSTEM_PRUNE_H
#define CLI_SYSTEM_PRUNE_H

#include "cli/cli.h"

enum prune_kind {
	PRUNE_CONTAINERS,
	PRUNE_NETWORKS,
	PRUNE_VOLUMES,
	PRUNE_IMAGES,
	PRUNE_BUILD_CACHE,
};

struct prune_request {
	bool all; /* of images: not only those without a name; of volumes: named ones too */
	struct strs filters;  /* name=value */
	int64_t keep_storage; /* of the build cache; 0: not given */
};

/* Prints what went away; adds to *space the bytes that came back. */
int prune(struct cli *cli, enum prune_kind kind, const struct prune_request *rq, uint64_t *space,
          struct err *e) must_check;

/* The filters of the command line and of the configuration. */
struct strs prune_filters(struct cli *cli, const struct strs *given);

void prune_print_total(uint64_t space);

#endif
