/* docker network ls: GET /networks as a list. */
#include <stdlib.h>
#include <time.h>

#include "api/network.h"
#include "base/clock.h"
#include "cli/cli.h"
#include "cli/commands.h"
#include "cli/flag_checks.h"
#include "cli/format/list.h"

struct network_list {
	size_t n;
	struct api_network *v;
};

struct network_ls_options {
	bool no_trunc, quiet;
	struct strs filter;
	const char *format;
};
static const struct flag ls_rows[] = {
	FLAG(network_ls_options, LIST, filter, "filter", 'f',
	     "Only what fulfils these conditions (\"driver=bridge\")", .type = "filter",
	     .check = check_filter),
	FLAG(network_ls_options, STR, format, "format", 0, FORMAT_LIST_HELP),
	FLAG(network_ls_options, BOOL, no_trunc, "no-trunc", 0, "Do not shorten anything"),
	FLAG(network_ls_options, BOOL, quiet, "quiet", 'q', "Only the ids"),
};
const struct flags network_ls_flags = FLAGS(network_ls_options, ls_rows);

/* --- fields --- */

struct row {
	const struct api_network *n;
	bool trunc;
};

static const struct api_network *network_of(const void *row)
{
	return ((const struct row *)row)->n;
}

static struct value yes_no(bool b)
{
	return value_str(b ? "true" : "false");
}

static struct value field_id(struct arena *a, const void *row, const char *arg unused_arg)
{
	const struct row *r = row;

	return value_str(r->trunc ? short_id(a, r->n->id) : r->n->id);
}

static struct value field_name(struct arena *a unused_arg, const void *row,
                               const char *arg unused_arg)
{
	return value_str(network_of(row)->name);
}

static struct value field_driver(struct arena *a unused_arg, const void *row,
                                 const char *arg unused_arg)
{
	return value_str(network_of(row)->driver);
}

static struct value field_scope(struct arena *a unused_arg, const void *row,
                                const char *arg unused_arg)
{
	return value_str(network_of(row)->scope);
}

static struct value field_ipv4(struct arena *a unused_arg, const void *row,
                               const char *arg unused_arg)
{
	return yes_no(network_of(row)->enable_ipv4);
}

static struct value field_ipv6(struct arena *a unused_arg, const void *row,
                               const char *arg unused_arg)
{
	return yes_no(network_of(row)->enable_ipv6);
}

static struct value field_internal(struct arena *a unused_arg, const void *row,
                                   const char *arg unused_arg)
{
	return yes_no(network_of(row)->internal);
}

static struct value field_labels(struct arena *a, const void *row, const char *arg unused_arg)
{
	return value_str(pairs_text(a, &network_of(row)->labels));
}

static struct value field_label(struct arena *a, const void *row, const char *arg)
{
	const char *label =
	        row ? json_map_get(&network_of(row)->labels, arg) : label_header(a, arg);

	return value_str(label ? label : "");
}

static struct value field_created(struct arena *a, const void *row, const char *arg unused_arg)
{
	return value_str(exact_time(a, network_of(row)->created));
}

static const struct row_field fields[] = {
	{ "CreatedAt", "CREATED AT", field_created, false },
	{ "Driver", "DRIVER", field_driver, false },
	{ "ID", "NETWORK ID", field_id, false },
	{ "IPv4", "IPV4", field_ipv4, false },
	{ "IPv6", "IPV6", field_ipv6, false },
	{ "Internal", "INTERNAL", field_internal, false },
	{ "Label", "", field_label, true },
	{ "Labels", "LABELS", field_labels, false },
	{ "Name", "NAME", field_name, false },
	{ "Scope", "SCOPE", field_scope, false },
};
static const struct row_type row_type = { "*network.networkContext", fields, ARRAY_LEN(fields) };

#define COLUMNS "{{.ID}}\t{{.Name}}\t{{.Driver}}\t{{.Scope}}"

/* --- the command --- */

static const char *choose_format(const struct cli *cli, const struct network_ls_options *o)
{
	if (o->quiet)
		return list_quiet_format(o->format, "{{.ID}}");
	return str_empty(o->format) ? cli->config.networks_format : o->format;
}

static int by_name(const void *a, const void *b)
{
	return natural_compare(((const struct api_network *)a)->name,
	                       ((const struct api_network *)b)->name);
}

int network_ls(struct cli *cli, struct call *call, struct err *e)
{
	_cleanup_path_ struct api_path path = { 0 };
	const struct network_ls_options *o = call->options;
	struct list list = { .type = &row_type,
		             .format = choose_format(cli, o),
		             .columns = COLUMNS };
	struct network_list all;
	struct row *rows;

	api_path_start(&path, "/networks", "", "");
	api_query_filters(&path, &o->filter);
	if (api_list(cli, "GET", buf_cstr(&path.b), &api_network_type, &all, e) < 0)
		return -1;
	if (all.n > 1)
		qsort(all.v, all.n, sizeof(*all.v), by_name);
	rows = arena_array(&cli->arena, struct row, all.n);
	for (size_t i = 0; i < all.n; i++)
		rows[i] = (struct row){ &all.v[i], !o->no_trunc };
	list.n = all.n;
	list.rows = list_rows(&cli->arena, rows, list.n, sizeof(*rows));
	return list_print(&cli->arena, &list, stdout, e);
}
