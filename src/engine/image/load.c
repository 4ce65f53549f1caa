/* Loading archives. See load.h. */
#include "engine/image/load.h"

#include "engine/image/names.h"
#include "engine/image/layer_progress.h"
#include "image/archive.h"
#include "oci/reference.h"

struct load {
	struct engine *g;
	struct image_store *store;
	struct install in;
	struct progress *progress;
	struct arena arena;
};

/* An image without a name gets the one that nobody sees. */
static int load_nameless(struct load *l, const struct oci_descriptor *target, struct err *e)
{
	const char *name = arena_printf(&l->arena, IMAGE_DANGLING "%s", target->digest);

	if (install_image(&l->in, target, e) < 0 ||
	    l->store->ops->tag(l->store, name, target, e) < 0)
		return -1;
	progress_stream(l->progress, "Loaded image ID: %s\n", target->digest);
	return 0;
}

static int load_named(struct load *l, const struct archived_image *image, struct err *e)
{
	struct reference ref;

	if (reference_parse(&l->arena, image->name, &ref, e) < 0 ||
	    install_image(&l->in, &image->target, e) < 0 ||
	    image_set_name(l->g, l->store, image->name, &image->target, e) < 0)
		return -1;
	progress_stream(l->progress, "Loaded image: %s\n", reference_familiar(&l->arena, &ref));
	return 0;
}

static int load_one(struct load *l, const struct archived_image *image, struct err *e)
{
	const char *id = image->target.digest;
	int r = image->name ? load_named(l, image, e) : load_nameless(l, &image->target, e);

	if (r == 0)
		image_event(l->g, "load", id, id);
	else if (e->kind == ERR_EXHAUSTED)
		image_store_give_up(l->store);
	return r;
}

static int load_all(struct load *l, struct image_archive *ar, struct err *e)
{
	const struct archived_images *all = image_archive_images(ar);

	if (all->n == 0)
		return err_set(e, ERR_INVALID, "the archive has no image");
	for (size_t i = 0; i < all->n; i++)
		if (load_one(l, &all->v[i], e) < 0)
			return -1;
	return 0;
}

int image_load(struct engine *g, int fd, bool quiet, struct progress *progress, struct err *e)
{
	_cleanup_store_ struct image_store *store =
	        image_store_open(g->ctrd, g->opt.storage_driver, IMAGE_STORE_WRITE, e);
	struct image_archive *ar = image_archive_take(fd, e);
	struct load l = { .g = g, .store = store, .progress = progress };
	struct image_progress layers;
	struct install_progress install;
	struct oci_platform host;
	int r = -1;

	platform_host(&host);
	install = image_progress_begin(&layers, progress, image_load_states);
	if (store && ar) {
		l.in = (struct install){ .store = store,
			                 .source = image_archive_source(ar),
			                 .platform = &host,
			                 .progress = quiet ? NULL : &install };
		r = load_all(&l, ar, e);
	}
	image_archive_free(ar);
	arena_free(&l.arena);
	return r;
}
