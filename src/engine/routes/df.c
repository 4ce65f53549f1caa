/*
 * GET /system/df. A container's own size has its log files in it, which Docker leaves out: a log is
 * often the larger part, and who asks what takes the space wants to know.
 */
#include "api/df.h"
#include "base/log.h"
#include "engine/routes/api.h"
#include "engine/routes/container.h"
#include "engine/routes/image.h"
#include "engine/container/create.h"
#include "engine/ctrd/ctrd.h"
#include "engine/image/df.h"
#include "engine/dir_size.h"
#include "engine/volume/volume.h"

struct df {
	struct api_call *c;
	struct api_df out;
	struct container_list containers;
	struct container_view *views;
};

/* ---- one kind each ---- */

static int64_t users_of(const struct df *d, const char *image_id)
{
	int64_t n = 0;

	for (size_t i = 0; i < d->containers.n; i++)
		n += str_eq(d->views[i].desc->r.image_id, image_id);
	return n;
}

static int add_images(struct df *d, struct err *e)
{
	_cleanup_df_images_ struct df_images images;

	if (df_images_read(d->c->engine, d->c->arena, &images, e) < 0)
		return -1;
	d->out.layers_size = images.total;
	for (size_t i = 0; i < images.n; i++) {
		struct api_image_summary row = api_image_summary_of(d->c, &images.v[i]);

		row.shared_size = df_images_shared(&images, &images.v[i]);
		row.containers = users_of(d, row.id);
		arena_push(d->c->arena, &d->out.images, row);
	}
	return 0;
}

static int add_containers(struct df *d, unused_arg struct err *e)
{
	struct engine *g = d->c->engine;
	struct arena *a = d->c->arena;

	for (size_t i = 0; i < d->containers.n; i++) {
		const struct container_record *r = &d->views[i].desc->r;
		struct api_summary row = api_summary_of(a, &d->views[i]);

		api_summary_sizes(g, r, &row);
		row.size_rw += dir_size(container_path(g, a, r->id, NULL));
		arena_push(a, &d->out.containers, row);
	}
	return 0;
}

static int add_volumes(struct df *d, unused_arg struct err *e)
{
	struct arena *a = d->c->arena;
	struct volume_list all = volumes_list(d->c->engine, a);
	struct volume_uses uses = volume_uses(d->c->engine, a);

	for (size_t i = 0; i < all.n; i++) {
		struct api_volume_usage *usage = arena_new(a, struct api_volume_usage);

		usage->ref_count = (int64_t)volume_uses_count(&uses, all.v[i].name);
		usage->size = volume_size(d->c->engine, all.v[i].name);
		all.v[i].usage = usage;
		arena_push(a, &d->out.volumes, all.v[i]);
	}
	return 0;
}

/* There is no builder, hence no cache of it. */
static int add_build_cache(unused_arg struct df *d, unused_arg struct err *e)
{
	return 0;
}

static const struct {
	const char *type;
	int (*add)(struct df *d, struct err *e);
} kinds[] = {
	{ "image", add_images },
	{ "container", add_containers },
	{ "volume", add_volumes },
	{ "build-cache", add_build_cache },
};

/* ---- what was asked for ---- */

static bool has(const struct strs *s, const char *word)
{
	for (size_t i = 0; i < s->n; i++)
		if (str_eq(s->v[i], word))
			return true;
	return false;
}

static int check_types(const struct strs *types, struct err *e)
{
	for (size_t i = 0; i < types->n; i++) {
		bool known = false;

		for (size_t k = 0; k < ARRAY_LEN(kinds); k++)
			known |= str_eq(types->v[i], kinds[k].type);
		if (!known)
			return err_set(e, ERR_INVALID, "unknown object type: %s", types->v[i]);
	}
	return 0;
}

static void take_views(struct df *d)
{
	d->containers = containers_list(d->c->engine->containers, d->c->arena);
	d->views = arena_array(d->c->arena, struct container_view, d->containers.n);
	for (size_t i = 0; i < d->containers.n; i++)
		container_view(d->containers.v[i], &d->views[i]);
}

static void give_views(struct df *d)
{
	for (size_t i = 0; i < d->containers.n; i++)
		container_view_release(&d->views[i]);
	containers_list_release(&d->containers);
}

/* type= may be given several times; without it all kinds are. */
int api_df_get(struct api_call *c, struct err *e)
{
	struct strs types = api_query_all(c, "type");
	struct df d = { .c = c };
	int r = 0;

	if (check_types(&types, e) < 0)
		return -1;
	take_views(&d);
	for (size_t i = 0; i < ARRAY_LEN(kinds) && r == 0; i++)
		if (types.n == 0 || has(&types, kinds[i].type))
			r = kinds[i].add(&d, e);
	if (r == 0)
		r = api_answer(c, 200, &api_df_type, &d.out);
	give_views(&d);
	return r;
}
