/* `docker update`: new limits and restart policy for a container, running or not. */
#include "engine/container/run.h"
#include "engine/daemon/host_check.h"
#include "engine/spec/spec.h"

/* What was given replaces what was there; "not given" is the zero of each kind. */
#define TAKE_I64(m)  \
	if (from->m) \
		to->m = from->m;
#define TAKE_U64(m) TAKE_I64(m)
#define TAKE_STR(m)              \
	if (!str_empty(from->m)) \
		to->m = from->m;
#define TAKE_OPT_I64(m)  \
	if (from->m.set) \
		to->m = from->m;
#define TAKE_OPT_BOOL(m) TAKE_OPT_I64(m)
#define TAKE_OBJS(m)   \
	if (from->m.n) \
		memcpy(&to->m, &from->m, sizeof(to->m));
#define TAKE_STRS(m)            TAKE_OBJS(m)
#define TAKE(kind, member, ...) TAKE_##kind(member)

static void take_resources(struct api_host_config *to, const struct api_update *from)
{
	API_RESOURCES(TAKE)
}

static int check(const struct api_host_config *h, const struct api_update *u, struct err *e)
{
	if (u->memory > 0 && u->memory_swap == 0 && h->memory_swap > 0 &&
	    u->memory > h->memory_swap)
		return err_set(e, ERR_PRECONDITION,
		               "Memory limit should be smaller than already set memoryswap limit, "
		               "update the memoryswap at the same time");
	if (u->restart_policy && !str_empty(u->restart_policy->name) &&
	    !str_eq(u->restart_policy->name, "no") && h->auto_remove)
		return err_set(e, ERR_INVALID,
		               "Restart policy cannot be updated because AutoRemove is enabled for "
		               "the container");
	return 0;
}

/* Devices are not changed by an update: their rules stay as they were made. */
static int apply_live(struct container *c, struct arena *a, const struct api_host_config *h,
                      struct err *e)
{
	struct oci_linux linux = { 0 };

	if (spec_resources(a, h, &linux, e) < 0)
		return -1;
	linux.resources->devices.n = 0;
	return ctrd_task_update(c->engine, c->id, linux.resources, e);
}

int container_update(struct container *c, const struct api_update *u, struct err *e)
{
	_cleanup_changer_ struct container *changing = c;
	_cleanup_arena_ struct arena a = { 0 };
	_cleanup_view_ struct container_view v = { 0 };
	struct api_host_config host;
	struct container_record r;
	struct oci_linux linux = { 0 };

	container_begin(c);
	container_view(c, &v);
	if (v.state.removing || v.state.status == CONTAINER_DEAD)
		return err_set(e, ERR_PRECONDITION,
		               "cannot update container %s: container is marked for removal and "
		               "cannot be \"update\"",
		               c->id);
	host = *v.desc->r.host;
	if (check(&host, u, e) < 0)
		return -1;
	take_resources(&host, u);
	if (u->restart_policy && !str_empty(u->restart_policy->name))
		host.restart_policy = u->restart_policy;
	if (host_check_limits(&host, e) < 0 || host_check_restart(&host, e) < 0)
		return -1;
	if (container_is_running(&v.state) ? apply_live(c, &a, &host, e) < 0
	                                   : spec_resources(&a, &host, &linux, e) < 0)
		return err_wrap(e, "Cannot update container %s", c->id);
	r = v.desc->r;
	r.host = &host;
	if (container_set_desc(c, container_desc_new(&r), e) < 0)
		return -1;
	container_event(c, "update", NULL);
	return 0;
}
