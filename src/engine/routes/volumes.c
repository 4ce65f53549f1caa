/* /volumes: list, create, inspect, remove. Pruning: prune.c. */
#include "engine/routes/api.h"
#include "engine/filters.h"
#include "engine/volume/volume.h"

#define EITHER 2

/* `dangling`: 1, 0 or EITHER. */
static bool selects(const struct filters *f, const struct volume_uses *uses, int dangling,
                    const struct api_volume *v)
{
	if (dangling != EITHER && (volume_uses_count(uses, v->name) == 0) != dangling)
		return false;
	return filters_match(f, "name", v->name) && filters_equal(f, "driver", v->driver) &&
	       filters_labels(f, "label", &v->labels);
}

int api_volumes_list(struct api_call *c, struct err *e)
{
	static const char *const allowed[] = { "dangling", "driver", "label", "name", NULL };
	struct volume_list all = volumes_list(c->engine, c->arena);
	struct volume_uses uses = volume_uses(c->engine, c->arena);
	struct api_volume_list out = { 0 };
	struct filters f;
	int dangling;

	if (filters_parse(c->arena, api_query(c, "filters"), allowed, &f, e) < 0)
		return -1;
	dangling = filters_bool(&f, "dangling", EITHER, e);
	if (dangling < 0)
		return -1;
	for (size_t i = 0; i < all.n; i++)
		if (selects(&f, &uses, dangling, &all.v[i]))
			arena_push(c->arena, &out.volumes, all.v[i]);
	return api_answer(c, 200, &api_volume_list_type, &out);
}

int api_volume_create(struct api_call *c, struct err *e)
{
	struct api_volume_create body;
	struct api_volume v;

	if (api_body(c, &api_volume_create_type, &body, false, e) < 0 ||
	    volume_create(c->engine, &body, c->arena, &v, e) < 0)
		return -1;
	return api_answer(c, 201, &api_volume_type, &v);
}

int api_volume_inspect(struct api_call *c, struct err *e)
{
	struct api_volume v;

	return volume_inspect(c->engine, api_param(c, "name"), c->arena, &v, e) < 0
	               ? -1
	               : api_answer(c, 200, &api_volume_type, &v);
}

/* By force: one that is not there is fine. */
int api_volume_remove(struct api_call *c, struct err *e)
{
	if (volume_remove(c->engine, api_param(c, "name"), NULL, e) < 0 &&
	    !(e->kind == ERR_NOT_FOUND && api_query_flag(c, "force")))
		return -1;
	return api_answer_nothing(c, 204);
}
