/*
 * Pruning of containers, volumes and images. What cannot be removed because somebody began to use it
 * stays, and nobody needs to hear of it.
 */
#include "api/prune.h"
#include "base/log.h"
#include "engine/routes/api.h"
#include "engine/container/container.h"
#include "engine/container/run.h"
#include "engine/ctrd/ctrd.h"
#include "engine/image/df.h"
#include "engine/events.h"
#include "engine/filters.h"
#include "engine/image/names.h"
#include "engine/volume/volume.h"

/* "label" must match; "label!" must not. */
static bool is_labelled(const struct filters *f, const struct json_map *labels)
{
	return filters_labels(f, "label", labels) &&
	       (!filters_has(f, "label!") || !filters_labels(f, "label!", labels));
}

static void pruned(struct api_call *c, const char *type, uint64_t reclaimed)
{
	struct json_map attributes = { 0 };

	json_map_set(c->arena, &attributes, "reclaimed",
	             arena_printf(c->arena, "%llu", (unsigned long long)reclaimed));
	events_publish(c->engine->events, type, "prune", "", &attributes);
}

/* ---- containers ---- */

static bool is_idle(const struct container_state *s)
{
	return !container_is_running(s) && s->status != CONTAINER_RESTARTING && !s->removing;
}

static void prune_container(struct api_call *c, struct container *box,
                            struct api_containers_pruned *out)
{
	_cleanup_view_ struct container_view v = { 0 };
	int64_t own = 0, all;
	struct err e = { 0 };

	container_view(box, &v);
	if (ctrd_snapshot_sizes(c->engine, v.desc->r.snapshotter, box->id, &own, &all, &e) < 0)
		log_warn_of(&e, "size of container %s", box->id);
	err_clear(&e);
	if (container_remove(box, false, false, &e) < 0) {
		log_debug("container %s is not pruned: %s", box->id, e.text);
		return;
	}
	out->reclaimed += (uint64_t)MAX(own, 0);
	arena_push(c->arena, &out->containers, (const char *)arena_strdup(c->arena, box->id));
}

int api_containers_prune(struct api_call *c, struct err *e)
{
	static const char *const allowed[] = { "label", "label!", "until", NULL };
	_cleanup_list_ struct container_list l = { 0 };
	struct api_containers_pruned out = { 0 };
	struct filters f;
	int64_t until;

	if (filters_parse(c->arena, api_query(c, "filters"), allowed, &f, e) < 0 ||
	    filters_until(&f, &until, e) < 0)
		return -1;
	l = containers_list(c->engine->containers, c->arena);
	for (size_t i = 0; i < l.n; i++) {
		_cleanup_view_ struct container_view v = { 0 };

		container_view(l.v[i], &v);
		if (is_idle(&v.state) && l.v[i]->created < until &&
		    is_labelled(&f, &v.desc->r.config->labels))
			prune_container(c, l.v[i], &out);
	}
	pruned(c, "container", out.reclaimed);
	return api_answer(c, 200, &api_containers_pruned_type, &out);
}

/* ---- volumes ---- */

/* From API 1.42 on volumes with a name go only when all are asked for. */
static int named_too(struct api_call *c, const struct filters *f, struct err *e)
{
	return filters_bool(f, "all", c->version < 42, e);
}

static void prune_volume(struct api_call *c, const char *name, struct api_volumes_pruned *out)
{
	int64_t size = volume_size(c->engine, name);
	struct err e = { 0 };

	if (volume_remove(c->engine, name, NULL, &e) < 0) {
		log_debug("volume %s is not pruned: %s", name, e.text);
		return;
	}
	out->reclaimed += (uint64_t)size;
	arena_push(c->arena, &out->volumes, name);
}

