/* created -> running: opening the exec fifo lets init go on. See container.h. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <unistd.h>
#include "libcontainer/container.h"
#include "libcontainer/hooks.h"
#include "libcontainer/warn.h"
#include "base/fd.h"
#include "base/proc.h"

/* What init writes: "0", then nothing more (execve closed the fifo) or the reason of its failure. */
static int read_fifo(int fifo, int pidfd, struct err *e)
{
	char text[sizeof(e->text) + 1] = { 0 };
	size_t n = 0;

	for (;;) {
		struct pollfd p[2] = { { fifo, POLLIN, 0 }, { pidfd, POLLIN, 0 } };
		ssize_t got;

		if (poll(p, 2, -1) < 0 && errno != EINTR)
			return err_errno(e, errno, "wait for init");
		got = read(fifo, text + n, sizeof(text) - 1 - n);
		if (got > 0)
			n += (size_t)got;
		else if (got == 0 && n > 0)
			break;
		else if (got < 0 && errno != EAGAIN && errno != EINTR)
			return err_errno(e, errno, "read exec fifo");
		else if (p[1].revents && n == 0)
			return err_set(e, ERR_PRECONDITION, "container process is already dead");
		if (n == sizeof(text) - 1)
			break;
	}
	return n > 1 ? err_set(e, ERR_UNKNOWN, "%s", text + 1) : 0;
}

/* The pidfd comes first: once the fifo is open the program may run, end and be reaped at any time. */
static int open_fifo(struct container *c, struct err *e)
{
	_cleanup_close_ int pidfd = proc_pidfd((pid_t)c->state.pid, e), fifo = -1;

	if (pidfd < 0)
		return -1;
	if (container_status(c) != CONTAINER_CREATED)
		return err_set(e, ERR_PRECONDITION, "cannot start a container that has stopped");
	fifo = openat(c->dir, STATE_FIFO, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	if (fifo < 0)
		return err_errno(e, errno, "open exec fifo");
	return read_fifo(fifo, pidfd, e);
}

/* One that fails stops the container. */
static int run_poststart(struct container *c, struct err *e)
{
	const struct state_private *own = c->state.own;
	struct oci_state state;
	struct err ignored;

	container_oci_state(c, container_status_name(CONTAINER_RUNNING), (pid_t)c->state.pid,
	                    &state);
	if (hooks_run("poststart", own->poststart.n, own->poststart.v, &state, e) == 0)
		return 0;
	if (container_signal(c, SIGKILL, false, &ignored) < 0)
		lc_warn("%s", ignored.text);
	return -1;
}

int container_start(struct container *c, struct err *e)
{
	switch (container_status(c)) {
	case CONTAINER_CREATED:
		break;
	case CONTAINER_STOPPED:
		return err_set(e, ERR_PRECONDITION, "cannot start a container that has stopped");
	case CONTAINER_RUNNING:
		return err_set(e, ERR_PRECONDITION, "cannot start an already running container");
	default:
		return err_set(e, ERR_PRECONDITION, "cannot start a container in the %s state",
		               container_status_name(container_status(c)));
	}
	if (open_fifo(c, e) < 0)
		return -1;
	if (unlinkat(c->dir, STATE_FIFO, 0) < 0 && errno != ENOENT)
		return err_errno(e, errno, "remove exec fifo");
	return run_poststart(c, e);
}
