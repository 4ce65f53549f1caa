/*
 * A further process in a running container. See container.h.
 *
 * The runtime opens the namespaces of init, a clone joins them (namespaces.h), is put into the
 * container's cgroup and goes the last steps of init's way (process.h). It tells its errors over the
 * sync pair; that this closes without one means that the program runs.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>
#include "libcontainer/affinity.h"
#include "libcontainer/console.h"
#include "libcontainer/container.h"
#include "libcontainer/init.h"
#include "libcontainer/pidfile.h"
#include "libcontainer/process.h"
#include "libcontainer/procfs.h"
#include "libcontainer/sync.h"
#include "base/fd.h"
#include "base/file.h"

/* What one exec has in hand. Descriptors are owned. */
struct entry {
	struct container *c;
	const struct exec_options *o;
	struct oci_spec spec; /* the container's, for its seccomp profile */
	struct namespaces ns;
	struct seccomp_filter seccomp;
	struct cgroup cgroup;      /* to be joined, */
	struct cgroup_doors doors; /* through these */
	int sync, child_sync, console, pidfd;
	pid_t pid;
};

static void entry_cleanup(struct entry *x)
{
	namespaces_close(&x->ns);
	cgroup_doors_close(&x->doors);
	fd_close(&x->sync);
	fd_close(&x->child_sync);
	fd_close(&x->console);
	fd_close(&x->pidfd);
}

/* ---- in the container ---- */

static int settle(struct entry *x, struct err *e)
{
	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0)
		return err_errno(e, errno, "become undumpable");
	if (cgroup_doors_enter(&x->doors, e) < 0)
		return -1;
	cgroup_doors_close(&x->doors);
	if (namespaces_enter(&x->ns, e) < 0 || sync_expect(x->child_sync, SYNC_GO, e) < 0)
		return -1;
	if ((namespaces_private(x->spec.linux) & CLONE_NEWUSER) &&
	    (setresgid(0, 0, 0) < 0 || setresuid(0, 0, 0) < 0))
		return err_errno(e, errno, "become root of the user namespace");
	if (setsid() < 0)
		return err_errno(e, errno, "setsid");
	return x->c->state.own->no_new_keyring ? 0 : process_join_keyring(x->c->id, e);
}

static int set_console(struct entry *x, struct err *e)
{
	_cleanup_close_ int root = -1;

	if (!x->o->process->terminal)
		return 0;
	root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (root < 0)
		return err_errno(e, errno, "open /");
	return console_setup(root, x->console, x->o->process->console_size, false, e);
}

static int entry_main(void *arg)
{
	struct entry *x = arg;
	struct process p = { .a = x->c->a,
		             .config = x->o->process,
		             .linux = x->spec.linux,
		             .seccomp = x->seccomp.program.len ? &x->seccomp : NULL,
		             .keep_fds = x->o->keep_fds };
	struct err e = { 0 };

	fd_close(&x->sync);
	p.sync = x->child_sync;
	p.fifo = -1;
	if (settle(x, &e) < 0 || set_console(x, &e) < 0 || (p.proc = procfs_open(&e)) < 0 ||
	    process_restrict(&p, &e) < 0 || sync_send(x->child_sync, SYNC_READY, &e) < 0 ||
	    sync_expect(x->child_sync, SYNC_RUN, &e) < 0)
		init_die(x->child_sync, &e);
	capabilities_parse(x->o->process->capabilities, &p.caps);
	if (process_become(&p, &e) < 0)
		init_die(x->child_sync, &e);
	process_exec(&p);
}

/* ---- in the runtime ---- */

static int check_status(struct container *c, bool ignore_paused, struct err *e)
{
	switch (container_status(c)) {
	case CONTAINER_RUNNING:
	case CONTAINER_CREATED:
		return 0;
	case CONTAINER_PAUSED:
		if (ignore_paused)
			return 0;
		return err_set(
		        e, ERR_PRECONDITION,
		        "cannot exec in a paused container (use --ignore-paused to override)");
	case CONTAINER_STOPPED:
		return err_set(e, ERR_PRECONDITION, "cannot exec in a stopped container");
	default:
		return err_set(e, ERR_PRECONDITION,
		               "cannot exec in a container that is being created");
	}
}

static int prepare_console(struct entry *x, struct err *e)
{
	bool given = x->o->console_socket || x->o->console_fd >= 0;

	if (x->o->process->terminal && !given)
		return err_set(
		        e, ERR_INVALID,
		        "cannot allocate tty if runc will detach without setting console socket");
	if (!x->o->process->terminal && x->o->console_socket)
		return err_set(e, ERR_INVALID,
		               "cannot use console socket if runc will not detach or allocate tty");
	if (x->o->console_socket)
		x->console = unix_connect(x->o->console_socket, e);
	else if (x->o->console_fd >= 0)
		x->console = fcntl(x->o->console_fd, F_DUPFD_CLOEXEC, 3);
	return given && x->console < 0 ? -1 : 0;
}

