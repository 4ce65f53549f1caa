/* `docker rename`. See create.h. */
#include "engine/container/create.h"
#include "engine/container/names.h"
#include "engine/network/networking.h"

int container_rename(struct container *c, const char *name, struct err *e)
{
	_cleanup_changer_ struct container *changing = c;
	_cleanup_arena_ struct arena a = { 0 };
	_cleanup_view_ struct container_view v = { 0 };
	struct container_record r;
	struct json_map more = { 0 };

	container_begin(c);
	container_view(c, &v);
	r = v.desc->r;
	if (*name == '/')
		name++;
	if (!name_is_valid(name))
		return err_set(e, ERR_INVALID,
		               "Invalid container name (%s), only [a-zA-Z0-9][a-zA-Z0-9_.-] are "
		               "allowed",
		               name);
	if (str_eq(name, r.name))
		return err_set(e, ERR_INVALID,
		               "Renaming a container with the same name as its "
		               "current name");
	if (containers_rename(c->engine->containers, c, name, e) < 0)
		return -1;
	json_map_set(&a, &more, "oldName", arena_printf(&a, "/%s", r.name));
	r.name = name;
	if (container_set_desc(c, container_desc_new(&r), e) < 0)
		return -1;
	networking_renamed(c->engine, &r);
	container_event(c, "rename", &more);
	return 0;
}
