/* See recover.h. */
#include "engine/container/recover.h"

#include <fcntl.h>
#include "base/file.h"
#include "base/log.h"
#include "engine/container/create.h"
#include "engine/container/io.h"
#include "engine/container/run.h"
#include "engine/container/health.h"
#include "engine/network/networking.h"
#include "engine/volume/volume.h"

static bool is_alive(const struct ctrd_task *t)
{
	return t && t->status != CTRD_TASK_STOPPED && t->status != CTRD_TASK_CREATED;
}

/* ---- one container at start; we are its changer ---- */

static int adopt(struct container *c, const struct container_record *r,
                 const struct ctrd_task *task, struct err *e)
{
	_cleanup_arena_ struct arena a = { 0 };
	struct container_net *net;
	struct container_state s;
	struct ctrd_io io;

	container_get_state(c, &s);
	if (task->status != CTRD_TASK_UNKNOWN) {
		s.status = task->status == CTRD_TASK_PAUSED ? CONTAINER_PAUSED : CONTAINER_RUNNING;
		s.pid = task->exit.pid;
	}
	if (container_io_open(c, r, &a, &io, e) < 0)
		return -1;
	container_io_started(c);
	volumes_adopt(c->engine, r);
	if (networking_adopt(c->engine, r, &net, e) < 0) {
		log_warn_of(e, "container %s runs without its network", c->id);
		err_clear(e);
	} else {
		container_set_net(c, net);
	}
	if (container_set_state(c, &s, STORE_FAST, e) < 0)
		return -1;
	if (s.status == CONTAINER_RUNNING)
		health_resume(c);
	return 0;
}

/* It ended while nobody looked, or the engine before us heard of it and was killed (exit.c). */
static void bury(struct container *c, const struct container_state *s, const struct ctrd_task *task)
{
	struct ctrd_exit exit;

	if (task && task->status == CTRD_TASK_STOPPED)
		exit = task->exit;
	else if (s->finished_at > s->started_at)
		exit = (struct ctrd_exit){ s->pid, s->exit_code, s->finished_at };
	else
		exit = container_end_untold(c, s->pid);
	container_do_exited(c, &exit);
}

/* Of what a create makes only the row is sure to survive a power cut; it is empty until a start. */
static void make_folder(struct container *c)
{
	_cleanup_arena_ struct arena a = { 0 };
	struct err e = { 0 };

	if (dir_make(container_path(c->engine, &a, c->id, NULL), 0710, &e) < 0)
		log_error_of(&e, "container %s", c->id);
}

static void recover_one(struct container *c, const struct ctrd_task *task)
{
	_cleanup_view_ struct container_view v = { 0 };
	struct err e = { 0 };

	health_adopt(c);
	container_view(c, &v);
	if (v.state.removing || v.state.status == CONTAINER_DEAD) {
		if (task)
			ctrd_task_drop(c->engine, c->id);
		if (container_do_remove(c, v.state.removing_volumes, &e) < 0)
			log_error_of(&e, "finish the removal of container %s", c->id);
		return;
	}
	make_folder(c);
	if (container_is_running(&v.state) && is_alive(task)) {
		if (adopt(c, &v.desc->r, task, &e) < 0)
			log_error_of(&e, "take over container %s", c->id);
		return;
	}
	if (container_is_running(&v.state)) {
		bury(c, &v.state, task);
		return;
	}
	if (v.state.status == CONTAINER_EXITED && v.desc->r.host->auto_remove) {
		if (container_do_remove(c, true, &e) < 0) /* it had come to its end already */
			log_error_of(&e, "remove container %s", c->id);
		return;
	}
	if (task) /* of a start that did not get as far as to be answered: the state before it */
		ctrd_task_drop(c->engine, c->id);
	container_set_net(c, NULL);
}

/* ---- restart policies after a boot ---- */

/* `always` whatever happened to it; the others unless it was stopped by hand. */
static bool starts_itself(const struct container_view *v)
{
	const struct api_restart_policy *p = v->desc->r.host->restart_policy;

	if (v->state.status != CONTAINER_EXITED || !p)
		return false;
	return str_eq(p->name, "always") || container_wants_restart(&v->desc->r, &v->state);
}

