/* docker images: GET /images/json as a list, one row a tag. */
#include <stdlib.h>

#include "cli/cli.h"
#include "cli/commands.h"
#include "cli/flag_checks.h"
#include "cli/image/row.h"

struct image_summaries {
	size_t n;
	struct api_image_summary *v;
};

struct images_options {
	bool all, digests, no_trunc, quiet, tree;
	struct strs filter;
	const char *format;
};

static const struct flag images_flag_rows[] = {
	FLAG(images_options, BOOL, all, "all", 'a', "Images in between too"),
	FLAG(images_options, BOOL, digests, "digests", 0, "Show digests"),
	FLAG(images_options, LIST, filter, "filter", 'f', "Only what fulfils these conditions",
	     .type = "filter", .check = check_filter),
	FLAG(images_options, STR, format, "format", 0, FORMAT_LIST_HELP),
	FLAG(images_options, BOOL, no_trunc, "no-trunc", 0, "Do not shorten anything"),
	FLAG(images_options, BOOL, quiet, "quiet", 'q', "Only the ids"),
	FLAG(images_options, BOOL, tree, "tree", 0, "Platforms as a tree", .attrs = FLAG_LATER),
};
const struct flags images_flags = FLAGS(images_options, images_flag_rows);

static int newest_first(const void *a, const void *b)
{
	const struct api_image_summary *x = a, *y = b;

	return x->created == y->created ? 0 : x->created > y->created ? -1 : 1;
}

static int fetch(struct cli *cli, const struct call *call, struct image_summaries *out,
                 struct err *e)
{
	_cleanup_path_ struct api_path path = { 0 };
	const struct images_options *o = call->options;
	struct strs filters = o->filter;

	if (call->args.n)
		arena_push(&cli->arena, &filters,
		           arena_printf(&cli->arena, "reference=%s", call->args.v[0]));
	api_path_start(&path, "/images/json", "", "");
	if (o->all)
		api_query(&path, "all", "1");
	api_query_filters(&path, &filters);
	if (api_list(cli, "GET", buf_cstr(&path.b), &api_image_summary_type, out, e) < 0)
		return -1;
	if (out->n > 1)
		qsort(out->v, out->n, sizeof(*out->v), newest_first);
	return 0;
}

static const char *choose_format(struct cli *cli, const struct images_options *o)
{
	if (!str_empty(o->format))
		return o->format;
	return o->quiet ? "{{.ID}}" : cli->config.images_format;
}

int image_list(struct cli *cli, struct call *call, struct err *e)
{
	const struct images_options *o = call->options;
	const char *format = choose_format(cli, o);
	struct list list = { &image_row_type, format };
	struct image_summaries all;
	struct rows rows = { 0 };
	struct image_view view = { !o->no_trunc, o->digests,
		                   o->digests || (format && strstr(format, "{{.Digest}}")) };

	list.columns = o->digests ? "{{.Repository}}\t{{.Tag}}\t{{.Digest}}\t{{.ID}}\t"
	                            "{{.CreatedSince}}\t{{.Size}}"
	                          : "{{.Repository}}\t{{.Tag}}\t{{.ID}}\t{{.CreatedSince}}\t"
	                            "{{.Size}}";
	if (fetch(cli, call, &all, e) < 0)
		return -1;
	for (size_t i = 0; i < all.n; i++)
		image_rows_add(&cli->arena, &view, &all.v[i], &rows);
	list.n = rows.n;
	list.rows = rows.v;
	return list_print(&cli->arena, &list, stdout, e);
}
