/* See child.h. */
#include "engine/ctrd/child.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>
#include "base/clock.h"
#include "base/fd.h"
#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/proc.h"

#define READY_MS    30000
#define STOP_MS     10000
#define POLL_US     2000
#define BACKOFF_MS  100
#define BACKOFF_MAX 5000
#define STABLE_MS   30000 /* living this long forgets earlier deaths */

struct ctrd_child {
	struct engine *engine;
	pid_t pid;
	int pidfd;
	bool ours; /* a child, to be reaped; not one that we adopted */
	struct loop_source *source;
	int64_t started_ms, backoff_ms;
	bool stopping;
};

static void watch(struct ctrd_child *c);

const char *ctrd_child_address(struct engine *g)
{
	return engine_exec_path(g, &g->arena, "containerd/containerd.sock");
}

/* What dockerd has always told its own containerd; the rest are flags. */
static const char config[] = "version = 2\n"
                             "disabled_plugins = [\"io.containerd.grpc.v1.cri\"]\n";

static int spawn(struct ctrd_child *c, struct err *e)
{
	_cleanup_arena_ struct arena a = { 0 };
	struct engine *g = c->engine;
	const char *config_path = engine_exec_path(g, &a, "containerd/containerd.toml");
	/* clang-format off */
	const char *argv[] = {
		"containerd",
		"--config", config_path,
		"--root", engine_data_path(g, &a, "containerd/daemon"),
		"--state", engine_exec_path(g, &a, "containerd/daemon"),
		"--address", g->ctrd_address,
		"--log-level", engine_live(g)->debug ? "debug" : g->opt.log_level,
		NULL,
	};
	/* clang-format on */
	struct proc_spawn p = { .file = engine_program(&a, "containerd"),
		                .argv = argv,
		                .fd = { PROC_NULL, PROC_INHERIT, PROC_INHERIT },
		                .new_session = true };

	if (file_write(AT_FDCWD, config_path, config, sizeof(config) - 1, 0644, e) < 0)
		return -1;
	c->pid = proc_spawn(&p, &c->pidfd, e);
	if (c->pid < 0)
		return err_wrap(e, "start containerd");
	c->ours = true;
	c->started_ms = clock_mono_ms();
	return 0;
}

/* ---- dying and coming back ---- */

static void start_again(void *arg)
{
	struct ctrd_child *c = arg;
	struct err e = { 0 };

	if (c->stopping)
		return;
	if (spawn(c, &e) == 0) {
		log_info("containerd runs again as process %d", (int)c->pid);
		watch(c);
		return;
	}
	log_error_of(&e, "containerd cannot be started again");
	loop_timer(c->engine->loop, BACKOFF_MAX, start_again, c);
}

static void on_death(void *arg, unused_arg int fd, unused_arg uint32_t events)
{
	struct ctrd_child *c = arg;
	int status = 0;

	loop_remove(c->source);
	c->source = NULL;
	fd_close(&c->pidfd);
	if (c->ours && waitpid(c->pid, &status, WNOHANG) < 0)
		log_debug("reap containerd: %s", strerror(errno));
	if (c->stopping)
		return;
	log_error("containerd (process %d) is gone, status %#x", (int)c->pid, (unsigned)status);
	c->backoff_ms = clock_mono_ms() - c->started_ms > STABLE_MS || !c->backoff_ms
	                        ? BACKOFF_MS
	                        : MIN(c->backoff_ms * 2, BACKOFF_MAX);
	loop_timer(c->engine->loop, c->backoff_ms, start_again, c);
}

static void watch(struct ctrd_child *c)
{
	struct err e = { 0 };

	c->source = loop_add(c->engine->loop, c->pidfd, EPOLLIN, on_death, c, &e);
	if (!c->source)
		log_error_of(&e, "containerd is not watched");
}

/* ---- starting ---- */

static bool answers(const char *address)
{
	_cleanup_close_ int fd = unix_connect(address, NULL);

	return fd >= 0;
}

static int wait_ready(struct ctrd_child *c, struct err *e)
{
	int64_t end = clock_mono_ms() + READY_MS;

	while (!answers(c->engine->ctrd_address)) {
		struct err ignored = { 0 };

		if (proc_wait_fd(c->pidfd, c->pid, 0, &ignored) >= 0)
			return err_set(e, ERR_UNAVAILABLE, "containerd ended while it started");
		if (clock_mono_ms() > end)
			return err_set(e, ERR_DEADLINE, "containerd does not listen on %s",
			               c->engine->ctrd_address);
		usleep(POLL_US);
	}
	return 0;
}

/* The kernel says who made the socket that answers. */
static bool adopt(struct ctrd_child *c)
{
	_cleanup_close_ int fd = unix_connect(c->engine->ctrd_address, NULL);
	struct ucred peer;
	socklen_t n = sizeof(peer);

	if (fd < 0 || getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &n) < 0 || peer.pid <= 0)
		return false;
	c->pid = peer.pid;
	c->pidfd = proc_pidfd(peer.pid, NULL);
	c->started_ms = clock_mono_ms();
	return c->pidfd >= 0;
}

struct ctrd_child *ctrd_child_start(struct engine *g, struct err *e)
{
	_cleanup_arena_ struct arena a = { 0 };
	struct ctrd_child *c = xalloc(sizeof(*c));

	c->engine = g;
	c->pidfd = -1;
	if (dir_make(engine_exec_path(g, &a, "containerd"), 0711, e) == 0) {
		if (adopt(c)) {
			log_info("containerd lives as process %d and is taken over", (int)c->pid);
			watch(c);
			return c;
		}
		if (spawn(c, e) == 0 && wait_ready(c, e) == 0) {
			watch(c);
			return c;
		}
	}
	fd_close(&c->pidfd);
	free(c);
	return NULL;
}

void ctrd_child_stop(struct ctrd_child *c)
{
	struct pollfd gone = { .fd = c->pidfd, .events = POLLIN };
	struct err e = { 0 };

	c->stopping = true;
	if (c->pidfd < 0)
		return;
	if (proc_pidfd_kill(c->pidfd, SIGTERM, &e) < 0)
		log_debug("stop containerd: %s", e.text);
	if (poll(&gone, 1, STOP_MS) <= 0)
		log_warn("containerd does not end");
	else if (c->ours && waitpid(c->pid, NULL, WNOHANG) < 0)
		log_debug("reap containerd: %s", strerror(errno));
}
