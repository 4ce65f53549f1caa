/* Volumes: none yet. */
#include "engine/api.h"
#include "api/volume.h"
#include "engine/filters.h"

int api_volumes_list(struct api_call *c, struct err *e)
{
	static const char *const allowed[] = { "dangling", "driver", "label", "name", NULL };
	struct api_volume_list none = { 0 };
	struct filters f;

	if (filters_parse(c->arena, api_query(c, "filters"), allowed, &f, e) < 0)
		return -1;
	return api_answer(c, 200, &api_volume_list_type, &none);
}

int api_volume_inspect(struct api_call *c, struct err *e)
{
	return err_set(e, ERR_NOT_FOUND, "get %s: no such volume", api_param(c, "name"));
}
