/* POST /images/NAME/tag and DELETE /images/NAME. */
#include "engine/routes/image.h"
#include "engine/routes/api.h"
#include "engine/image/names.h"
#include "oci/reference.h"

int api_image_tag(struct api_call *c, struct err *e)
{
	_cleanup_store_ struct image_store *s = NULL;
	struct engine *g = c->engine;
	const char *repo = api_query(c, "repo"), *tag = api_query(c, "tag");
	struct image_name found;
	struct reference ref;

	if (!str_empty(tag))
		repo = arena_printf(c->arena, "%s:%s", repo, tag);
	if (reference_parse(c->arena, repo, &ref, e) < 0)
		return -1;
	if (ref.digest)
		return err_set(e, ERR_INVALID, "refusing to create a tag with a digest reference");
	reference_default_tag(&ref);
	if (image_find(g, api_param(c, "name"), c->arena, &found, e) < 0)
		return -1;
	s = image_store_open(g->ctrd, g->opt.storage_driver, IMAGE_STORE_WRITE, e);
	if (!s || image_set_name(g, s, reference_text(c->arena, &ref), &found.target, e) < 0)
		return -1;
	image_event(g, "tag", found.target.digest, reference_familiar(c->arena, &ref));
	return api_answer_nothing(c, 201);
}

struct deleted_list {
	size_t n;
	struct api_image_deleted *v;
};

int api_image_remove(struct api_call *c, struct err *e)
{
	struct image_removed removed;
	struct deleted_list l = { 0 };

	if (image_remove(c->engine, api_param(c, "name"), api_query_flag(c, "force"), c->arena,
	                 &removed, e) < 0)
		return -1;
	for (size_t i = 0; i < removed.untagged.n; i++)
		arena_push(c->arena, &l,
		           ((struct api_image_deleted){ .untagged = removed.untagged.v[i] }));
	if (removed.deleted)
		arena_push(c->arena, &l,
		           ((struct api_image_deleted){ .deleted = removed.deleted }));
	return api_answer_list(c, &api_image_deleted_type, l.v, l.n);
}
