/* Names come and go. See names.h; removal: remove.c. */
#include "engine/image/names.h"

#include "engine/events.h"
#include "proto/images.pb-c.h"

static int count_names(struct engine *g, const char *digest, const char *except, struct err *e)
{
	_cleanup_arena_ struct arena a = { 0 };
	struct image_names all;
	int n = 0;

	if (image_names(g, &a, &all, e) < 0)
		return -1;
	for (size_t i = 0; i < all.n; i++)
		n += str_eq(all.v[i].target.digest, digest) && !str_eq(all.v[i].name, except);
	return n;
}

/* The image that the name is about to leave keeps a dangling name if it has no other. */
static int keep(struct engine *g, struct image_store *s, const struct image_name *old,
                struct err *e)
{
	_cleanup_arena_ struct arena a = { 0 };
	int others = count_names(g, old->target.digest, old->name, e);

	if (others != 0)
		return others < 0 ? -1 : 0;
	return s->ops->tag(s, arena_printf(&a, IMAGE_DANGLING "%s", old->target.digest),
	                   &old->target, e) < 0
	               ? -1
	               : 0;
}

/* The image has a name again. */
static int drop_dangling(struct engine *g, const char *digest, struct err *e)
{
	_cleanup_arena_ struct arena a = { 0 };
	Images__DeleteImageRequest req = IMAGES__DELETE_IMAGE_REQUEST__INIT;
	void *resp;

	req.name = arena_printf(&a, IMAGE_DANGLING "%s", digest);
	if (grpc_call(g->ctrd, NULL, RPC_IMAGES_DELETE, &req, &a, &resp, e) < 0 &&
	    e->kind != ERR_NOT_FOUND)
		return -1;
	err_clear(e);
	return 0;
}

static int find_exactly(struct engine *g, const char *name, struct arena *a, struct image_name *out,
                        struct err *e)
{
	struct image_names all;

	if (image_names(g, a, &all, e) < 0)
		return -1;
	for (size_t i = 0; i < all.n; i++)
		if (str_eq(all.v[i].name, name)) {
			*out = all.v[i];
			return 1;
		}
	return 0;
}

int image_set_name(struct engine *g, struct image_store *s, const char *name,
                   const struct oci_descriptor *target, struct err *e)
{
	_cleanup_arena_ struct arena a = { 0 };
	struct image_name old;
	int found = find_exactly(g, name, &a, &old, e), same;

	if (found < 0)
		return -1;
	if (found && !str_eq(old.target.digest, target->digest) && keep(g, s, &old, e) < 0)
		return -1;
	same = s->ops->tag(s, name, target, e);
	if (same < 0 || drop_dangling(g, target->digest, e) < 0)
		return -1;
	return same;
}

void image_event(struct engine *g, const char *action, const char *id, const char *name)
{
	_cleanup_arena_ struct arena a = { 0 };
	struct json_map attributes = { 0 };

	json_map_set(&a, &attributes, "name", name);
	events_publish(g->events, "image", action, id, &attributes);
}