int api_volumes_prune(struct api_call *c, struct err *e)
{
	static const char *const since_42[] = { "label", "label!", "all", NULL };
	static const char *const before[] = { "label", "label!", NULL };
	struct api_volumes_pruned out = { 0 };
	struct volume_uses uses;
	struct volume_list all;
	struct filters f;
	int named;

	if (filters_parse(c->arena, api_query(c, "filters"), c->version < 42 ? before : since_42,
	                  &f, e) < 0 ||
	    (named = named_too(c, &f, e)) < 0)
		return -1;
	all = volumes_list(c->engine, c->arena);
	uses = volume_uses(c->engine, c->arena);
	for (size_t i = 0; i < all.n; i++)
		if (volume_uses_count(&uses, all.v[i].name) == 0 &&
		    is_labelled(&f, &all.v[i].labels) &&
		    (named || json_map_get(&all.v[i].labels, API_VOLUME_ANONYMOUS)))
			prune_volume(c, all.v[i].name, &out);
	pruned(c, "volume", out.reclaimed);
	return api_answer(c, 200, &api_volumes_pruned_type, &out);
}

/* ---- images ---- */

static bool is_used(struct engine *g, struct arena *a, const char *image_id)
{
	_cleanup_list_ struct container_list l = containers_list(g->containers, a);
	bool used = false;

	for (size_t i = 0; i < l.n && !used; i++) {
		_cleanup_view_ struct container_view v = { 0 };

		container_view(l.v[i], &v);
		used = str_eq(v.desc->r.image_id, image_id);
	}
	return used;
}

struct image_selection {
	struct filters filters;
	int64_t until;
	int dangling; /* only images without a name */
};

static bool selects(const struct image_selection *sel, const struct image_view *v)
{
	const struct oci_image_params *config = v->content.config.config;
	const struct json_map none = { 0 };

	return !(sel->dangling && v->digests.n > 0) && v->content.config.created < sel->until &&
	       is_labelled(&sel->filters, config ? &config->labels : &none);
}

static void prune_image(struct api_call *c, const struct image_view *v,
                        struct api_images_pruned *out)
{
	struct image_removed gone;
	struct err e = { 0 };

	if (is_used(c->engine, c->arena, v->id))
		return;
	if (image_remove(c->engine, v->id, true, c->arena, &gone, &e) < 0) {
		log_debug("image %s is not pruned: %s", v->id, e.text);
		return;
	}
	for (size_t i = 0; i < gone.untagged.n; i++)
		arena_push(c->arena, &out->images,
		           ((struct api_image_deleted){ .untagged = gone.untagged.v[i] }));
	if (gone.deleted)
		arena_push(c->arena, &out->images,
		           ((struct api_image_deleted){ .deleted = gone.deleted }));
}

int api_images_prune(struct api_call *c, struct err *e)
{
	static const char *const allowed[] = { "dangling", "label", "label!", "until", NULL };
	_cleanup_df_images_ struct df_images before = { 0 }, after = { 0 };
	struct image_selection sel = { .dangling = 1 };
	struct api_images_pruned out = { 0 };

	if (filters_parse(c->arena, api_query(c, "filters"), allowed, &sel.filters, e) < 0 ||
	    filters_until(&sel.filters, &sel.until, e) < 0 ||
	    (sel.dangling = filters_bool(&sel.filters, "dangling", 1, e)) < 0 ||
	    df_images_read(c->engine, c->arena, &before, e) < 0)
		return -1;
	for (size_t i = 0; i < before.n; i++)
		if (selects(&sel, &before.v[i]))
			prune_image(c, &before.v[i], &out);
	if (out.images.n > 0 && df_images_read(c->engine, c->arena, &after, e) < 0)
		return -1;
	out.reclaimed = out.images.n > 0 ? (uint64_t)MAX(before.total - after.total, 0) : 0;
	pruned(c, "image", out.reclaimed);
	return api_answer(c, 200, &api_images_pruned_type, &out);
}

/* ---- the builder's cache: there is none ---- */

int api_build_prune(struct api_call *c, unused_arg struct err *e)
{
	struct api_build_pruned out = { 0 };

	pruned(c, "builder", 0);
	return api_answer(c, 200, &api_build_pruned_type, &out);
}
