/*
 * Starting: network, specification, streams, then containerd's container and task. See
 * run.h. Each step that succeeded is undone when a later one fails.
 */
#include "engine/container/run.h"

#include <fcntl.h>
#include <unistd.h>
#include "base/clock.h"
#include "base/fd.h"
#include "base/file.h"
#include "base/log.h"
#include "base/proc.h"
#include "engine/container/create.h"
#include "engine/container/io.h"
#include "engine/container/store.h"
#include "engine/container/health.h"
#include "engine/container/mounts.h"
#include "engine/network/links.h"
#include "engine/network/networking.h"
#include "engine/container/rootfs.h"
#include "engine/daemon/runtimes.h"
#include "engine/spec/spec.h"
#include "engine/volume/volume.h"

/* One attempt to start. */
struct start {
	struct container *c;
	struct engine *g;
	const struct container_record *r;
	struct arena *a;
	struct container_net *net;
	const char *files; /* id of the container whose /etc files it sees */
	struct ctrd_mounts rootfs;
	struct oci_spec *spec;
	struct ctrd_io io;
	bool has_volumes, has_container, has_task;
	int64_t started_at;
	int pid;
};

/* ---- the specification ---- */

/* Path of a namespace of another, running container. */
static int other_ns(struct start *s, const char *mode, const char *ns, const char **path,
                    struct err *e)
{
	const char *ref = str_after(mode ? mode : "", "container:");
	_cleanup_container_ struct container *other = NULL;
	struct container_state state;

	*path = NULL;
	if (!ref)
		return 0;
	other = containers_find(s->g->containers, ref, e);
	if (!other)
		return -1;
	container_get_state(other, &state);
	if (!container_is_running(&state))
		return err_set(e, ERR_PRECONDITION,
		               "cannot join %s namespace of a non running container: %s", ns,
		               other->id);
	*path = arena_printf(s->a, "/proc/%d/ns/%s", state.pid, ns);
	return 0;
}

static const char *init_path(struct start *s)
{
	const char *path = s->g->opt.init_path;

	if (!s->r->host->init.set || !s->r->host->init.value)
		return NULL;
	return path[0] == '/' ? path : engine_program(s->a, path);
}

static int build_spec(struct start *s, struct err *e)
{
	_cleanup_close_ int rootfs = rootfs_open(&s->rootfs, e);
	struct mount_points points;
	struct spec_input in = {
		.id = s->c->id,
		.config = s->r->config,
		.host = s->r->host,
		.points = &points,
		.hostname = s->r->config->hostname,
		.rootfs = rootfs,
		.network_ns = str_empty(s->net->r.sandbox_key) ? NULL : s->net->r.sandbox_key,
		.hosts = container_path(s->g, s->a, s->files, "hosts"),
		.resolv_conf = container_path(s->g, s->a, s->files, "resolv.conf"),
		.hostname_file = container_path(s->g, s->a, s->files, "hostname"),
		.links = links_environment(s->g, s->a, s->r),
		.init = init_path(s),
		.cgroup_v2 = path_exists("/sys/fs/cgroup/cgroup.controllers"),
		.ulimits = s->g->opt.ulimits,
		.unconfined_seccomp = str_eq(s->g->opt.seccomp_profile, "unconfined"),
	};

	if (rootfs < 0 || other_ns(s, s->r->host->pid_mode, "pid", &in.pid_ns, e) < 0 ||
	    other_ns(s, s->r->host->ipc_mode, "ipc", &in.ipc_ns, e) < 0)
		return -1;
	points = mounts_points(s->a, s->r);
	s->spec = spec_build(s->a, &in, e);
	return s->spec ? 0 : -1;
}

/* ---- containerd ---- */

static int create_in_containerd(struct start *s, const struct ctrd_container *box, struct err *e)
{
	struct err ignored = { 0 };

	if (ctrd_container_create(s->g, box, e) == 0)
		return 0;
	if (e->kind != ERR_ALREADY_EXISTS)
		return -1;
	/* Left by an engine that was killed in the middle of a start. */
	err_clear(e);
	if (ctrd_task_delete(s->g, s->c->id, NULL, NULL, &ignored) < 0)
		log_debug("container %s: %s", s->c->id, ignored.text);
	return ctrd_container_delete(s->g, s->c->id, e) < 0 ? -1
	                                                    : ctrd_container_create(s->g, box, e);
}

/* A call that failed because containerd died may have done all that it was asked for. */
static bool may_be_there(const struct err *e)
{
	return e->kind == ERR_UNAVAILABLE;
}

static int run_task(struct start *s, struct err *e)
{
	struct ctrd_container box = { .id = s->c->id,
		                      .image = s->r->image_name,
		                      .snapshotter = s->r->snapshotter,
		                      .runtime = "io.containerd.runc.v2",
		                      .spec = json_text(s->a, &oci_spec_type, s->spec) };

	box.program = runtime_program(s->g, s->a, s->r->host->runtime, e);
	if (!box.program)
		return -1;
	if (create_in_containerd(s, &box, e) < 0) {
		s->has_container = may_be_there(e);
		return -1;
	}
	s->has_container = true;
	if (ctrd_task_create(s->g, &box, &s->rootfs, &s->io, &s->pid, e) < 0) {
		s->has_task = may_be_there(e);
		return err_wrap(e, "failed to create task for container");
	}
	s->has_task = true;
	s->started_at = clock_now_ns(); /* it may have ended before the answer comes */
	if (ctrd_task_start(s->g, s->c->id, NULL, &s->pid, e) < 0)
		return err_wrap(e, "failed to start task for container");
	return 0;
}

