/* See row.h. */
#include "cli/volume/row.h"

#include "api/volume.h"
#include "cli/format/units.h"

static struct value field_name(struct arena *a unused_arg, const void *row,
                               const char *arg unused_arg)
{
	return value_str(((const struct api_volume *)row)->name);
}

static struct value field_driver(struct arena *a unused_arg, const void *row,
                                 const char *arg unused_arg)
{
	return value_str(((const struct api_volume *)row)->driver);
}

static struct value field_scope(struct arena *a unused_arg, const void *row,
                                const char *arg unused_arg)
{
	return value_str(((const struct api_volume *)row)->scope);
}

static struct value field_mountpoint(struct arena *a unused_arg, const void *row,
                                     const char *arg unused_arg)
{
	return value_str(((const struct api_volume *)row)->mountpoint);
}

static struct value field_labels(struct arena *a, const void *row, const char *arg unused_arg)
{
	return value_str(pairs_text(a, &((const struct api_volume *)row)->labels));
}

static struct value field_label(struct arena *a, const void *row, const char *arg)
{
	const char *label = row ? json_map_get(&((const struct api_volume *)row)->labels, arg)
	                        : label_header(a, arg);

	return value_str(label ? label : "");
}

/* Only the answer of `system df` counts. */
static struct value field_links(struct arena *a, const void *row, const char *arg unused_arg)
{
	const struct api_volume *v = row;

	if (!v->usage)
		return value_str("N/A");
	return value_str(arena_printf(a, "%lld", (long long)v->usage->ref_count));
}

static struct value field_size(struct arena *a, const void *row, const char *arg unused_arg)
{
	const struct api_volume *v = row;
	char text[UNITS_TEXT];

	if (!v->usage)
		return value_str("N/A");
	return value_str(arena_strdup(a, size_format(text, (double)v->usage->size, 4)));
}

/* What volumes of a swarm have. */
static struct value field_swarm(struct arena *a unused_arg, const void *row unused_arg,
                                const char *arg unused_arg)
{
	return value_str("N/A");
}

static const struct row_field fields[] = {
	{ "Availability", "AVAILABILITY", field_swarm, false },
	{ "Driver", "DRIVER", field_driver, false },
	{ "Group", "GROUP", field_swarm, false },
	{ "Label", "", field_label, true },
	{ "Labels", "LABELS", field_labels, false },
	{ "Links", "LINKS", field_links, false },
	{ "Mountpoint", "MOUNTPOINT", field_mountpoint, false },
	{ "Name", "VOLUME NAME", field_name, false },
	{ "Scope", "SCOPE", field_scope, false },
	{ "Size", "SIZE", field_size, false },
	{ "Status", "STATUS", field_swarm, false },
};
const struct row_type volume_row_type = { "*formatter.volumeContext", fields, ARRAY_LEN(fields) };
