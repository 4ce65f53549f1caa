/* docker search: GET /images/search as a list. */
#include "cli/cli.h"
#include "cli/commands.h"
#include "cli/client/credentials.h"
#include "cli/flag_checks.h"
#include "cli/format/list.h"

#define SEARCH_RESULT(F)                      \
	F(STR, name, "name", 0)               \
	F(STR, description, "description", 0) \
	F(I64, stars, "star_count", 0)        \
	F(BOOL, official, "is_official", 0)   \
	F(BOOL, automated, "is_automated", 0)
JSON_STRUCT(search_result, SEARCH_RESULT)
JSON_TYPE(search_result, SEARCH_RESULT)

struct search_results {
	size_t n;
	struct search_result *v;
};

struct search_options {
	bool no_trunc;
	int64_t limit;
	struct strs filter;
	const char *format;
};
static const struct flag search_rows[] = {
	FLAG(search_options, LIST, filter, "filter", 'f', "Only what fulfils these conditions",
	     .type = "filter", .check = check_filter),
	FLAG(search_options, STR, format, "format", 0, "Output by template"),
	FLAG(search_options, INT, limit, "limit", 0, "At most so many results"),
	FLAG(search_options, BOOL, no_trunc, "no-trunc", 0, "Do not shorten anything"),
};
const struct flags search_flags = FLAGS(search_options, search_rows);

struct row {
	const struct search_result *r;
	bool trunc;
};

static const struct search_result *result_of(const void *row)
{
	return ((const struct row *)row)->r;
}

static struct value field_name(struct arena *a unused_arg, const void *row,
                               const char *arg unused_arg)
{
	return value_str(result_of(row)->name);
}

static struct value field_description(struct arena *a, const void *row, const char *arg unused_arg)
{
	const struct row *r = row;
	char *text = arena_strdup(a, r->r->description ? r->r->description : "");

	for (char *p = text; *p; p++)
		if (*p == '\n' || *p == '\r')
			*p = ' ';
	return value_str(r->trunc ? ellipsis(a, text, 45) : text);
}

static struct value field_stars(struct arena *a, const void *row, const char *arg unused_arg)
{
	return value_str(arena_printf(a, "%lld", (long long)result_of(row)->stars));
}

static struct value ok(bool b)
{
	return value_str(b ? "[OK]" : "");
}

static struct value field_official(struct arena *a unused_arg, const void *row,
                                   const char *arg unused_arg)
{
	return ok(result_of(row)->official);
}

static struct value field_automated(struct arena *a unused_arg, const void *row,
                                    const char *arg unused_arg)
{
	return ok(result_of(row)->automated);
}

static const struct row_field fields[] = {
	{ "Description", "DESCRIPTION", field_description, false },
	{ "IsAutomated", "AUTOMATED", field_automated, false },
	{ "IsOfficial", "OFFICIAL", field_official, false },
	{ "Name", "NAME", field_name, false },
	{ "StarCount", "STARS", field_stars, false },
};
static const struct row_type row_type = { "*registry.searchContext", fields, ARRAY_LEN(fields) };

static int fetch(struct cli *cli, const struct call *call, struct search_results *out,
                 struct err *e)
{
	_cleanup_path_ struct api_path path = { 0 };
	const struct search_options *o = call->options;
	struct api_request rq = { .method = "GET" };
	struct reference hub = { .domain = REFERENCE_DEFAULT_DOMAIN };
	struct slice body;

	if (credentials_header(&cli->arena, &cli->config, &hub, &rq.registry_auth, e) < 0)
		return -1;
	api_path_start(&path, "/images/search", "", "");
	api_query(&path, "term", call->args.v[0]);
	if (o->limit > 0)
		api_query(&path, "limit", arena_printf(&cli->arena, "%lld", (long long)o->limit));
	api_query_filters(&path, &o->filter);
	rq.path = buf_cstr(&path.b);
	if (api_call(cli, &rq, &body, e) < 0)
		return -1;
	return json_decode_list(&cli->arena, &search_result_type, body, out, e);
}

int registry_search(struct cli *cli, struct call *call, struct err *e)
{
	const struct search_options *o = call->options;
	struct list list = { .type = &row_type,
		             .format = o->format,
		             .columns = "{{.Name}}\t{{.Description}}\t{{.StarCount}}\t"
		                        "{{.IsOfficial}}" };
	struct search_results all;
	struct row *rows;

	if (fetch(cli, call, &all, e) < 0)
		return -1;
	rows = arena_array(&cli->arena, struct row, all.n);
	for (size_t i = 0; i < all.n; i++)
		rows[i] = (struct row){ &all.v[i], !o->no_trunc };
	list.n = all.n;
	list.rows = list_rows(&cli->arena, rows, list.n, sizeof(*rows));
	return list_print(&cli->arena, &list, stdout, e);
}
