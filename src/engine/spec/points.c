/*
 * Mount points as clients write them: "-v src:dst:opts" (HostConfig.Binds), --mount
 * (HostConfig.Mounts), --tmpfs, and the image's VOLUMEs (Config.Volumes).
 */
#include "engine/spec/spec.h"

#include "base/file.h"
#include "engine/volume/volume.h"

static const char *const propagations[] = { "private", "rprivate", "shared",
	                                    "rshared", "slave",    "rslave" };

static bool is_one_of(struct slice word, const char *const *list, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (slice_eq(word, list[i]))
			return true;
	return false;
}

static struct slice next_word(const char **s)
{
	struct slice word = { *s, strcspn(*s, ",") };

	*s += word.len + ((*s)[word.len] == ',');
	return word;
}

/*
 * The third part of a bind: "ro,rslave,z". Labels and consistency words are accepted and ignored.
 * Propagation is for folders of the host, "nocopy" for volumes.
 */
static int parse_mode(struct arena *a, struct mount_point *p, const char *bind, struct err *e)
{
	static const char *const ignored[] = {
		"z", "Z", "consistent", "cached", "delegated", "rw"
	};
	bool volume = str_eq(p->type, "volume");
	const char *s = p->mode;
	unsigned access = 0;

	while (*s) {
		struct slice word = next_word(&s);

		access += slice_eq(word, "ro") || slice_eq(word, "rw");
		if (access > 1)
			return err_set(e, ERR_INVALID, "invalid mode: %s", p->mode);
		if (is_one_of(word, propagations, ARRAY_LEN(propagations))) {
			if (volume)
				return err_set(e, ERR_INVALID,
				               "invalid volume specification: '%s': invalid mount "
				               "config for type \"volume\": field BindOptions must "
				               "not be specified",
				               bind);
			p->propagation = arena_strndup(a, word.data, word.len);
		} else if (slice_eq(word, "ro")) {
			p->read_only = true;
		} else if (slice_eq(word, "nocopy") && volume) {
			p->no_copy = true;
		} else if (!is_one_of(word, ignored, ARRAY_LEN(ignored))) {
			return err_set(e, ERR_INVALID, "invalid mode: %s", p->mode);
		}
	}
	return 0;
}

static int check_destination(struct arena *a, struct mount_point *p, const char *whole,
                             struct err *e)
{
	if (p->destination[0] != '/')
		return err_set(e, ERR_INVALID,
		               "invalid volume specification: '%s': invalid mount config for type "
		               "\"%s\": invalid mount path: '%s' mount path must be absolute",
		               whole, p->type, p->destination);
	p->destination = path_clean(a, p->destination);
	if (str_eq(p->destination, "/"))
		return err_set(e, ERR_INVALID,
		               "invalid volume specification: '%s': invalid specification: "
		               "destination can't be '/'",
		               whole);
	return 0;
}

/* "dst", "src:dst" or "src:dst:mode" */
static int parse_bind(struct arena *a, const char *bind, struct mount_point *p, struct err *e)
{
	const char *one = strchr(bind, ':'), *two = one ? strchr(one + 1, ':') : NULL;

	*p = (struct mount_point){ .name = "", .mode = "", .propagation = "" };
	if (!one) { /* "/path": an anonymous volume, as the image's */
		p->type = "volume";
		p->destination = bind;
		return check_destination(a, p, bind, e);
	}
	if (one == bind || !one[1] || (two && strchr(two + 1, ':')))
		return err_set(e, ERR_INVALID, "invalid volume specification: '%s'", bind);
	p->type = "bind";
	p->create_source = true;
	p->source = arena_strndup(a, bind, (size_t)(one - bind));
	p->destination = two ? arena_strndup(a, one + 1, (size_t)(two - one - 1)) : one + 1;
	p->mode = two ? two + 1 : "";
	if (p->source[0] == '/') {
		p->source = path_clean(a, p->source);
		p->propagation = "rprivate";
	} else {
		if (volume_name_check(p->source, e) < 0)
			return -1;
		p->type = "volume";
		p->name = p->source;
		p->source = NULL;
		if (!two)
			p->mode = "z"; /* as Docker shows it */
	}
	if (parse_mode(a, p, bind, e) < 0)
		return -1;
	return check_destination(a, p, bind, e);
}

static const char *tmpfs_options(struct arena *a, const struct api_tmpfs_options *o)
{
	if (!o)
		return "";
	return arena_printf(
	        a, "%s%s%s",
	        o->size_bytes ? arena_printf(a, "size=%lld", (long long)o->size_bytes) : "",
	        o->size_bytes && o->mode ? "," : "",
	        o->mode ? arena_printf(a, "mode=%llo", (unsigned long long)o->mode) : "");
}

static int mount_error(struct err *e, const struct api_mount *m, const char *why)
{
	return err_set(e, ERR_INVALID, "invalid mount config for type \"%s\": %s", m->type ?: "",
	               why);
}

/* Options of another type are a mistake of the client. */
static int check_options(const struct api_mount *m, struct err *e)
{
	const struct {
		const char *type, *words;
		const void *given;
	} options[] = {
		{ "bind", "field BindOptions must not be specified", m->bind_options },
		{ "volume", "field VolumeOptions must not be specified", m->volume_options },
		{ "tmpfs", "field TmpfsOptions must not be specified", m->tmpfs_options },
	};

	for (size_t i = 0; i < ARRAY_LEN(options); i++)
		if (options[i].given && !str_eq(m->type, options[i].type))
			return mount_error(e, m, options[i].words);
	return 0;
}

static int fill_bind(struct arena *a, const struct api_mount *m, struct mount_point *p,
                     struct err *e)
{
	const struct api_bind_options *b = m->bind_options;

