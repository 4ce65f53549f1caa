/* Making a container: the runtime's side. See container.h, and init.c for the other side. */
#include "libcontainer/affinity.h"
#include "libcontainer/container.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include "libcontainer/hooks.h"
#include "libcontainer/idmap.h"
#include "libcontainer/init.h"
#include "libcontainer/mount_sources.h"
#include "libcontainer/process.h"
#include "libcontainer/pidfile.h"
#include "libcontainer/sync.h"
#include "base/clock.h"
#include "base/fd.h"
#include "base/file.h"
#include "base/proc.h"

/* What one create has in hand. Descriptors are owned. */
struct creation {
	struct container *c;
	const struct oci_spec *spec;
	const struct create_options *o;
	struct namespaces ns;
	struct seccomp_filter seccomp;
	struct mount_sources sources;
	int sync, fifo, console, pidfd;
	pid_t pid;
	bool ready;
};

static void creation_cleanup(struct creation *k)
{
	namespaces_close(&k->ns);
	mount_sources_close(&k->sources);
	fd_close(&k->sync);
	fd_close(&k->fifo);
	fd_close(&k->console);
	fd_close(&k->pidfd);
}

/* ---- the state directory ---- */

static int make_dir(struct container *c, struct err *e)
{
	const char *path = path_join(c->a, c->root, c->id);

	if (dir_make(c->root, 0700, e) < 0)
		return -1;
	if (mkdir(path, 0711) < 0)
		return errno == EEXIST ? err_set(e, ERR_ALREADY_EXISTS,
		                                 "container with given ID already exists")
		                       : err_errno(e, errno, "create state directory %s", path);
	c->dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return c->dir < 0 ? err_errno(e, errno, "open state directory %s", path) : 0;
}

/* The container's root writes to it; only we read. */
static int make_fifo(struct creation *k, struct err *e)
{
	const struct oci_linux *l = k->spec->linux;
	int dir = k->c->dir;

	if (mkfifoat(dir, STATE_FIFO, 0622) < 0 || fchmodat(dir, STATE_FIFO, 0622, 0) < 0)
		return err_errno(e, errno, "create exec fifo");
	if (l && (l->uid_mappings.n || l->gid_mappings.n) &&
	    fchownat(dir, STATE_FIFO, (uid_t)idmap_root(l->uid_mappings.n, l->uid_mappings.v),
	             (gid_t)idmap_root(l->gid_mappings.n, l->gid_mappings.v), 0) < 0)
		return err_errno(e, errno, "chown exec fifo");
	k->fifo = openat(dir, STATE_FIFO, O_PATH | O_CLOEXEC);
	return k->fifo < 0 ? err_errno(e, errno, "open exec fifo") : 0;
}

static void fill_config(struct container *c, const struct oci_spec *spec, const char *bundle)
{
	struct state_config *config = arena_new(c->a, struct state_config);
	const struct oci_linux *l = spec->linux;

	config->rootfs = spec->root->path;
	config->version = spec->oci_version;
	arena_push(c->a, &config->labels, arena_printf(c->a, "bundle=%s", bundle));
	for (size_t i = 0; i < spec->annotations.n; i++)
		arena_push(c->a, &config->labels,
		           arena_printf(c->a, "%s=%s", spec->annotations.v[i].key,
		                        spec->annotations.v[i].value));
	for (size_t k = 0; k < NAMESPACE_KINDS; k++)
		for (size_t i = 0; l && i < l->namespaces.n; i++)
			if (str_eq(l->namespaces.v[i].type, namespace_kinds[k].type))
				arena_push(c->a, &config->namespaces,
				           ((struct state_namespace){
				                   namespace_kinds[k].state,
				                   l->namespaces.v[i].path ? l->namespaces.v[i].path
				                                           : "" }));
	config->cgroups = arena_new(c->a, struct state_cgroup);
	config->cgroups->path = l && l->cgroups_path ? l->cgroups_path : "";
	c->state.config = config;
}

static void fill_state(struct container *c, const struct oci_spec *spec,
                       const struct create_options *o)
{
	struct state_private *own = arena_new(c->a, struct state_private);

	own->creating = true;
	own->bundle = o->bundle;
	own->annotations = spec->annotations;
	own->no_new_keyring = o->no_new_keyring;
	own->own_pids = namespaces_private(spec->linux) & CLONE_NEWPID;
	if (spec->hooks) {
		own->poststart.n = spec->hooks->poststart.n;
		own->poststart.v = spec->hooks->poststart.v;
		own->poststop.n = spec->hooks->poststop.n;
		own->poststop.v = spec->hooks->poststop.v;
	}
	c->state.id = c->id;
	c->state.rootless = geteuid() != 0;
	c->state.intel_rdt_path = "";
	c->state.own = own;
	cgroup_to_paths(c->a, &c->cgroup, &c->state.cgroup_paths);
	fill_config(c, spec, o->bundle);
}

