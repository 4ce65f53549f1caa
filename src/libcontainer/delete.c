/* The end of a container: signals and removal. See container.h. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>
#include "libcontainer/container.h"
#include "libcontainer/hooks.h"
#include "libcontainer/warn.h"
#include "base/clock.h"
#include "base/fd.h"
#include "base/file.h"
#include "base/proc.h"

/* A frozen process dies of SIGKILL only once it is thawed (v1). */
static void thaw_for_kill(struct container *c, int signo)
{
	if (signo == SIGKILL && cgroup_frozen(&c->cgroup) &&
	    cgroup_freeze(&c->cgroup, false, NULL) < 0)
		lc_warn("cannot thaw the container");
}

static int not_running(struct err *e)
{
	return err_set(e, ERR_PRECONDITION, "container not running");
}

/* `forgiving`: the caller said --all, which an ended container without processes satisfies. */
static int signal_all(struct container *c, int signo, bool forgiving, struct err *e)
{
	struct cgroup_pids pids;

	if (cgroup_list(c->a, &c->cgroup, &pids, e) < 0)
		return -1;
	if (pids.n == 0 && container_status(c) == CONTAINER_STOPPED)
		return forgiving ? 0 : not_running(e);
	return cgroup_signal(&c->cgroup, signo, e);
}

static int signal_init(struct container *c, int signo, struct err *e)
{
	_cleanup_close_ int pidfd = -1;

	if (container_status(c) == CONTAINER_STOPPED)
		return not_running(e);
	pidfd = proc_pidfd((pid_t)c->state.pid, e);
	/* The pidfd is of our init if that still lives now: its pid cannot have been reused before. */
	if (pidfd < 0 || container_status(c) == CONTAINER_STOPPED)
		return not_running(e);
	return proc_pidfd_kill(pidfd, signo, e);
}

int container_signal(struct container *c, int signo, bool all, struct err *e)
{
	/* Without a PID namespace of its own the other processes outlive init. */
	bool each = all || (signo == SIGKILL && !c->state.own->own_pids);

	if ((each ? signal_all(c, signo, all, e) : signal_init(c, signo, e)) < 0)
		return -1;
	thaw_for_kill(c, signo);
	return 0;
}

/* ---- removal ---- */

#define KILL_TIMEOUT_MS 10000

static int wait_gone(struct container *c, struct err *e)
{
	int64_t deadline = clock_mono_ms() + KILL_TIMEOUT_MS;
	struct timespec pause = { .tv_nsec = 1000000 };

	while (container_status(c) != CONTAINER_STOPPED) {
		if (clock_mono_ms() > deadline)
			return err_set(e, ERR_DEADLINE, "container init still running");
		nanosleep(&pause, NULL);
		pause.tv_nsec = MIN(pause.tv_nsec * 2, 100000000);
	}
	return 0;
}

static int kill_init(struct container *c, struct err *e)
{
	struct err ignored = { 0 };

	/* It may end by itself meanwhile: what counts is that it is gone. */
	if (c->state.pid > 0 && container_signal(c, SIGKILL, false, &ignored) < 0 &&
	    ignored.kind != ERR_PRECONDITION && ignored.kind != ERR_NOT_FOUND) {
		if (e)
			*e = ignored;
		return -1;
	}
	return c->state.pid > 0 ? wait_gone(c, e) : 0;
}

static void run_poststop(struct container *c)
{
	struct oci_state state;
	struct err e = { 0 };

	container_oci_state(c, container_status_name(CONTAINER_STOPPED), 0, &state);
	if (hooks_run("poststop", c->state.own->poststop.n, c->state.own->poststop.v, &state, &e) <
	    0)
		lc_warn("%s", e.text);
}

static int remove_state(struct container *c, struct err *e)
{
	_cleanup_close_ int root = open(c->root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (root < 0)
		return err_errno(e, errno, "open %s", c->root);
	return tree_remove(root, c->id, e);
}

/* Without state.json nothing but the directory was made. */
static int destroy(struct container *c, struct err *e)
{
	if (!c->state.own)
		return remove_state(c, e);
	/* What shares the host's PID namespace, or was put into the cgroup, may still live. */
	if (cgroup_signal(&c->cgroup, SIGKILL, e) < 0 || cgroup_remove(&c->cgroup, e) < 0 ||
	    remove_state(c, e) < 0)
		return -1;
	run_poststop(c);
	return 0;
}

int container_delete(struct container *c, bool force, struct err *e)
{
	enum container_status status = c->state.own ? container_status(c) : CONTAINER_STOPPED;

	if (status != CONTAINER_STOPPED && status != CONTAINER_CREATED && !force)
		return err_set(e, ERR_PRECONDITION,
		               "cannot delete container %s that is not stopped: %s", c->id,
		               container_status_name(status));
	if (status != CONTAINER_STOPPED && kill_init(c, e) < 0)
		return -1;
	return destroy(c, e);
}