static void *start_thread(void *arg)
{
	_cleanup_container_ struct container *c = arg;
	struct err e = { 0 };

	if (container_start(c, &e) < 0 && e.kind != ERR_NOT_MODIFIED)
		log_error_of(&e, "start container %s by its restart policy", c->id);
	return NULL;
}

static void start_if_wanted(struct container *c)
{
	_cleanup_view_ struct container_view v = { 0 };

	container_view(c, &v);
	if (v.state.status == CONTAINER_RESTARTING && !v.state.removing)
		container_restart_after_boot(c);
	else if (starts_itself(&v))
		engine_thread(start_thread, container_ref(c));
}

/* ---- what belongs to nobody ---- */

static void sweep_containerd(struct engine *g, struct arena *a)
{
	struct strs ids;
	struct err e = { 0 };

	if (ctrd_container_ids(g, a, &ids, &e) < 0) {
		log_warn_of(&e, "list containerd's containers");
		return;
	}
	for (size_t i = 0; i < ids.n; i++) {
		_cleanup_container_ struct container *c =
		        containers_find(g->containers, ids.v[i], NULL);
		struct container_state s = { 0 };

		if (c)
			container_get_state(c, &s);
		if (c && container_is_running(&s))
			continue;
		err_clear(&e);
		if (ctrd_container_delete(g, ids.v[i], &e) < 0)
			log_warn_of(&e, "remove what an unfinished start left of %s", ids.v[i]);
	}
}

static void sweep_snapshots(struct engine *g, struct arena *a)
{
	struct strs keys;
	struct err e = { 0 };

	if (ctrd_snapshot_keys(g->ctrd, g->opt.storage_driver, CTRD_OUR_SNAPSHOTS, a, &keys, &e) <
	    0) {
		log_warn_of(&e, "list containerd's snapshots");
		return;
	}
	for (size_t i = 0; i < keys.n; i++) {
		if (!containers_gone(g->containers, keys.v[i]))
			continue;
		err_clear(&e);
		if (ctrd_snapshot_remove(g, g->opt.storage_driver, keys.v[i], &e) < 0)
			log_warn_of(&e, "remove the file system of container %s", keys.v[i]);
	}
}

static int sweep_folder(void *arg, int dirfd, const char *name)
{
	struct engine *g = arg;
	struct err e = { 0 };

	if (id_is_full(name) && containers_gone(g->containers, name) &&
	    tree_remove(dirfd, name, &e) < 0)
		log_warn_of(&e, "remove the folder of container %s", name);
	return 0;
}

static void sweep_folders(struct engine *g, const char *path)
{
	struct err e = { 0 };

	if (path_exists(path) && dir_each(AT_FDCWD, path, sweep_folder, g, &e) < 0)
		log_warn_of(&e, "look through %s", path);
}

/* ---- all of it ---- */

int recover_containers(struct engine *g, struct err *e)
{
	_cleanup_arena_ struct arena a = { 0 };
	_cleanup_list_ struct container_list l = { 0 };
	struct ctrd_tasks tasks;

	if (ctrd_task_list(g, &a, &tasks, e) < 0)
		return err_wrap(e, "list containerd's tasks");
	l = containers_list(g->containers, &a);
	for (size_t i = 0; i < l.n; i++) {
		container_begin(l.v[i]);
		recover_one(l.v[i], ctrd_tasks_find(&tasks, l.v[i]->id));
		container_end(l.v[i]);
	}
	sweep_containerd(g, &a);
	sweep_snapshots(g, &a);
	sweep_folders(g, engine_data_path(g, &a, "containers"));
	sweep_folders(g, engine_exec_path(g, &a, "containerd"));
	networking_sweep(g);
	volumes_sweep(g);
	for (size_t i = 0; i < l.n; i++)
		start_if_wanted(l.v[i]);
	return 0;
}