/* Written before anything else exists, so that a delete finds what a killed create has left. */
static int write_intent(struct creation *k, struct slice text, struct err *e)
{
	struct container *c = k->c;

	fill_state(c, k->spec, k->o);
	if (file_write(c->dir, STATE_SPEC, text.data, text.len, 0600, e) < 0)
		return -1;
	return state_write(c->dir, &c->state, e);
}

static int write_process(struct creation *k, bool creating, struct err *e)
{
	struct container *c = k->c;
	unsigned long long start;

	if (proc_start_time(k->pid, &start, e) < 0)
		return -1;
	c->state.pid = k->pid;
	c->state.start = start;
	c->state.created = clock_now_ns();
	c->state.own->creating = creating;
	c->state.namespace_paths = (struct json_map){ 0 };
	for (size_t i = 0; i < NAMESPACE_KINDS; i++)
		arena_push(c->a, &c->state.namespace_paths,
		           ((struct json_pair){ namespace_kinds[i].state,
		                                arena_printf(c->a, "/proc/%d/ns/%s", k->pid,
		                                             namespace_kinds[i].file) }));
	return state_write(c->dir, &c->state, e);
}

/* ---- before the clone ---- */

static int prepare_seccomp(struct creation *k, struct err *e)
{
	const char *cache = path_join(k->c->a, k->c->root, ".cache/seccomp");

	if (!k->spec->linux || !k->spec->linux->seccomp)
		return 0;
	return seccomp_prepare(k->c->a, k->spec->linux->seccomp, cache, &k->seccomp, e);
}

static int prepare_console(struct creation *k, struct err *e)
{
	const char *path = k->o->console_socket;
	bool given = path || k->o->console_fd >= 0;

	if (k->spec->process->terminal && !given)
		return err_set(
		        e, ERR_INVALID,
		        "cannot allocate tty if runc will detach without setting console socket");
	if (!k->spec->process->terminal && path)
		return err_set(e, ERR_INVALID,
		               "cannot use console socket if runc will not detach or allocate tty");
	if (!path)
		k->console =
		        k->o->console_fd >= 0 ? fcntl(k->o->console_fd, F_DUPFD_CLOEXEC, 3) : -1;
	else if ((k->console = unix_connect(path, e)) < 0)
		return -1;
	return 0;
}

/* Before the cgroup is written down as ours: whoever deletes kills what is in it. */
static int check_cgroup_free(struct container *c, struct err *e)
{
	struct cgroup_pids pids;

	if (cgroup_list(c->a, &c->cgroup, &pids, e) < 0)
		return -1;
	if (pids.n)
		return err_set(e, ERR_PRECONDITION,
		               "container's cgroup is not empty: %zu process(es) found", pids.n);
	if (cgroup_frozen(&c->cgroup))
		return err_set(e, ERR_PRECONDITION, "container's cgroup unexpectedly frozen");
	return 0;
}

static int prepare_cgroup(struct creation *k, struct err *e)
{
	const struct oci_linux *l = k->spec->linux;
	struct container *c = k->c;

	if (cgroup_create(&c->cgroup, e) < 0)
		return -1;
	return cgroup_set(&c->cgroup, l ? l->resources : NULL, true, e);
}

/* ---- the clone and the talk with it ---- */

static int clone_init(struct creation *k, struct err *e)
{
	cleanup_with(cgroup_doors_close) struct cgroup_doors doors = CGROUP_DOORS_CLOSED;
	_cleanup_close_ int theirs = -1;
	struct init in = {
		.a = k->c->a,
		.spec = k->spec,
		.options = k->o,
		.ns = &k->ns,
		.cgroup = &k->c->cgroup,
		.doors = &doors,
		.seccomp = k->seccomp.program.len ? &k->seccomp : NULL,
		.sources = k->sources.fd,
		.id = k->c->id,
		.fifo = k->fifo,
		.console = k->console,
	};
	int fd[2];

	if (cgroup_doors_open(&k->c->cgroup, &doors, e) < 0 || sync_pair(fd, e) < 0)
		return -1;
	k->sync = in.parent_sync = fd[0];
	theirs = fd[1];
	in.sync = theirs;
	container_oci_state(k->c, container_status_name(CONTAINER_CREATING), 0, &in.state);
	k->pid = namespaces_clone(&k->ns, doors.into, init_main, &in, &k->pidfd, e);
	return k->pid < 0 ? -1 : 0;
}

static int let_go(struct creation *k, struct err *e)
{
	if ((k->ns.created & CLONE_NEWUSER) && idmap_write(k->pid, k->spec->linux, e) < 0)
		return -1;
	if (process_set_oom_score(k->pid, k->spec->process, e) < 0)
		return -1;
	affinity_reset(k->pid);
	return sync_send(k->sync, SYNC_GO, e);
}

