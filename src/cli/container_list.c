/* docker ps: GET /containers/json as a list. */
#include "cli/cli.h"
#include "cli/commands.h"
#include "cli/flag_checks.h"
#include "cli/container_summary.h"
#include "cli/format/go_literal.h"
#include "cli/format/list.h"
#include "cli/format/units.h"
#include "oci/reference.h"

JSON_TYPE(port_summary, PORT_SUMMARY)
JSON_TYPE(mount_summary, MOUNT_SUMMARY)
JSON_TYPE(endpoint_summary, ENDPOINT_SUMMARY)
JSON_TYPE(network_summary, NETWORK_SUMMARY)
JSON_TYPE(container_summary, CONTAINER_SUMMARY)

#define CONTAINER_SUMMARIES(F) F(OBJS, list, "list", 0, container_summary)
JSON_STRUCT(container_summaries, CONTAINER_SUMMARIES)
JSON_TYPE(container_summaries, CONTAINER_SUMMARIES)

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

/* --- fields --- */

struct row {
	const struct container_summary *c;
	bool trunc;
};

static struct value field_id(struct arena *a, const void *row, const char *arg unused_arg)
{
	const struct row *r = row;

	return value_str(r->trunc ? short_id(a, r->c->id) : r->c->id);
}

static struct value field_names(struct arena *a, const void *row, const char *arg unused_arg)
{
	const struct row *r = row;
	_cleanup_buf_ struct buf b = { 0 };

	for (size_t i = 0; i < r->c->names.n; i++) {
		const char *name = r->c->names.v[i];

		name += *name == '/';
		if (r->trunc && strchr(name, '/')) /* the name another container links it by */
			continue;
		buf_printf(&b, "%s%s", b.len ? "," : "", name);
	}
	return value_str(arena_strdup(a, buf_cstr(&b)));
}

static struct value field_image(struct arena *a, const void *row, const char *arg unused_arg)
{
	const struct row *r = row;
	const char *image = r->c->image;
	struct reference ref;

	if (str_empty(image))
		return value_str("<no image>");
	if (!r->trunc)
		return value_str(image);
	if (r->c->image_id && str_eq(short_id(a, r->c->image_id), short_id(a, image)))
		return value_str(short_id(a, image));
	if (reference_parse(a, image, &ref, NULL) < 0)
		return value_str(image);
	ref.digest = NULL; /* too long for a column */
	return value_str(reference_familiar(a, &ref));
}

static struct value field_command(struct arena *a, const void *row, const char *arg unused_arg)
{
	const struct row *r = row;
	_cleanup_buf_ struct buf b = { 0 };
	const char *command = r->c->command ? r->c->command : "";

	go_quote(&b, slice_of(r->trunc ? ellipsis(a, command, 20) : command));
	return value_str(arena_strdup(a, buf_cstr(&b)));
}

static struct value field_created_at(struct arena *a, const void *row, const char *arg unused_arg)
{
	const struct row *r = row;

	return value_str(local_time(a, r->c->created));
}

static struct value field_running_for(struct arena *a, const void *row, const char *arg unused_arg)
{
	const struct row *r = row;

	return value_str(time_ago(a, r->c->created));
}

static struct value field_ports(struct arena *a, const void *row, const char *arg unused_arg)
{
	const struct row *r = row;

	return value_str(ports_display(a, r->c->ports.v, r->c->ports.n));
}

static struct value field_state(struct arena *a unused_arg, const void *row,
                                const char *arg unused_arg)
{
	return value_str(((const struct row *)row)->c->state);
}

static struct value field_status(struct arena *a unused_arg, const void *row,
                                 const char *arg unused_arg)
{
	return value_str(((const struct row *)row)->c->status);
}

static struct value field_size(struct arena *a, const void *row, const char *arg unused_arg)
{
	const struct row *r = row;
	char rw[UNITS_TEXT], root[UNITS_TEXT];

	size_format(rw, (double)r->c->size_rw, 3);
	if (r->c->size_root_fs <= 0)
		return value_str(arena_strdup(a, rw));
	return value_str(arena_printf(a, "%s (virtual %s)", rw,
	                              size_format(root, (double)r->c->size_root_fs, 3)));
}

static struct value field_labels(struct arena *a, const void *row, const char *arg unused_arg)
{
	const struct row *r = row;
	_cleanup_buf_ struct buf b = { 0 };

