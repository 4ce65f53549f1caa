/*
 * Mount points as clients write them: "-v src:dst:opts" (HostConfig.Binds), --mount
 * (HostConfig.Mounts), --tmpfs, and the image's VOLUMEs (Config.Volumes).
 */
#include "engine/spec.h"

#include "base/file.h"

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

/* The third part of a bind: "ro,rslave,z". Labels and consistency words are accepted and ignored.
 */
static int parse_mode(struct arena *a, struct mount_point *p, const char *bind, struct err *e)
{
	static const char *const ignored[] = { "z",         "Z",      "consistent", "cached",
		                               "delegated", "nocopy", "rw" };
	const char *s = p->mode;

	while (*s) {
		struct slice word = next_word(&s);

		if (slice_eq(word, "ro"))
			p->read_only = true;
		else if (is_one_of(word, propagations, ARRAY_LEN(propagations)))
			p->propagation = arena_strndup(a, word.data, word.len);
		else if (!is_one_of(word, ignored, ARRAY_LEN(ignored)))
			return err_set(e, ERR_INVALID,
			               "invalid volume specification: '%s': invalid mode: %s", bind,
			               p->mode);
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

static bool valid_volume_name(const char *s)
{
	static const char first[] =
	        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
	size_t n = strlen(s);

	if (n < 2 || n > 255 || !strchr(first, *s))
		return false;
	for (; *s; s++)
		if (!strchr(first, *s) && !strchr("_.-", *s))
			return false;
	return true;
}

/* "dst", "src:dst" or "src:dst:mode" */
static int parse_bind(struct arena *a, const char *bind, struct mount_point *p, struct err *e)
{
	const char *one = strchr(bind, ':'), *two = one ? strchr(one + 1, ':') : NULL;

	*p = (struct mount_point){
		.type = "bind", .name = "", .mode = "", .propagation = "", .create_source = true
	};
	if (!one || one == bind || !one[1] || (two && strchr(two + 1, ':')))
		return err_set(e, ERR_INVALID, "invalid volume specification: '%s'", bind);
	p->source = arena_strndup(a, bind, (size_t)(one - bind));
	p->destination = two ? arena_strndup(a, one + 1, (size_t)(two - one - 1)) : one + 1;
	p->mode = two ? two + 1 : "";
	if (p->source[0] == '/') {
		p->source = path_clean(a, p->source);
		p->propagation = "rprivate";
	} else {
		if (!valid_volume_name(p->source))
			return err_set(
			        e, ERR_INVALID,
			        "create %s: \"%s\" includes invalid characters for a local "
			        "volume name, only \"[a-zA-Z0-9][a-zA-Z0-9_.-]\" are allowed. If "
			        "you intended to pass a host directory, use absolute path",
			        p->source, p->source);
		p->type = "volume";
		p->name = p->source;
		p->source = NULL;
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

static int parse_mount(struct arena *a, const struct api_mount *m, struct mount_point *p,
                       struct err *e)
{
	static const char *const types[] = { "bind", "volume", "tmpfs" };
	const struct api_bind_options *b = m->bind_options;

	*p = (struct mount_point){ .type = m->type,
		                   .name = "",
		                   .mode = "",
		                   .propagation = "",
		                   .destination = m->target,
		                   .read_only = m->read_only };
	if (!m->type || !is_one_of(slice_of(m->type), types, ARRAY_LEN(types)))
		return mount_error(e, m, "mount type unknown");
	if (str_empty(m->target))
		return mount_error(e, m, "field Target must not be empty");
	if (str_eq(m->type, "bind") && str_empty(m->source))
		return mount_error(e, m, "field Source must not be empty");
	if (str_eq(m->type, "tmpfs") && !str_empty(m->source))
		return mount_error(e, m, "field Source must not be specified");
	if (str_eq(m->type, "bind")) {
		if (m->source[0] != '/')
			return mount_error(e, m, "invalid mount path: must be absolute");
		p->source = path_clean(a, m->source);
		p->propagation = b && !str_empty(b->propagation) ? b->propagation : "rprivate";
		p->non_recursive = b && b->non_recursive;
		p->create_source = b && b->create_mountpoint;
		if (!p->create_source && !path_exists(p->source))
			return err_set(e, ERR_INVALID,
			               "invalid mount config for type \"bind\": bind source path "
			               "does not exist: %s",
			               p->source);
	} else if (str_eq(m->type, "volume")) {
		p->name = m->source ?: "";
		if (*p->name && !valid_volume_name(p->name))
			return mount_error(e, m, "invalid volume name");
	} else {
		p->tmpfs_options = tmpfs_options(a, m->tmpfs_options);
	}
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
			                 .destination = volumes->v[i] };

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
	if (host->volumes_from.n)
		return err_set(e, ERR_UNIMPLEMENTED, "--volumes-from is not there yet");
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
