/* docker ps: GET /containers/json as a list. */
#include "cli/cli.h"
#include "cli/commands.h"
#include "cli/container/row.h"
#include "cli/flag_checks.h"

struct ps_options {
	bool all, latest, no_trunc, quiet, size;
	int64_t last;
	struct strs filter;
	const char *format;
};

static const struct flag ps_flag_rows[] = {
	FLAG(ps_options, BOOL, all, "all", 'a', "Stopped containers too, not only running ones"),
	FLAG(ps_options, LIST, filter, "filter", 'f', "Only what fulfils these conditions",
	     .type = "filter", .check = check_filter),
	FLAG(ps_options, STR, format, "format", 0, FORMAT_LIST_HELP),
	FLAG(ps_options, INT, last, "last", 'n', "The n containers made last, in any state",
	     .def = "-1"),
	FLAG(ps_options, BOOL, latest, "latest", 'l', "The container made last, in any state"),
	FLAG(ps_options, BOOL, no_trunc, "no-trunc", 0, "Do not shorten anything"),
	FLAG(ps_options, BOOL, quiet, "quiet", 'q', "Only the ids"),
	FLAG(ps_options, BOOL, size, "size", 's', "Sizes of the files too"),
};
const struct flags ps_flags = FLAGS(ps_options, ps_flag_rows);

#define COLUMNS \
	"{{.ID}}\t{{.Image}}\t{{.Command}}\t{{.RunningFor}}\t{{.Status}}\t{{.Ports}}\t{{.Names}}"

static int fetch(struct cli *cli, const struct ps_options *o, bool size,
                 struct container_summaries *out, struct err *e)
{
	_cleanup_path_ struct api_path path = { 0 };

	api_path_start(&path, "/containers/json", "", "");
	if (o->all)
		api_query(&path, "all", "1");
	if (o->latest || o->last > 0)
		api_query(&path, "limit",
		          o->latest ? "1" : arena_printf(&cli->arena, "%lld", (long long)o->last));
	if (size)
		api_query(&path, "size", "1");
	api_query_filters(&path, &o->filter);
	return api_list(cli, "GET", buf_cstr(&path.b), &api_summary_type, out, e);
}

static const char *choose_format(struct cli *cli, const struct ps_options *o)
{
	if (o->quiet) {
		if (!str_empty(o->format))
			fputs("WARNING: Ignoring custom format, because both --format and --quiet "
			      "are set.\n",
			      stderr);
		return "{{.ID}}";
	}
	return str_empty(o->format) ? cli->config.ps_format : o->format;
}

/* Sizes cost the daemon time: they are asked for when a flag or the format wants them. */
static int choose_size(struct cli *cli, const struct call *call, const struct list *list,
                       bool *size, struct err *e)
{
	const struct ps_options *o = call->options;

	*size = o->size;
	if (GIVEN(call, ps_options, size))
		return 0;
	return list_try(&cli->arena, list, "Size", size, e);
}

int container_list(struct cli *cli, struct call *call, struct err *e)
{
	const struct ps_options *o = call->options;
	struct list list = { &container_row_type, choose_format(cli, o) };
	struct container_summaries all;
	bool size;

	if (choose_size(cli, call, &list, &size, e) < 0 || fetch(cli, o, size, &all, e) < 0)
		return -1;
	list.columns = size ? COLUMNS "\t{{.Size}}" : COLUMNS;
	list.n = all.n;
	list.rows = container_rows(&cli->arena, all.v, list.n, !o->no_trunc);
	return list_print(&cli->arena, &list, stdout, e);
}
