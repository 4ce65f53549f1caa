/* See mount.h. One table of keys; which type of mount a key belongs to is checked at the end. */
#include "cli/spec/mount.h"

#include <stdlib.h>
#include <unistd.h>

#include "base/file.h"
#include "cli/format/units.h"
#include "cli/spec/csv.h"

struct mount_parser {
	struct arena *a;
	struct api_mount *m;
	const char *key, *value;
	bool flag; /* the field had no "=" */
	struct err *e;
};

static struct api_bind_options *bind_of(struct mount_parser *p)
{
	if (!p->m->bind_options)
		p->m->bind_options = arena_new(p->a, struct api_bind_options);
	return p->m->bind_options;
}

static struct api_volume_options *volume_of(struct mount_parser *p)
{
	if (!p->m->volume_options)
		p->m->volume_options = arena_new(p->a, struct api_volume_options);
	return p->m->volume_options;
}

static struct api_volume_driver *driver_of(struct mount_parser *p)
{
	struct api_volume_options *v = volume_of(p);

	if (!v->driver_config)
		v->driver_config = arena_new(p->a, struct api_volume_driver);
	return v->driver_config;
}

static struct api_tmpfs_options *tmpfs_of(struct mount_parser *p)
{
	if (!p->m->tmpfs_options)
		p->m->tmpfs_options = arena_new(p->a, struct api_tmpfs_options);
	return p->m->tmpfs_options;
}

static int bad_value(struct mount_parser *p)
{
	return err_set(p->e, ERR_INVALID, "invalid value for %s: %s", p->key, p->value);
}

static int parse_flag(struct mount_parser *p, bool *out)
{
	const char *v = p->value;

	*out = p->flag || str_eq(v, "1") || str_eq(v, "true") || str_eq(v, "t") ||
	       str_eq(v, "TRUE") || str_eq(v, "True") || str_eq(v, "T");
	if (*out || str_eq(v, "0") || str_eq(v, "false") || str_eq(v, "f") || str_eq(v, "FALSE") ||
	    str_eq(v, "False") || str_eq(v, "F"))
		return 0;
	return bad_value(p);
}

static int set_type(struct mount_parser *p)
{
	p->m->type = p->value;
	return 0;
}

/* A relative path counts from here. */
static int set_source(struct mount_parser *p)
{
	char cwd[4096];

	p->m->source = p->value;
	if (str_eq(p->value, ".") || str_starts(p->value, "./") || str_starts(p->value, "../") ||
	    str_eq(p->value, ".."))
		if (getcwd(cwd, sizeof(cwd)))
			p->m->source = path_clean(p->a, path_join(p->a, cwd, p->value));
	return 0;
}

static int set_target(struct mount_parser *p)
{
	p->m->target = p->value;
	return 0;
}

static int set_read_only(struct mount_parser *p)
{
	return parse_flag(p, &p->m->read_only);
}

static int set_consistency(struct mount_parser *p)
{
	p->m->consistency = p->value;
	return 0;
}

static int set_propagation(struct mount_parser *p)
{
	bind_of(p)->propagation = p->value;
	return 0;
}

static int set_recursive(struct mount_parser *p)
{
	struct api_bind_options *b = bind_of(p);

	if (str_eq(p->value, "enabled"))
		return 0;
	b->non_recursive = str_eq(p->value, "disabled");
	b->read_only_non_recursive = str_eq(p->value, "writable");
	b->read_only_force_recursive = str_eq(p->value, "readonly");
	if (b->non_recursive || b->read_only_non_recursive || b->read_only_force_recursive)
		return 0;
	return err_set(p->e, ERR_INVALID,
	               "invalid value for %s: %s (must be \"enabled\", "
	               "\"disabled\", \"writable\", or \"readonly\")",
	               p->key, p->value);
}

static int set_subpath(struct mount_parser *p)
{
	volume_of(p)->subpath = p->value;
	return 0;
}

static int set_image_subpath(struct mount_parser *p)
{
	if (!p->m->image_options)
		p->m->image_options = arena_new(p->a, struct api_image_options);
	p->m->image_options->subpath = p->value;
	return 0;
}

