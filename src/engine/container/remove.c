/*
 * Removing. See run.h. The state says so first: an engine that is killed in the middle
 * goes on with it at its next start.
 */
#include "engine/container/run.h"

#include <fcntl.h>
#include "base/file.h"
#include "base/log.h"
#include "base/proc.h"
#include "engine/container/create.h"
#include "engine/container/io.h"
#include "engine/network/networking.h"
#include "engine/volume/volume.h"

static int mark(struct container *c, bool removing, bool volumes, enum container_status status,
                struct err *e)
{
	struct container_state s;

	container_get_state(c, &s);
	s.removing = removing;
	s.removing_volumes = volumes;
	s.status = status;
	return container_set_state(c, &s, STORE_FAST, e);
}

static int remove_parts(struct container *c, const struct container_record *r, bool volumes,
                        struct err *e)
{
	_cleanup_arena_ struct arena a = { 0 };

	container_io_close(c);
	if (networking_disconnect(c->engine, c->id, e) < 0 ||
	    ctrd_snapshot_remove(c->engine, r->snapshotter, c->id, e) < 0)
		return -1;
	if (tree_remove(AT_FDCWD, container_path(c->engine, &a, c->id, NULL), e) < 0 ||
	    tree_remove(AT_FDCWD, engine_exec_path(c->engine, &a, "containerd/%s", c->id), e) < 0)
		return -1;
	if (volumes)
		volumes_remove_anonymous(c->engine, r);
	return store_container_remove(c->engine->store, c->id, STORE_DURABLE, e);
}

static int remove_marked(struct container *c, bool volumes, struct err *e)
{
	_cleanup_view_ struct container_view v;
	struct err ignored = { 0 };

	container_view(c, &v);
	if (mark(c, true, volumes, v.state.status, e) < 0)
		return -1;
	if (remove_parts(c, &v.desc->r, volumes, e) < 0) {
		if (mark(c, false, volumes, CONTAINER_DEAD, &ignored) < 0)
			log_error_of(&ignored, "container %s", c->id);
		return err_wrap(e, "unable to remove container %s", c->id);
	}
	containers_remove(c->engine->containers, c);
	container_event(c, "destroy", NULL);
	container_wake(c, WAIT_REMOVED);
	return 0;
}

int container_do_remove(struct container *c, bool volumes, struct err *e)
{
	if (remove_marked(c, volumes, e) == 0)
		return 0;
	container_wake_failed(c, e->text);
	return -1;
}

static int check(const struct container_view *v, struct err *e)
{
	static const char *const words[] = {
		[CONTAINER_RUNNING] = "container is running: stop the container before removing or "
		                      "force remove",
		[CONTAINER_PAUSED] = "container is paused and must be unpaused first",
		[CONTAINER_RESTARTING] =
		        "container is restarting: stop the container before removing "
		        "or force remove",
	};
	const char *why = v->state.status < ARRAY_LEN(words) ? words[v->state.status] : NULL;

	if (!why)
		return 0;
	return err_set(e, ERR_PRECONDITION, "cannot remove container \"/%s\": %s", v->desc->r.name,
	               why);
}

/* Not as the changer: the exit must be handled meanwhile. */
static int end_it(struct container *c, struct err *e)
{
	struct container_state s;

	container_mark_stopped_by_user(c, true);
	container_get_state(c, &s);
	if (s.status == CONTAINER_RESTARTING)
		return container_stop(c, SIGKILL, 0, e) < 0 && e->kind != ERR_NOT_MODIFIED ? -1 : 0;
	if (!container_is_running(&s))
		return 0;
	if (container_kill(c, SIGKILL, e) < 0 && e->kind != ERR_PRECONDITION)
		return err_wrap(e, "cannot remove container \"%s\": could not kill container",
		                c->id);
	err_clear(e);
	return 0;
}

int container_remove(struct container *c, bool force, bool volumes, struct err *e)
{
	_cleanup_changer_ struct container *changing = NULL;
	_cleanup_view_ struct container_view v = { 0 };

	if (force && end_it(c, e) < 0)
		return -1;
	container_begin(c);
	changing = c;
	container_view(c, &v);
	if (v.state.removing && containers_gone(c->engine->containers, c->id))
		return 0; /* somebody else, or AutoRemove, was faster */
	if (check(&v, e) < 0)
		return -1;
	return container_do_remove(c, volumes, e);
}
