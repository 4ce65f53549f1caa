/* An image with its names and sizes. See view.h. */
#include "engine/image/view.h"

#include "engine/image/names.h"
#include "oci/reference.h"
#include "proto/snapshots.pb-c.h"

static void add_once(struct arena *a, struct strs *l, const char *s)
{
	for (size_t i = 0; i < l->n; i++)
		if (str_eq(l->v[i], s))
			return;
	arena_push(a, l, s);
}

static void add_name(struct arena *a, struct image_view *v, const struct image_name *name)
{
	struct reference r;

	v->target = name->target;
	v->tagged = MAX(v->tagged, name->updated);
	if (image_is_dangling(name->name) || reference_parse(a, name->name, &r, NULL) < 0)
		return;
	if (r.tag)
		add_once(a, &v->tags,
		         arena_printf(a, "%s:%s", reference_familiar_name(a, &r), r.tag));
	add_once(a, &v->digests,
	         arena_printf(a, "%s@%s", reference_familiar_name(a, &r), name->target.digest));
}

/* What a committed snapshot takes on disk by itself; 0 when it is not there. */
static int layer_size(struct engine *g, const char *chain, struct arena *a, int64_t *out,
                      struct err *e)
{
	Snapshots__UsageRequest req = SNAPSHOTS__USAGE_REQUEST__INIT;
	Snapshots__UsageResponse *resp;

	*out = 0;
	req.snapshotter = g->opt.storage_driver;
	req.key = chain;
	if (grpc_call(g->ctrd, NULL, RPC_SNAPSHOTS_USAGE, &req, a, (void **)&resp, e) == 0) {
		*out = resp->size;
		return 0;
	}
	if (e->kind != ERR_NOT_FOUND)
		return -1;
	err_clear(e);
	return 0;
}

static int add_sizes(struct engine *g, struct arena *a, struct image_view *v, struct err *e)
{
	const struct oci_manifest *m = &v->content.manifest;

	v->size = v->content.manifest_descriptor.size + m->config->size;
	v->layer_sizes = arena_array(a, int64_t, m->layers.n + 1);
	for (size_t i = 0; i < m->layers.n; i++) {
		if (layer_size(g, v->content.chains[i], a, &v->layer_sizes[i], e) < 0)
			return -1;
		v->size += m->layers.v[i].size + v->layer_sizes[i];
	}
	return 0;
}

/* An image without content for this machine is shown all the same. */
static int add_content(struct engine *g, struct image_store *s, struct arena *a,
                       struct image_view *v, struct err *e)
{
	if (image_content(g, s, &v->target, NULL, a, &v->content, e) < 0) {
		if (e->kind != ERR_NOT_FOUND)
			return -1;
		err_clear(e);
		return 0;
	}
	v->complete = true;
	return add_sizes(g, a, v, e);
}

int image_view(struct engine *g, struct image_store *s, const struct image_names *all,
               const char *digest, struct arena *a, struct image_view *out, struct err *e)
{
	*out = (struct image_view){ .id = digest };
	for (size_t i = 0; i < all->n; i++)
		if (str_eq(all->v[i].target.digest, digest))
			add_name(a, out, &all->v[i]);
	return add_content(g, s, a, out, e);
}
