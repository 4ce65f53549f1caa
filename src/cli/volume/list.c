/* docker volume ls: GET /volumes as a list. */
#include <stdlib.h>

#include "api/volume.h"
#include "cli/cli.h"
#include "cli/commands.h"
#include "cli/flag_checks.h"
#include "cli/volume/row.h"

struct volume_ls_options {
	bool cluster, quiet;
	struct strs filter;
	const char *format;
};
static const struct flag ls_rows[] = {
	FLAG(volume_ls_options, BOOL, cluster, "cluster", 0, "Only volumes of a swarm", .since = 42,
	     .attrs = FLAG_LATER | FLAG_HIDDEN),
	FLAG(volume_ls_options, LIST, filter, "filter", 'f',
	     "Only what fulfils these conditions (\"dangling=true\")", .type = "filter",
	     .check = check_filter),
	FLAG(volume_ls_options, STR, format, "format", 0, FORMAT_LIST_HELP),
	FLAG(volume_ls_options, BOOL, quiet, "quiet", 'q', "Only the names"),
};
const struct flags volume_ls_flags = FLAGS(volume_ls_options, ls_rows);

#define COLUMNS "{{.Driver}}\t{{.Name}}"

static const char *choose_format(const struct cli *cli, const struct volume_ls_options *o)
{
	if (o->quiet)
		return list_quiet_format(o->format, "{{.Name}}");
	return str_empty(o->format) ? cli->config.volumes_format : o->format;
}

static int by_name(const void *a, const void *b)
{
	return natural_compare(((const struct api_volume *)a)->name,
	                       ((const struct api_volume *)b)->name);
}

int volume_ls(struct cli *cli, struct call *call, struct err *e)
{
	_cleanup_path_ struct api_path path = { 0 };
	const struct volume_ls_options *o = call->options;
	struct list list = { .type = &volume_row_type,
		             .format = choose_format(cli, o),
		             .columns = COLUMNS };
	struct api_volume_list all;
	struct slice body;

	api_path_start(&path, "/volumes", "", "");
	api_query_filters(&path, &o->filter);
	if (api_get(cli, buf_cstr(&path.b), &body, e) < 0 ||
	    json_decode(&cli->arena, &api_volume_list_type, body, &all, e) < 0)
		return -1;
	if (all.volumes.n > 1)
		qsort(all.volumes.v, all.volumes.n, sizeof(*all.volumes.v), by_name);
	list.n = all.volumes.n;
	list.rows = list_rows(&cli->arena, all.volumes.v, list.n, sizeof(*all.volumes.v));
	return list_print(&cli->arena, &list, stdout, e);
}
