/* See mounts.h. */
#include "engine/container/mounts.h"

#include "engine/volume/volume.h"

struct mount_list {
	size_t n;
	struct container_mount *v;
};

static struct container_mount *find(const struct mount_list *l, const char *destination)
{
	for (size_t i = 0; i < l->n; i++)
		if (str_eq(l->v[i].destination, destination))
			return &l->v[i];
	return NULL;
}

/* ---- what the client and the image say ---- */

static int of_point(const struct container_record *r, const struct mount_point *p,
                    struct container_mount *out, struct err *e)
{
	*out = (struct container_mount){ .type = p->type,
		                         .name = p->name,
		                         .source = p->source,
		                         .destination = p->destination,
		                         .mode = p->mode,
		                         .rw = !p->read_only,
		                         .propagation = p->propagation,
		                         .hidden = p->hidden,
		                         .no_copy = p->no_copy,
		                         .non_recursive = p->non_recursive,
		                         .create_source = p->create_source,
		                         .tmpfs_options = p->tmpfs_options };
	if (!str_eq(p->type, "volume"))
		return 0;
	out->anonymous = str_empty(p->name);
	if (p->volume) {
		out->labels = p->volume->labels;
		if (p->volume->driver_config)
			out->driver_opts = p->volume->driver_config->options;
	}
	/* --mount names its own driver, -v the container's. */
	return volume_driver_check(p->volume ? p->driver : r->host->volume_driver, p->name, e);
}

/* Puts it over what was inherited for the same place. */
static void put(struct arena *a, struct mount_list *l, const struct container_mount *m)
{
	struct container_mount *old = find(l, m->destination);

	if (old)
		*old = *m;
	else
		arena_push(a, l, *m);
}

static int add_points(struct arena *a, const struct container_record *r,
                      const struct mount_points *points, bool of_image, struct mount_list *l,
                      struct err *e)
{
	for (size_t i = 0; i < points->n; i++) {
		struct container_mount m;

		if (points->v[i].of_image != of_image)
			continue;
		if (of_image && find(l, points->v[i].destination))
			continue;
		if (of_point(r, &points->v[i], &m, e) < 0)
			return -1;
		put(a, l, &m);
	}
	return 0;
}

/* ---- --volumes-from ---- */

/* "web", "web:ro", "web:rw,z" */
static int split_from(struct arena *a, const char *from, const char **id, bool *rw, struct err *e)
{
	const char *mode = strchr(from, ':'), *s = mode ? mode + 1 : "";

	*id = mode ? arena_strndup(a, from, (size_t)(mode - from)) : from;
	*rw = true;
	if (str_empty(*id))
		return err_set(e, ERR_INVALID, "invalid empty volume specification: %s", from);
	while (*s) {
		size_t n = strcspn(s, ",");
		struct slice word = { s, n };

		s += n + (s[n] == ',');
		if (slice_eq(word, "ro"))
			*rw = false;
		else if (!slice_eq(word, "rw") && !slice_eq(word, "z") && !slice_eq(word, "Z"))
			return err_set(e, ERR_INVALID, "invalid mode: %s", mode + 1);
	}
	return 0;
}

static int inherit(struct engine *g, struct arena *a, const char *from, struct mount_list *l,
                   struct err *e)
{
	_cleanup_container_ struct container *other = NULL;
	_cleanup_view_ struct container_view v = { 0 };
	struct container_record *copy;
	const char *id;
	bool rw;

	if (split_from(a, from, &id, &rw, e) < 0)
		return -1;
	other = containers_find(g->containers, id, e);
	if (!other)
		return err_kind_set(e, ERR_INVALID); /* not found would be said of the image */
	container_view(other, &v);
	copy = json_copy(a, &container_record_type, &v.desc->r);
	for (size_t i = 0; i < copy->mounts.n; i++) {
		struct container_mount m = copy->mounts.v[i];

		if (m.hidden)
			continue;
		m.mode = "";
		m.rw = m.rw && rw;
		m.no_copy = true;
		put(a, l, &m);
	}
	return 0;
}

int mounts_resolve(struct engine *g, struct arena *a, struct container_record *r, struct err *e)
{
	struct mount_points points;
	struct mount_list l = { 0 };

	for (size_t i = 0; i < r->host->volumes_from.n; i++)
		if (inherit(g, a, r->host->volumes_from.v[i], &l, e) < 0)
			return -1;
	if (spec_points_parse(a, r->config, r->host, &points, e) < 0 ||
	    add_points(a, r, &points, false, &l, e) < 0 ||
	    add_points(a, r, &points, true, &l, e) < 0)
		return -1;
	memcpy(&r->mounts, &l, sizeof(l));
	return 0;
}

/* ---- what others need of it ---- */

struct mount_points mounts_points(struct arena *a, const struct container_record *r)
{
	struct mount_points out = { 0 };

	for (size_t i = 0; i < r->mounts.n; i++) {
		const struct container_mount *m = &r->mounts.v[i];

		arena_push(a, &out,
		           ((struct mount_point){ .type = m->type,
		                                  .name = m->name,
		                                  .source = m->source,
		                                  .destination = m->destination,
		                                  .mode = m->mode,
		                                  .propagation = m->propagation,
		                                  .read_only = !m->rw,
		                                  .non_recursive = m->non_recursive,
		                                  .create_source = m->create_source,
		                                  .tmpfs_options = m->tmpfs_options }));
	}
	return out;
}

struct mount_rows mounts_rows(struct arena *a, const struct container_record *r)
{
	struct mount_rows out = { 0 };

	for (size_t i = 0; i < r->mounts.n; i++) {
		const struct container_mount *m = &r->mounts.v[i];

		if (!m->hidden)
			arena_push(a, &out,
			           ((struct api_mount_point){ .type = m->type,
			                                      .name = m->name,
			                                      .source = m->source,
			                                      .destination = m->destination,
			                                      .driver = m->driver,
			                                      .mode = m->mode,
			                                      .rw = m->rw,
			                                      .propagation = m->propagation }));
	}
	return out;
}
