/*
 * docker system df: GET /system/df as a row for each kind of object, or (-v) as a table of each
 * kind's objects.
 */
#include <stdio.h>

#include "api/df.h"
#include "cli/cli.h"
#include "cli/commands.h"
#include "cli/container/row.h"
#include "cli/system/df_cache_row.h"
#include "cli/format/units.h"
#include "cli/image/row.h"
#include "cli/volume/row.h"

struct df_options {
	bool verbose;
	const char *format;
};
static const struct flag df_rows[] = {
	FLAG(df_options, STR, format, "format", 0, FORMAT_LIST_HELP),
	FLAG(df_options, BOOL, verbose, "verbose", 'v', "A table of each kind's objects"),
};
const struct flags df_flags = FLAGS(df_options, df_rows);

/* --- the short table: a row a kind --- */

struct row {
	const char *type;
	size_t total, active;
	int64_t size, reclaimable;
	bool percent; /* reclaimable is shown as a part of the whole too */
};

static struct value field_type(struct arena *a unused_arg, const void *row,
                               const char *arg unused_arg)
{
	return value_str(((const struct row *)row)->type);
}

static struct value field_total(struct arena *a, const void *row, const char *arg unused_arg)
{
	return value_str(arena_printf(a, "%zu", ((const struct row *)row)->total));
}

static struct value field_active(struct arena *a, const void *row, const char *arg unused_arg)
{
	return value_str(arena_printf(a, "%zu", ((const struct row *)row)->active));
}

static struct value field_size(struct arena *a, const void *row, const char *arg unused_arg)
{
	char text[UNITS_TEXT];

	return value_str(
	        arena_strdup(a, size_format(text, (double)((const struct row *)row)->size, 4)));
}

static struct value field_reclaimable(struct arena *a, const void *row, const char *arg unused_arg)
{
	const struct row *r = row;
	char text[UNITS_TEXT];

	size_format(text, (double)r->reclaimable, 4);
	if (!r->percent || r->size <= 0)
		return value_str(arena_strdup(a, text));
	return value_str(
	        arena_printf(a, "%s (%lld%%)", text, (long long)(r->reclaimable * 100 / r->size)));
}

static const struct row_field fields[] = {
	{ "Active", "ACTIVE", field_active, false },
	{ "Reclaimable", "RECLAIMABLE", field_reclaimable, false },
	{ "Size", "SIZE", field_size, false },
	{ "TotalCount", "TOTAL", field_total, false },
	{ "Type", "TYPE", field_type, false },
};
static const struct row_type row_type = { "*formatter.diskUsageImagesContext", fields,
	                                  ARRAY_LEN(fields) };

/* Layers that containers need are no rubbish. */
static struct row images_row(const struct api_df *df)
{
	struct row r = { "Images", df->images.n, 0, df->layers_size, 0, true };
	int64_t used = 0;

	for (size_t i = 0; i < df->images.n; i++) {
		const struct api_image_summary *image = &df->images.v[i];

		if (!image->containers)
			continue;
		r.active++;
		if (image->size != -1 && image->shared_size != -1)
			used += image->size - image->shared_size;
	}
	r.reclaimable = df->layers_size - used;
	return r;
}

static bool running(const struct api_summary *c)
{
	return str_eq(c->state, "running") || str_eq(c->state, "paused") ||
	       str_eq(c->state, "restarting");
}

static struct row containers_row(const struct api_df *df)
{
	struct row r = { "Containers", df->containers.n, 0, 0, 0, true };

	for (size_t i = 0; i < df->containers.n; i++) {
		const struct api_summary *c = &df->containers.v[i];

		r.size += c->size_rw;
		r.active += running(c);
		if (!running(c))
			r.reclaimable += c->size_rw;
	}
	return r;
}

static struct row volumes_row(const struct api_df *df)
{
	struct row r = { "Local Volumes", df->volumes.n, 0, 0, 0, true };

	for (size_t i = 0; i < df->volumes.n; i++) {
		const struct api_volume_usage *u = df->volumes.v[i].usage;

		r.active += u && u->ref_count > 0;
		if (!u || u->size == -1)
			continue;
		r.size += u->size;
		if (u->ref_count == 0)
			r.reclaimable += u->size;
	}
	return r;
}

static struct row cache_row(const struct api_df *df)
{
	struct row r = { "Build Cache", df->build_cache.n, 0, 0, 0, false };
	int64_t used = 0;

	for (size_t i = 0; i < df->build_cache.n; i++) {
		const struct api_build_cache *c = &df->build_cache.v[i];

		r.active += c->in_use;
		if (c->shared)
			continue;
		r.size += c->size;
		if (c->in_use)
			used += c->size;
	}
	r.reclaimable = r.size - used;
	return r;
}

static int print_short(struct cli *cli, const struct api_df *df, const char *format, struct err *e)
{
	struct row rows[] = { images_row(df), containers_row(df), volumes_row(df), cache_row(df) };
	struct list list = { .type = &row_type,
		             .format = format,
		             .columns = "{{.Type}}\t{{.TotalCount}}\t{{.Active}}\t{{.Size}}\t"
		                        "{{.Reclaimable}}",
		             .n = ARRAY_LEN(rows) };

	list.rows = list_rows(&cli->arena, rows, list.n, sizeof(*rows));
	return list_print(&cli->arena, &list, stdout, e);
}

/* --- the long one: a table a kind --- */

static struct list images_list(struct cli *cli, const struct api_df *df, bool trunc)
{
	struct rows rows = { 0 };

