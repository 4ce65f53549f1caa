/* docker history: GET /images/NAME/history as a list. */
#include <ctype.h>
#include <time.h>

#include "cli/cli.h"
#include "cli/commands.h"
#include "cli/format/list.h"
#include "cli/format/units.h"

#define HISTORY_ENTRY(F)                   \
	F(STR, id, "Id", 0)                \
	F(I64, created, "Created", 0)      \
	F(STR, created_by, "CreatedBy", 0) \
	F(I64, size, "Size", 0)            \
	F(STR, comment, "Comment", 0)
JSON_STRUCT(history_entry, HISTORY_ENTRY)
JSON_TYPE(history_entry, HISTORY_ENTRY)

struct history {
	size_t n;
	struct history_entry *v;
};

struct history_options {
	bool human, no_trunc, quiet;
	const char *format, *platform;
};
static const struct flag history_rows[] = {
	FLAG(history_options, STR, format, "format", 0, FORMAT_LIST_HELP),
	FLAG(history_options, BOOL, human, "human", 'H', "Sizes and times for people",
	     .def = "true"),
	FLAG(history_options, BOOL, no_trunc, "no-trunc", 0, "Do not shorten anything"),
	FLAG(history_options, STR, platform, "platform", 0,
	     "Of this platform (\"os[/arch[/variant]]\")", .since = 48, .attrs = FLAG_LATER),
	FLAG(history_options, BOOL, quiet, "quiet", 'q', "Only the ids"),
};
const struct flags history_flags = FLAGS(history_options, history_rows);

struct row {
	const struct history_entry *h;
	bool human, trunc;
};

static struct value field_id(struct arena *a, const void *row, const char *arg unused_arg)
{
	const struct row *r = row;

	return value_str(r->trunc ? short_id(a, r->h->id) : r->h->id);
}

static struct value field_created_at(struct arena *a, const void *row, const char *arg unused_arg)
{
	time_t at = (time_t)((const struct row *)row)->h->created;
	struct tm tm;
	char text[40];
	size_t n;

	localtime_r(&at, &tm);
	n = strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S%z", &tm);
	if (tm.tm_gmtoff == 0)
		return value_str(arena_printf(a, "%.*sZ", (int)n - 5, text));
	return value_str(arena_printf(a, "%.*s:%s", (int)n - 2, text, text + n - 2));
}

static struct value field_created_since(struct arena *a, const void *row, const char *arg)
{
	const struct row *r = row;

	return r->human ? value_str(time_ago(a, r->h->created)) : field_created_at(a, row, arg);
}

static struct value field_created_by(struct arena *a, const void *row, const char *arg unused_arg)
{
	const struct row *r = row;
	char *text = arena_strdup(a, r->h->created_by ? r->h->created_by : "");

	for (char *p = text; *p; p++)
		if (*p == '\t')
			*p = ' ';
	return value_str(r->trunc ? ellipsis(a, text, 45) : text);
}

static struct value field_size(struct arena *a, const void *row, const char *arg unused_arg)
{
	const struct row *r = row;
	char text[UNITS_TEXT];

	if (!r->human)
		return value_str(arena_printf(a, "%lld", (long long)r->h->size));
	return value_str(arena_strdup(a, size_format(text, (double)r->h->size, 3)));
}

static struct value field_comment(struct arena *a unused_arg, const void *row,
                                  const char *arg unused_arg)
{
	return value_str(((const struct row *)row)->h->comment);
}

static const struct row_field fields[] = {
	{ "Comment", "COMMENT", field_comment, false },
	{ "CreatedAt", "CREATED AT", field_created_at, false },
	{ "CreatedBy", "CREATED BY", field_created_by, false },
	{ "CreatedSince", "CREATED", field_created_since, false },
	{ "ID", "IMAGE", field_id, false },
	{ "Size", "SIZE", field_size, false },
};
static const struct row_type row_type = { "*image.historyContext", fields, ARRAY_LEN(fields) };

int image_history(struct cli *cli, struct call *call, struct err *e)
{
	_cleanup_path_ struct api_path path = { 0 };
	const struct history_options *o = call->options;
	struct list list = {
		.type = &row_type,
		.format = o->quiet ? list_quiet_format(o->format, "{{.ID}}") : o->format,
		.columns = o->human ? "{{.ID}}\t{{.CreatedSince}}\t{{.CreatedBy}}\t{{.Size}}\t"
		                      "{{.Comment}}"
		                    : "{{.ID}}\t{{.CreatedAt}}\t{{.CreatedBy}}\t{{.Size}}\t"
		                      "{{.Comment}}"
	};
	struct history all;
	struct row *rows;

	api_path_start(&path, "/images/", call->args.v[0], "/history");
	if (api_list(cli, "GET", buf_cstr(&path.b), &history_entry_type, &all, e) < 0)
		return -1;
	rows = arena_array(&cli->arena, struct row, all.n);
	for (size_t i = 0; i < all.n; i++)
		rows[i] = (struct row){ &all.v[i], o->human, !o->no_trunc };
	list.n = all.n;
	list.rows = list_rows(&cli->arena, rows, list.n, sizeof(*rows));
	return list_print(&cli->arena, &list, stdout, e);
}
