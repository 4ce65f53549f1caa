/* See row.h. */
#include "cli/container/row.h"

#include "cli/format/go_literal.h"
#include "cli/format/units.h"
#include "oci/reference.h"

static struct value field_id(struct arena *a, const void *row, const char *arg unused_arg)
{
	const struct container_row *r = row;

	return value_str(r->trunc ? short_id(a, r->c->id) : r->c->id);
}

static struct value field_names(struct arena *a, const void *row, const char *arg unused_arg)
{
	const struct container_row *r = row;
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
	const struct container_row *r = row;
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
	const struct container_row *r = row;
	_cleanup_buf_ struct buf b = { 0 };
	const char *command = r->c->command ? r->c->command : "";

	go_quote(&b, slice_of(r->trunc ? ellipsis(a, command, 20) : command));
	return value_str(arena_strdup(a, buf_cstr(&b)));
}

static struct value field_created_at(struct arena *a, const void *row, const char *arg unused_arg)
{
	const struct container_row *r = row;

	return value_str(local_time(a, r->c->created));
}

static struct value field_running_for(struct arena *a, const void *row, const char *arg unused_arg)
{
	const struct container_row *r = row;

	return value_str(time_ago(a, r->c->created));
}

static struct value field_ports(struct arena *a, const void *row, const char *arg unused_arg)
{
	const struct container_row *r = row;

	return value_str(ports_display(a, r->c->ports.v, r->c->ports.n));
}

static struct value field_state(struct arena *a unused_arg, const void *row,
                                const char *arg unused_arg)
{
	return value_str(((const struct container_row *)row)->c->state);
}

static struct value field_status(struct arena *a unused_arg, const void *row,
                                 const char *arg unused_arg)
{
	return value_str(((const struct container_row *)row)->c->status);
}

static struct value field_size(struct arena *a, const void *row, const char *arg unused_arg)
{
	const struct container_row *r = row;
	char rw[UNITS_TEXT], root[UNITS_TEXT];

	size_format(rw, (double)r->c->size_rw, 3);
	if (r->c->size_root_fs <= 0)
		return value_str(arena_strdup(a, rw));
	return value_str(arena_printf(a, "%s (virtual %s)", rw,
	                              size_format(root, (double)r->c->size_root_fs, 3)));
}

static struct value field_labels(struct arena *a, const void *row, const char *arg unused_arg)
{
	return value_str(pairs_text(a, &((const struct container_row *)row)->c->labels));
}

static struct value field_label(struct arena *a, const void *row, const char *arg)
{
	const struct container_row *r = row;
	const char *label = r ? json_map_get(&r->c->labels, arg) : label_header(a, arg);

	return value_str(label ? label : "");
}

static struct value field_mounts(struct arena *a, const void *row, const char *arg unused_arg)
{
	const struct container_row *r = row;
	_cleanup_buf_ struct buf b = { 0 };

	for (size_t i = 0; i < r->c->mounts.n; i++) {
		const struct api_mount_point *m = &r->c->mounts.v[i];
		const char *name = str_empty(m->name) ? m->source : m->name;

		name = name ? name : "";
		buf_printf(&b, "%s%s", i ? "," : "", r->trunc ? ellipsis(a, name, 15) : name);
	}
	return value_str(arena_strdup(a, buf_cstr(&b)));
}

static struct value field_local_volumes(struct arena *a, const void *row,
                                        const char *arg unused_arg)
{
	const struct container_row *r = row;
	int n = 0;

	for (size_t i = 0; i < r->c->mounts.n; i++)
		n += str_eq(r->c->mounts.v[i].driver, "local");
	return value_str(arena_printf(a, "%d", n));
}

static struct value field_networks(struct arena *a, const void *row, const char *arg unused_arg)
{
	const struct container_row *r = row;
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
const struct row_type container_row_type = { "*formatter.ContainerContext", fields,
	                                     ARRAY_LEN(fields) };

const void *const *container_rows(struct arena *a, const struct api_summary *v, size_t n,
                                  bool trunc)
{
	struct container_row *rows = arena_array(a, struct container_row, n);

	for (size_t i = 0; i < n; i++)
		rows[i] = (struct container_row){ &v[i], trunc };
	return list_rows(a, rows, n, sizeof(*rows));
}
