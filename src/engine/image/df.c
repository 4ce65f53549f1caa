/* See df.h. */
#include "engine/image/df.h"

struct df_part {
	int64_t size;
	unsigned users;
};

static void add_part(struct df_images *d, const char *key, int64_t size)
{
	struct df_part *p = map_get(&d->parts, key);

	if (!p) {
		p = arena_new(d->a, struct df_part);
		p->size = size;
		d->total += size;
		map_set(&d->parts, key, p);
	}
	p->users++;
}

/* An image without content for this machine has none. */
static void add_parts(struct df_images *d, const struct image_view *v)
{
	const struct image_content *c = &v->content;

	if (!v->complete)
		return;
	add_part(d, c->manifest_descriptor.digest, c->manifest_descriptor.size);
	add_part(d, c->manifest.config->digest, c->manifest.config->size);
	for (size_t i = 0; i < c->manifest.layers.n; i++) {
		add_part(d, c->manifest.layers.v[i].digest, c->manifest.layers.v[i].size);
		add_part(d, c->chains[i], v->layer_sizes[i]);
	}
}

static bool is_first_of_target(const struct image_names *all, size_t i)
{
	for (size_t k = 0; k < i; k++)
		if (str_eq(all->v[k].target.digest, all->v[i].target.digest))
			return false;
	return true;
}

int df_images_read(struct engine *g, struct arena *a, struct df_images *out, struct err *e)
{
	_cleanup_store_ struct image_store *s =
	        image_store_open(g->ctrd, g->opt.storage_driver, IMAGE_STORE_READ, e);
	struct image_names all;

	*out = (struct df_images){ .a = a };
	if (!s || image_names(g, a, &all, e) < 0)
		return -1;
	for (size_t i = 0; i < all.n; i++) {
		struct image_view v;

		if (!is_first_of_target(&all, i))
			continue;
		if (image_view(g, s, &all, all.v[i].target.digest, a, &v, e) < 0)
			return -1;
		add_parts(out, &v);
		arena_push(a, out, v);
	}
	return 0;
}

void df_images_free(struct df_images *d)
{
	map_free(&d->parts);
}

static int64_t shared_size(const struct df_images *d, const char *key)
{
	const struct df_part *p = map_get(&d->parts, key);

	return p && p->users > 1 ? p->size : 0;
}

int64_t df_images_shared(const struct df_images *d, const struct image_view *v)
{
	const struct image_content *c = &v->content;
	int64_t shared = 0;

	for (size_t i = 0; v->complete && i < c->manifest.layers.n; i++)
		shared += shared_size(d, c->manifest.layers.v[i].digest) +
		          shared_size(d, c->chains[i]);
	return shared;
}