/* "[controller,...:]path": the process goes to a directory below the container's own. */
static int add_sub_cgroup(struct entry *x, const char *text, struct err *e)
{
	struct arena *a = x->c->a;
	const char *colon = strchr(text, ':');
	const char *sub = path_clean(a, path_join(a, "/", colon ? colon + 1 : text));
	size_t n = colon ? (size_t)(colon - text) : 0;
	bool found = false;

	if (strstr(text, ".."))
		return err_set(e, ERR_INVALID, "bad sub cgroup path: %s", text);
	for (size_t i = 0; i < x->cgroup.n; i++) {
		struct cgroup_dir *d = &x->cgroup.v[i];

		if (colon && !(strlen(d->controller) == n && memcmp(d->controller, text, n) == 0))
			continue;
		d->path = path_clean(a, path_join(a, d->path, sub + 1));
		found = true;
	}
	return found ? 0 : err_set(e, ERR_INVALID, "unknown controller in --cgroup %s", text);
}

static int plan_cgroup(struct entry *x, struct err *e)
{
	const struct strs *list = x->o->cgroups;

	cgroup_from_paths(x->c->a, &x->c->state.cgroup_paths, &x->cgroup);
	for (size_t i = 0; list && i < list->n; i++)
		if (add_sub_cgroup(x, list->v[i], e) < 0)
			return -1;
	return 0;
}

static int prepare(struct entry *x, struct err *e)
{
	const char *cache = path_join(x->c->a, x->c->root, ".cache/seccomp");

	if (check_status(x->c, x->o->ignore_paused, e) < 0 || process_check(x->o->process, e) < 0 ||
	    container_spec(x->c, &x->spec, e) < 0 || prepare_console(x, e) < 0 ||
	    plan_cgroup(x, e) < 0)
		return -1;
	if (x->spec.linux && x->spec.linux->seccomp &&
	    seccomp_prepare(x->c->a, x->spec.linux->seccomp, cache, &x->seccomp, e) < 0)
		return -1;
	return namespaces_of(x->spec.linux, (pid_t)x->c->state.pid, &x->ns, e);
}

static int clone_entry(struct entry *x, struct err *e)
{
	int fd[2];

	if (cgroup_doors_open(&x->cgroup, &x->doors, e) < 0 || sync_pair(fd, e) < 0)
		return -1;
	x->sync = fd[0];
	x->child_sync = fd[1];
	x->pid = namespaces_clone(&x->ns, x->doors.into, entry_main, x, &x->pidfd, e);
	fd_close(&x->child_sync);
	return x->pid < 0 ? -1 : 0;
}

static int on_ready(struct entry *x, struct err *e)
{
	if (process_set_rlimits(x->pid, x->o->process, e) < 0 ||
	    affinity_final(x->pid, x->o->process->exec_cpu_affinity, e) < 0)
		return -1;
	return sync_send(x->sync, SYNC_RUN, e);
}

static int on_listener(struct entry *x, int listener, struct err *e)
{
	const char *status = container_status_name(container_status(x->c));
	struct oci_state state;

	container_oci_state(x->c, status, (pid_t)x->c->state.pid, &state);
	return seccomp_send_listener(x->spec.linux->seccomp, listener, x->pid, &state, e);
}

/* One message of the process's. 1: go on, 0: execve has closed the pair. */
static int answer(struct entry *x, bool *ready, struct err *e)
{
	_cleanup_close_ int passed = -1;
	struct err cause = { 0 };

	switch (sync_recv(x->sync, &cause, &passed, e)) {
	case SYNC_READY:
		*ready = true;
		return on_ready(x, e) < 0 ? -1 : 1;
	case SYNC_LISTENER:
		return on_listener(x, passed, e) < 0 ? -1 : 1;
	case SYNC_ERROR:
		if (e)
			*e = cause;
		return -1;
	case SYNC_END:
		return *ready ? 0 : err_set(e, ERR_INTERNAL, "the process died before it ran");
	default:
		return -1;
	}
}

static int talk(struct entry *x, struct err *e)
{
	bool ready = false;
	int rc;

	while ((rc = answer(x, &ready, e)) > 0)
		;
	return rc;
}

static int bring_in(struct entry *x, struct err *e)
{
	const struct oci_cpu_affinity *cpus = x->o->process->exec_cpu_affinity;

	/* Before the clone, which inherits it and then joins the cgroups' cpuset by itself. */
	if (affinity_initial(getpid(), cpus, e) < 0 || clone_entry(x, e) < 0 ||
	    process_set_oom_score(x->pid, x->o->process, e) < 0)
		return -1;
	if (!cpus || str_empty(cpus->initial))
		affinity_reset(x->pid);
	return sync_send(x->sync, SYNC_GO, e) < 0 ? -1 : talk(x, e);
}

static void put_down(struct entry *x)
{
	if (x->pid <= 0)
		return;
	kill(x->pid, SIGKILL);
	waitpid(x->pid, NULL, 0);
}

pid_t container_exec(struct container *c, const struct exec_options *o, int *pidfd, struct err *e)
{
	cleanup_with(entry_cleanup) struct entry x = {
		.c = c,
		.o = o,
		.doors = CGROUP_DOORS_CLOSED,
		.sync = -1,
		.child_sync = -1,
		.console = -1,
		.pidfd = -1,
	};

	if (prepare(&x, e) < 0)
		return -1;
	if (bring_in(&x, e) < 0) {
		put_down(&x);
		return err_wrap(e, "unable to start container process");
	}
	if (pidfile_write(o->pid_file, x.pid, o->pidfd_socket, x.pidfd, e) < 0) {
		put_down(&x);
		return -1;
	}
	*pidfd = take_fd(&x.pidfd);
	return x.pid;
}