	for (size_t i = 0; i < df->images.n; i++)
		image_row_add_one(&cli->arena, trunc, &df->images.v[i], &rows);
	return (struct list){ &image_row_type, NULL,
		              "{{.Repository}}\t{{.Tag}}\t{{.ID}}\t{{.CreatedSince}}\t{{.Size}}\t"
		              "{{.SharedSize}}\t{{.UniqueSize}}\t{{.Containers}}",
		              rows.n, rows.v };
}

/* Without the size of the image below. */
static struct list containers_list(struct cli *cli, const struct api_df *df, bool trunc)
{
	for (size_t i = 0; i < df->containers.n; i++)
		df->containers.v[i].size_root_fs = 0;
	return (struct list){ &container_row_type, NULL,
		              "{{.ID}}\t{{.Image}}\t{{.Command}}\t{{.LocalVolumes}}\t{{.Size}}\t"
		              "{{.RunningFor}}\t{{.Status}}\t{{.Names}}",
		              df->containers.n,
		              container_rows(&cli->arena, df->containers.v, df->containers.n,
		                             trunc) };
}

static struct list volumes_list(struct cli *cli, const struct api_df *df)
{
	return (struct list){
		&volume_row_type, NULL, "{{.Name}}\t{{.Links}}\t{{.Size}}", df->volumes.n,
		list_rows(&cli->arena, df->volumes.v, df->volumes.n, sizeof(*df->volumes.v))
	};
}

static struct list cache_list(struct cli *cli, const struct api_df *df, bool trunc)
{
	return (struct list){ &df_cache_row_type, NULL,
		              "{{.ID}}\t{{.CacheType}}\t{{.Size}}\t{{.CreatedSince}}\t"
		              "{{.LastUsedSince}}\t{{.UsageCount}}\t{{.Shared}}",
		              df->build_cache.n,
		              df_cache_rows(&cli->arena, df->build_cache.v, df->build_cache.n,
		                            trunc) };
}

static int print_long(struct cli *cli, const struct api_df *df, struct err *e)
{
	char cache[UNITS_TEXT];
	const struct {
		const char *title;
		struct list list;
	} tables[] = {
		{ "Images space usage:\n\n", images_list(cli, df, true) },
		{ "\nContainers space usage:\n\n", containers_list(cli, df, true) },
		{ "\nLocal Volumes space usage:\n\n", volumes_list(cli, df) },
		{ arena_printf(&cli->arena, "\nBuild cache usage: %s\n\n",
		               size_format(cache, (double)cache_row(df).size, 4)),
		  cache_list(cli, df, true) },
	};

	for (size_t i = 0; i < ARRAY_LEN(tables); i++) {
		fputs(tables[i].title, stdout);
		if (list_print(&cli->arena, &tables[i].list, stdout, e) < 0)
			return -1;
	}
	return 0;
}

/* --- through a template: an object with a list of each kind --- */

static const struct go_field tree_fields[] = {
	GO_FIELD("Images", GO_LIST_OF(&go_any)),
	GO_FIELD("Containers", GO_LIST_OF(&go_any)),
	GO_FIELD("Volumes", GO_LIST_OF(&go_any)),
	GO_FIELD("BuildCache", GO_LIST_OF(&go_any)),
};
static GO_STRUCT_TYPE(tree_type, "*formatter.diskUsageContext", tree_fields);

static struct json_value json_rows(struct arena *a, const struct list *list)
{
	struct json_value v = { .kind = JV_ARRAY,
		                .n = list->n,
		                .values = arena_array(a, struct json_value, list->n) };

	for (size_t i = 0; i < list->n; i++) {
		struct value row = value_row(list->type, list->rows[i]);

		v.values[i] = value_to_json(a, &row);
	}
	return v;
}

static int print_template(struct cli *cli, const struct api_df *df, const char *format,
                          struct err *e)
{
	static const char *keys[] = { "Images", "Containers", "Volumes", "BuildCache" };
	const struct list lists[] = { images_list(cli, df, false), containers_list(cli, df, false),
		                      volumes_list(cli, df), cache_list(cli, df, false) };
	_cleanup_buf_ struct buf out = { 0 };
	struct json_value values[ARRAY_LEN(keys)];
	struct json_value tree = {
		.kind = JV_OBJECT, .n = ARRAY_LEN(keys), .keys = keys, .values = values
	};
	const char *columns = str_after(format, "table ");
	struct template *t = template_parse(&cli->arena, "",
	                                    str_eq(format, "json") ? "{{json .}}"
	                                    : columns              ? columns
	                                                           : format,
	                                    e);
	struct value v;

	for (size_t i = 0; i < ARRAY_LEN(keys); i++)
		values[i] = json_rows(&cli->arena, &lists[i]);
	v = value_typed(&tree, &tree_type);
	if (!t)
		return err_wrap(e, "template parsing error");
	if (template_execute(t, &cli->arena, &v, 0, &out, e) < 0)
		return -1;
	fputs(buf_cstr(&out), stdout);
	return 0;
}

int system_df(struct cli *cli, struct call *call, struct err *e)
{
	const struct df_options *o = call->options;
	struct api_df df;
	struct slice body;

	if (api_get(cli, "/system/df", &body, e) < 0 ||
	    json_decode(&cli->arena, &api_df_type, body, &df, e) < 0)
		return -1;
	if (!o->verbose)
		return print_short(cli, &df, o->format, e);
	if (str_empty(o->format) || str_eq(o->format, "table"))
		return print_long(cli, &df, e);
	return print_template(cli, &df, o->format, e);
}