static int run_hooks(struct creation *k, struct err *e)
{
	const struct oci_hooks *h = k->spec->hooks;
	struct oci_state state;

	if (write_process(k, true, e) < 0)
		return -1;
	container_oci_state(k->c, container_status_name(CONTAINER_CREATING), k->pid, &state);
	if (hooks_run("prestart", h->prestart.n, h->prestart.v, &state, e) < 0 ||
	    hooks_run("createRuntime", h->create_runtime.n, h->create_runtime.v, &state, e) < 0)
		return -1;
	return sync_send(k->sync, SYNC_DONE, e);
}

static int on_ready(struct creation *k, struct err *e)
{
	if (process_set_rlimits(k->pid, k->spec->process, e) < 0)
		return err_wrap(e, "error setting rlimits for ready process");
	k->ready = true;
	return sync_send(k->sync, SYNC_RUN, e);
}

static int on_listener(struct creation *k, int listener, struct err *e)
{
	struct oci_state state;

	container_oci_state(k->c, container_status_name(CONTAINER_CREATING), k->pid, &state);
	return seccomp_send_listener(k->spec->linux->seccomp, listener, k->pid, &state, e);
}

/* One message of init's. 1: go on, 0: it has closed its end and waits for the start. */
static int answer(struct creation *k, struct err *e)
{
	_cleanup_close_ int passed = -1;
	struct err cause = { 0 };

	switch (sync_recv(k->sync, &cause, &passed, e)) {
	case SYNC_HOOKS:
		return run_hooks(k, e) < 0 ? -1 : 1;
	case SYNC_READY:
		return on_ready(k, e) < 0 ? -1 : 1;
	case SYNC_LISTENER:
		return on_listener(k, passed, e) < 0 ? -1 : 1;
	case SYNC_ERROR:
		if (e)
			*e = cause;
		return -1;
	case SYNC_END:
		return k->ready ? 0 : err_set(e, ERR_INTERNAL, "container init died");
	default:
		return -1;
	}
}

static int talk(struct creation *k, struct err *e)
{
	int rc;

	while ((rc = answer(k, e)) > 0)
		;
	return rc < 0 && !k->ready ? err_wrap(e, "error during container init") : rc;
}

static int bring_up(struct creation *k, struct err *e)
{
	bool userns = namespaces_private(k->spec->linux) & CLONE_NEWUSER;

	if (mount_sources_open(k->c->a, k->spec, userns, &k->sources, e) < 0 ||
	    clone_init(k, e) < 0 || let_go(k, e) < 0 || talk(k, e) < 0)
		return err_wrap(e, "unable to start container process");
	if (write_process(k, false, e) < 0)
		return -1;
	return pidfile_write(k->o->pid_file, k->pid, k->o->pidfd_socket, k->pidfd, e);
}

static int prepare(struct creation *k, struct slice text, struct err *e)
{
	struct container *c = k->c;
	const struct oci_linux *l = k->spec->linux;

	if (namespaces_open(l, &k->ns, e) < 0 || prepare_console(k, e) < 0 ||
	    cgroup_plan(c->a, l ? l->cgroups_path : NULL, c->id, &c->cgroup, e) < 0 ||
	    check_cgroup_free(c, e) < 0 || write_intent(k, text, e) < 0 ||
	    prepare_seccomp(k, e) < 0 || make_fifo(k, e) < 0)
		return -1;
	return prepare_cgroup(k, e);
}

/* The error that is told is that of the creation. */
static void undo(struct creation *k)
{
	if (k->pid > 0) {
		kill(k->pid, SIGKILL);
		waitpid(k->pid, NULL, 0);
	}
	if (container_delete(k->c, true, NULL) < 0)
		return;
}

int container_create(struct arena *a, const char *root, const char *id, const struct oci_spec *spec,
                     struct slice text, const struct create_options *o, struct container *out,
                     struct err *e)
{
	cleanup_with(creation_cleanup) struct creation k = {
		.c = out,
		.spec = spec,
		.o = o,
		.sync = -1,
		.fifo = -1,
		.console = -1,
		.pidfd = -1,
	};

	*out = (struct container){ .a = a, .root = root, .id = id, .dir = -1 };
	if (o->systemd_cgroup)
		return err_set(
		        e, ERR_UNIMPLEMENTED,
		        "the systemd cgroup driver is not there yet: leave --systemd-cgroup out");
	if (container_check_id(id, e) < 0 || make_dir(out, e) < 0)
		return -1;
	if (prepare(&k, text, e) < 0 || bring_up(&k, e) < 0) {
		undo(&k);
		return -1;
	}
	return 0;
}