	for (size_t i = 0; i < r->c->labels.n; i++)
		buf_printf(&b, "%s%s=%s", i ? "," : "", r->c->labels.v[i].key,
		           r->c->labels.v[i].value);
	return value_str(arena_strdup(a, buf_cstr(&b)));
}

static struct value field_label(struct arena *a, const void *row, const char *arg)
{
	const struct row *r = row;
	const char *label = r ? json_map_get(&r->c->labels, arg) : label_header(a, arg);

	return value_str(label ? label : "");
}

static struct value field_mounts(struct arena *a, const void *row, const char *arg unused_arg)
{
	const struct row *r = row;
	_cleanup_buf_ struct buf b = { 0 };

	for (size_t i = 0; i < r->c->mounts.n; i++) {
		const struct mount_summary *m = &r->c->mounts.v[i];
		const char *name = str_empty(m->name) ? m->source : m->name;

		name = name ? name : "";
		buf_printf(&b, "%s%s", i ? "," : "", r->trunc ? ellipsis(a, name, 15) : name);
	}
	return value_str(arena_strdup(a, buf_cstr(&b)));
}

static struct value field_local_volumes(struct arena *a, const void *row,
                                        const char *arg unused_arg)
{
	const struct row *r = row;
	int n = 0;

	for (size_t i = 0; i < r->c->mounts.n; i++)
		n += str_eq(r->c->mounts.v[i].driver, "local");
	return value_str(arena_printf(a, "%d", n));
}

static struct value field_networks(struct arena *a, const void *row, const char *arg unused_arg)
{
	const struct row *r = row;
	_cleanup_buf_ struct buf b = { 0 };

	for (size_t i = 0; r->c->network_settings && i < r->c->network_settings->networks.n; i++)
		buf_printf(&b, "%s%s", i ? "," : "", r->c->network_settings->networks.v[i].key);
	return value_str(arena_strdup(a, buf_cstr(&b)));
}

static struct value field_platform(struct arena *a unused_arg, const void *row unused_arg,
                                   const char *arg unused_arg)
{
	return value_nil(); /* only daemons with several platforms of an image know it */
}

static const struct row_field fields[] = {
	{ "Command", "COMMAND", field_command, false },
	{ "CreatedAt", "CREATED AT", field_created_at, false },
	{ "ID", "CONTAINER ID", field_id, false },
	{ "Image", "IMAGE", field_image, false },
	{ "Label", "", field_label, true },
	{ "Labels", "LABELS", field_labels, false },
	{ "LocalVolumes", "LOCAL VOLUMES", field_local_volumes, false },
	{ "Mounts", "MOUNTS", field_mounts, false },
	{ "Names", "NAMES", field_names, false },
	{ "Networks", "NETWORKS", field_networks, false },
	{ "Platform", "PLATFORM", field_platform, false },
	{ "Ports", "PORTS", field_ports, false },
	{ "RunningFor", "CREATED", field_running_for, false },
	{ "Size", "SIZE", field_size, false },
	{ "State", "STATE", field_state, false },
	{ "Status", "STATUS", field_status, false },
};
static const struct row_type row_type = { "*formatter.ContainerContext", fields,
	                                  ARRAY_LEN(fields) };

#define COLUMNS \
	"{{.ID}}\t{{.Image}}\t{{.Command}}\t{{.RunningFor}}\t{{.Status}}\t{{.Ports}}\t{{.Names}}"

/* --- the command --- */

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
	return api_list(cli, "GET", buf_cstr(&path.b), &container_summaries_type, out, e);
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
	struct list list = { &row_type, choose_format(cli, o) };
	struct container_summaries all;
	const void **rows;
	bool size;

	if (choose_size(cli, call, &list, &size, e) < 0 || fetch(cli, o, size, &all, e) < 0)
		return -1;
	list.columns = size ? COLUMNS "\t{{.Size}}" : COLUMNS;
	rows = arena_array(&cli->arena, const void *, all.list.n);
	for (size_t i = 0; i < all.list.n; i++) {
		struct row row = { &all.list.v[i], !o->no_trunc };

		rows[i] = arena_memdup(&cli->arena, &row, sizeof(row));
	}
	list.n = all.list.n;
	list.rows = rows;
	return list_print(&cli->arena, &list, stdout, e);
}
