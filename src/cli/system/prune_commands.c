/*
 * docker container prune, image prune, volume prune, network prune, builder prune, system prune:
 * the question, then the work.
 */
#include <stdio.h>
#include <stdlib.h>

#include "cli/commands.h"
#include "cli/confirm.h"
#include "cli/flag_checks.h"
#include "cli/format/list.h"
#include "cli/system/prune.h"

#define QUESTION "\nAre you sure you want to continue?"

struct prune_options {
	bool all, force, volumes;
	struct strs filter;
	int64_t keep_storage;
};
#define ROW(...) FLAG(prune_options, __VA_ARGS__)
#define COMMON(example)                                                                        \
	ROW(LIST, filter, "filter", 0, "Only what fulfils these conditions (\"" example "\")", \
	    .type = "filter", .check = check_filter),                                          \
	        ROW(BOOL, force, "force", 'f', "Do not ask")

static const struct flag container_rows[] = { COMMON("until=<timestamp>") };
const struct flags container_prune_flags = FLAGS(prune_options, container_rows);
const struct flags network_prune_flags = FLAGS(prune_options, container_rows);

static const struct flag image_rows[] = {
	ROW(BOOL, all, "all", 'a',
	    "All images that no container uses, not only those without a name"),
	COMMON("until=<timestamp>"),
};
const struct flags image_prune_flags = FLAGS(prune_options, image_rows);

static const struct flag volume_rows[] = {
	ROW(BOOL, all, "all", 'a', "Volumes with a name too", .since = 42),
	COMMON("label=<label>"),
};
const struct flags volume_prune_flags = FLAGS(prune_options, volume_rows);

static const struct flag builder_rows[] = {
	ROW(BOOL, all, "all", 'a', "All of the cache, not only what nothing refers to",
	    .since = 39),
	ROW(BYTES, keep_storage, "keep-storage", 0, "Room that the cache may keep", .since = 39),
	COMMON("until=24h"),
};
const struct flags builder_prune_flags = FLAGS(prune_options, builder_rows);

static const struct flag system_rows[] = {
	ROW(BOOL, all, "all", 'a',
	    "All images that no container uses, not only those without a name"),
	ROW(BOOL, volumes, "volumes", 0, "Anonymous volumes too"),
	COMMON("label=<key>=<value>"),
};
const struct flags system_prune_flags = FLAGS(prune_options, system_rows);

static struct prune_request request(struct cli *cli, const struct prune_options *o)
{
	return (struct prune_request){ o->all, prune_filters(cli, &o->filter), o->keep_storage };
}

/* One kind, with its total where sizes are known. */
static int prune_one(struct cli *cli, struct call *call, enum prune_kind kind, const char *question,
                     struct err *e)
{
	const struct prune_options *o = call->options;
	struct prune_request rq = request(cli, o);
	uint64_t space = 0;

	if (!o->force && !confirm(question))
		return 0;
	if (prune(cli, kind, &rq, &space, e) < 0)
		return -1;
	if (kind != PRUNE_NETWORKS)
		prune_print_total(space);
	return 0;
}

int container_prune(struct cli *cli, struct call *call, struct err *e)
{
	return prune_one(cli, call, PRUNE_CONTAINERS,
	                 "WARNING! This will remove all stopped containers." QUESTION, e);
}

int network_prune(struct cli *cli, struct call *call, struct err *e)
{
	return prune_one(cli, call, PRUNE_NETWORKS,
	                 "WARNING! This will remove all custom networks not used by at least one "
	                 "container." QUESTION,
	                 e);
}

int image_prune(struct cli *cli, struct call *call, struct err *e)
{
	const struct prune_options *o = call->options;

	return prune_one(cli, call, PRUNE_IMAGES,
	                 o->all ? "WARNING! This will remove all images without at least one "
	                          "container associated to them." QUESTION
	                        : "WARNING! This will remove all dangling images." QUESTION,
	                 e);
}

/* Before API 1.42 volumes with a name were removed too. */
int volume_prune(struct cli *cli, struct call *call, struct err *e)
{
	const struct prune_options *o = call->options;

	if (api_ping(cli, e) < 0)
		return -1;
	for (size_t i = 0; o->all && i < o->filter.n; i++)
		if (str_starts(o->filter.v[i], "all="))
			return err_set(
			        e, ERR_INVALID,
			        "conflicting options: cannot specify both --all and --filter "
			        "all=1");
	return prune_one(cli, call, PRUNE_VOLUMES,
	                 o->all || cli->api.version < 42
	                         ? "WARNING! This will remove all local volumes not used by at "
	                           "least one container." QUESTION
	                         : "WARNING! This will remove anonymous local volumes not used by "
	                           "at least one container." QUESTION,
	                 e);
}

int builder_prune(struct cli *cli, struct call *call, struct err *e)
{
	const struct prune_options *o = call->options;

	return prune_one(cli, call, PRUNE_BUILD_CACHE,
	                 o->all ? "WARNING! This will remove all build cache. Are you sure you "
	                          "want to continue?"
	                        : "WARNING! This will remove all dangling build cache. Are you "
	                          "sure you want to continue?",
	                 e);
}

/* --- system prune --- */

static int by_nature(const void *a, const void *b)
{
	return natural_compare(*(const char *const *)a, *(const char *const *)b);
}

static const char *system_question(struct cli *cli, const struct prune_options *o,
                                   struct strs filters)
{
	_cleanup_buf_ struct buf b = { 0 };

	buf_adds(&b, "WARNING! This will remove:\n"
	             "  - all stopped containers\n"
	             "  - all networks not used by at least one container\n");
	if (o->volumes)
		buf_adds(&b, "  - all anonymous volumes not used by at least one container\n");
	buf_adds(&b, o->all ? "  - all images without at least one container associated to them\n"
	                      "  - all build cache\n"
	                    : "  - all dangling images\n"
	                      "  - unused build cache\n");
	if (filters.n) {
		qsort(filters.v, filters.n, sizeof(*filters.v), by_nature);
		buf_adds(&b, "\n  Items to be pruned will be filtered with:\n");
	}
	for (size_t i = 0; i < filters.n; i++)
		buf_printf(&b, "  - %s\n", filters.v[i]);
	buf_adds(&b, QUESTION);
	return arena_strdup(&cli->arena, buf_cstr(&b));
}

int system_prune(struct cli *cli, struct call *call, struct err *e)
{
	static const enum prune_kind order[] = { PRUNE_CONTAINERS, PRUNE_NETWORKS, PRUNE_VOLUMES,
		                                 PRUNE_IMAGES, PRUNE_BUILD_CACHE };
	const struct prune_options *o = call->options;
	struct prune_request rq = request(cli, o), images = rq;
	uint64_t space = 0;

	for (size_t i = 0; o->volumes && i < rq.filters.n; i++)
		if (str_starts(rq.filters.v[i], "until="))
			return err_set(e, ERR_INVALID,
			               "ERROR: The \"until\" filter is not supported with "
			               "\"--volumes\"");
	if (!o->force && !confirm(system_question(cli, o, prune_filters(cli, &o->filter))))
		return 0;
	rq.all = false;
	for (size_t i = 0; i < ARRAY_LEN(order); i++) {
		bool whole = order[i] == PRUNE_IMAGES || order[i] == PRUNE_BUILD_CACHE;

		if (order[i] == PRUNE_VOLUMES && !o->volumes)
			continue;
		if (prune(cli, order[i], whole ? &images : &rq, &space, e) < 0)
			return -1;
	}
	prune_print_total(space);
	return 0;
}