	if (str_empty(m->source))
		return mount_error(e, m, "field Source must not be empty");
	if (m->source[0] != '/')
		return mount_error(
		        e, m,
		        arena_printf(a, "invalid mount path: '%s' mount path must be absolute",
		                     m->source));
	p->source = path_clean(a, m->source);
	p->propagation = b && !str_empty(b->propagation) ? b->propagation : "rprivate";
	if (!is_one_of(slice_of(p->propagation), propagations, ARRAY_LEN(propagations)))
		return mount_error(e, m,
		                   arena_printf(a, "invalid propagation mode: %s", p->propagation));
	p->non_recursive = b && b->non_recursive;
	p->create_source = b && b->create_mountpoint;
	if (!p->create_source && !path_exists(p->source))
		return mount_error(
		        e, m, arena_printf(a, "bind source path does not exist: %s", p->source));
	return 0;
}

static int fill_volume(unused_arg struct arena *a, const struct api_mount *m, struct mount_point *p,
                       struct err *e)
{
	const struct api_volume_options *v = m->volume_options;

	p->name = m->source ?: "";
	p->mode = "z"; /* as Docker shows it */
	p->volume = v;
	p->no_copy = v && v->no_copy;
	p->driver = v && v->driver_config ? v->driver_config->name : NULL;
	if (!*p->name && m->read_only)
		return mount_error(e, m, "must not set ReadOnly mode when using anonymous volumes");
	if (v && !str_empty(v->subpath))
		return mount_error(e, m, "field VolumeOptions.Subpath needs API version 1.45");
	return *p->name ? volume_name_check(p->name, e) : 0;
}

static int fill_tmpfs(struct arena *a, const struct api_mount *m, struct mount_point *p,
                      struct err *e)
{
	if (!str_empty(m->source))
		return mount_error(e, m, "field Source must not be specified");
	if (m->tmpfs_options && m->tmpfs_options->size_bytes < 0)
		return mount_error(e, m, "invalid tmpfs size: less than 0");
	p->tmpfs_options = tmpfs_options(a, m->tmpfs_options);
	return 0;
}

static const struct {
	const char *type;
	int (*fill)(struct arena *a, const struct api_mount *m, struct mount_point *p,
	            struct err *e);
} mount_types[] = {
	{ "bind", fill_bind },
	{ "volume", fill_volume },
	{ "tmpfs", fill_tmpfs },
};

static int parse_mount(struct arena *a, const struct api_mount *m, struct mount_point *p,
                       struct err *e)
{
	size_t i = 0;

	*p = (struct mount_point){ .type = m->type,
		                   .name = "",
		                   .mode = "",
		                   .propagation = "",
		                   .destination = m->target,
		                   .read_only = m->read_only };
	while (i < ARRAY_LEN(mount_types) && !str_eq(m->type, mount_types[i].type))
		i++;
	if (i == ARRAY_LEN(mount_types))
		return mount_error(e, m, "mount type unknown");
	if (str_empty(m->target))
		return mount_error(e, m, "field Target must not be empty");
	if (check_options(m, e) < 0 || mount_types[i].fill(a, m, p, e) < 0)
		return -1;
	return check_destination(a, p, m->target, e);
}

static struct mount_point *find(const struct mount_points *list, const char *destination)
{
	for (size_t i = 0; i < list->n; i++)
		if (str_eq(list->v[i].destination, destination))
			return &list->v[i];
	return NULL;
}

static int add(struct arena *a, struct mount_points *list, const struct mount_point *p,
               struct err *e)
{
	if (find(list, p->destination))
		return err_set(e, ERR_INVALID, "Duplicate mount point: %s", p->destination);
	arena_push(a, list, *p);
	return 0;
}

static int add_tmpfs(struct arena *a, const struct json_map *tmpfs, struct mount_points *out,
                     struct err *e)
{
	for (size_t i = 0; i < tmpfs->n; i++) {
		struct mount_point p = { .type = "tmpfs",
			                 .name = "",
			                 .mode = "",
			                 .propagation = "",
			                 .destination = tmpfs->v[i].key,
			                 .hidden = true,
			                 .tmpfs_options = tmpfs->v[i].value };

		if (check_destination(a, &p, p.destination, e) < 0 || add(a, out, &p, e) < 0)
			return -1;
	}
	return 0;
}

/* An image's volume is anonymous, and gives way to what the client mounts there. */
static int add_image_volumes(struct arena *a, const struct strs *volumes, struct mount_points *out,
                             struct err *e)
{
	for (size_t i = 0; i < volumes->n; i++) {
		struct mount_point p = { .type = "volume",
			                 .name = "",
			                 .mode = "",
			                 .propagation = "",
			                 .destination = volumes->v[i],
			                 .of_image = true };

		if (check_destination(a, &p, p.destination, e) < 0)
			return -1;
		if (!find(out, p.destination))
			arena_push(a, out, p);
	}
	return 0;
}

int spec_points_parse(struct arena *a, const struct api_config *config,
                      const struct api_host_config *host, struct mount_points *out, struct err *e)
{
	struct mount_point p;

	*out = (struct mount_points){ 0 };
	for (size_t i = 0; i < host->binds.n; i++)
		if (parse_bind(a, host->binds.v[i], &p, e) < 0 || add(a, out, &p, e) < 0)
			return -1;
	for (size_t i = 0; i < host->mounts.n; i++)
		if (parse_mount(a, &host->mounts.v[i], &p, e) < 0 || add(a, out, &p, e) < 0)
			return -1;
	if (add_tmpfs(a, &host->tmpfs, out, e) < 0)
		return -1;
	return add_image_volumes(a, &config->volumes, out, e);
}