/* ---- all of it ---- */

/* With another container's network come its files in /etc. */
static int connect(struct start *s, struct err *e)
{
	const char *with = networking_shared_with(s->r->host->network_mode);
	_cleanup_container_ struct container *other = NULL;

	s->files = s->c->id;
	if (with) {
		other = containers_find(s->g->containers, with, e);
		if (!other)
			return -1;
		s->files = arena_strdup(s->a, other->id);
	}
	return networking_connect(s->g, s->r, &s->net, e);
}

static int run_steps(struct start *s, struct err *e)
{
	if (connect(s, e) < 0 || volumes_mount(s->g, s->r, e) < 0)
		return -1;
	s->has_volumes = true;
	if (ctrd_snapshot_mounts(s->g, s->r->snapshotter, s->c->id, s->a, &s->rootfs, e) < 0 ||
	    build_spec(s, e) < 0 || container_io_open(s->c, s->r, s->a, &s->io, e) < 0)
		return -1;
	return run_task(s, e);
}

static void undo(struct start *s)
{
	struct err e = { 0 };

	if (s->has_task)
		ctrd_task_drop(s->g, s->c->id);
	if (s->has_container && ctrd_container_delete(s->g, s->c->id, &e) < 0)
		log_warn_of(&e, "container %s: undo its start", s->c->id);
	container_io_close(s->c);
	if (s->has_volumes)
		volumes_unmount(s->g, s->r);
	if (s->net && networking_disconnect(s->g, s->c->id, &e) < 0)
		log_warn_of(&e, "container %s: undo its start", s->c->id);
	container_net_unref(s->net);
}

/* The exit code that the official CLI derives from the same words. */
static int code_of_failure(struct err *e)
{
	static const struct {
		const char *words;
		int code;
	} causes[] = {
		{ "executable file not found", 127 },
		{ "no such file or directory", 127 },
		{ "system cannot find the file specified", 127 },
		{ "not a directory", 127 },
		{ "permission denied", 126 },
		{ "is a directory", 126 },
	};

	for (size_t i = 0; i < ARRAY_LEN(causes); i++) {
		if (!strcasestr(e->text, causes[i].words))
			continue;
		err_kind_set(e, ERR_INVALID);
		return causes[i].code;
	}
	return 128;
}

static void note_failure(struct container *c, struct err *e)
{
	struct container_state st;
	struct err ignored = { 0 };

	container_get_state(c, &st);
	st.exit_code = code_of_failure(e);
	st.pid = 0;
	str_copy(st.error, sizeof(st.error), e->text);
	if (container_set_state(c, &st, STORE_FAST, &ignored) < 0)
		log_error_of(&ignored, "container %s", c->id);
}

static int note_success(struct start *s, struct err *e)
{
	struct container_state st;

	container_get_state(s->c, &st);
	st.status = CONTAINER_RUNNING;
	st.pid = s->pid;
	st.exit_code = 0;
	st.started_at = s->started_at;
	st.oom_killed = false;
	st.error[0] = '\0';
	container_set_net(s->c, take_ptr(s->net));
	return container_set_state(s->c, &st, container_durability(s->r), e);
}

static int check_startable(const struct container_state *s, struct err *e)
{
	if (s->removing)
		return err_set(e, ERR_PRECONDITION,
		               "container is marked for removal and cannot be started");
	if (s->status == CONTAINER_PAUSED)
		return err_set(e, ERR_PRECONDITION,
		               "cannot start a paused container, try unpause instead");
	if (s->status == CONTAINER_RUNNING)
		return err_set(e, ERR_NOT_MODIFIED, "container already started");
	return 0;
}

int container_do_start(struct container *c, struct err *e)
{
	_cleanup_arena_ struct arena a = { 0 };
	_cleanup_view_ struct container_view v;
	struct start s = { .c = c, .g = c->engine, .a = &a };

	container_view(c, &v);
	s.r = &v.desc->r;
	if (check_startable(&v.state, e) < 0)
		return -1;
	container_mark_stopped_by_user(c, false);
	if (run_steps(&s, e) < 0) {
		undo(&s);
		note_failure(c, e);
		return -1;
	}
	if (note_success(&s, e) < 0)
		return -1;
	health_begin(c);
	container_event(c, "start", NULL);
	container_io_started(c);
	return 0;
}

/* A start by hand begins to count restarts anew. */
static int start_by_hand(struct container *c, struct err *e)
{
	struct container_state s;

	container_get_state(c, &s);
	if (s.status == CONTAINER_RESTARTING)
		return err_set(e, ERR_NOT_MODIFIED, "container is about to start");
	s.restart_count = s.backoff = 0;
	if (!container_is_running(&s) && container_set_state(c, &s, STORE_FAST, e) < 0)
		return -1;
	return container_do_start(c, e);
}

int container_start(struct container *c, struct err *e)
{
	struct err ignored = { 0 };
	struct container_view v;
	bool auto_remove;
	int r;

	container_begin(c);
	r = start_by_hand(c, e);
	container_view(c, &v);
	auto_remove = r < 0 && e->kind != ERR_NOT_MODIFIED && v.state.status == CONTAINER_CREATED &&
	              v.desc->r.host->auto_remove;
	container_view_release(&v);
	if (auto_remove && container_do_remove(c, true, &ignored) < 0)
		log_error_of(&ignored, "remove container %s after a failed start", c->id);
	container_end(c);
	return r;
}