static int set_no_copy(struct mount_parser *p)
{
	return parse_flag(p, &volume_of(p)->no_copy);
}

static void add_pair(struct mount_parser *p, struct json_map *map)
{
	const char *eq = strchr(p->value, '=');

	json_map_set(p->a, map,
	             eq ? arena_strndup(p->a, p->value, (size_t)(eq - p->value)) : p->value,
	             eq ? eq + 1 : "");
}

static int set_label(struct mount_parser *p)
{
	add_pair(p, &volume_of(p)->labels);
	return 0;
}

static int set_driver(struct mount_parser *p)
{
	driver_of(p)->name = p->value;
	return 0;
}

static int set_driver_option(struct mount_parser *p)
{
	add_pair(p, &driver_of(p)->options);
	return 0;
}

static int set_size(struct mount_parser *p)
{
	return size_parse(p->value, &tmpfs_of(p)->size_bytes, NULL) < 0 ? bad_value(p) : 0;
}

static int set_mode(struct mount_parser *p)
{
	char *end;

	tmpfs_of(p)->mode = strtol(p->value, &end, 8);
	return *end || !*p->value ? bad_value(p) : 0;
}

static const struct {
	const char *key;
	bool may_be_flag;
	int (*set)(struct mount_parser *p);
} keys[] = {
	{ "type", false, set_type },
	{ "source", false, set_source },
	{ "src", false, set_source },
	{ "target", false, set_target },
	{ "dst", false, set_target },
	{ "destination", false, set_target },
	{ "readonly", true, set_read_only },
	{ "ro", true, set_read_only },
	{ "consistency", false, set_consistency },
	{ "bind-propagation", false, set_propagation },
	{ "bind-recursive", false, set_recursive },
	{ "volume-subpath", false, set_subpath },
	{ "volume-nocopy", true, set_no_copy },
	{ "volume-label", false, set_label },
	{ "volume-driver", false, set_driver },
	{ "volume-opt", false, set_driver_option },
	{ "image-subpath", false, set_image_subpath },
	{ "tmpfs-size", false, set_size },
	{ "tmpfs-mode", false, set_mode },
};

static int set_field(struct mount_parser *p, const char *field)
{
	csv_pair(p->a, field, &p->key, &p->value);
	p->flag = p->value == NULL;
	for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
		if (!str_eq(keys[i].key, p->key))
			continue;
		if (p->flag && !keys[i].may_be_flag)
			break;
		return keys[i].set(p);
	}
	if (p->flag)
		return err_set(p->e, ERR_INVALID, "invalid field '%s' must be a key=value pair",
		               field);
	return err_set(p->e, ERR_INVALID, "unexpected key '%s' in '%s'", p->key, field);
}

/* Options of one type of mount do not go with another. */
static int check_type(const struct api_mount *m, struct err *e)
{
	const struct {
		const void *options;
		const char *words, *type;
	} own[] = { { m->bind_options, "bind-*", "bind" },
		    { m->volume_options, "volume-*", "volume" },
		    { m->image_options, "image-*", "image" },
		    { m->tmpfs_options, "tmpfs-*", "tmpfs" } };

	for (size_t i = 0; i < ARRAY_LEN(own); i++)
		if (own[i].options && !str_eq(m->type, own[i].type))
			return err_set(e, ERR_INVALID,
			               "cannot mix '%s' options with mount type '%s'", own[i].words,
			               m->type);
	return 0;
}

int mount_parse(struct arena *a, const char *text, struct api_mount *out, struct err *e)
{
	struct mount_parser p = { .a = a, .m = out, .e = e };
	struct strs fields;

	*out = (struct api_mount){ .type = "volume" };
	if (csv_split(a, text, &fields, e) < 0)
		return -1;
	for (size_t i = 0; i < fields.n; i++)
		if (set_field(&p, fields.v[i]) < 0)
			return -1;
	if (str_empty(out->type))
		return err_set(e, ERR_INVALID, "type is required");
	if (str_empty(out->target))
		return err_set(e, ERR_INVALID, "target is required");
	return check_type(out, e);
}
