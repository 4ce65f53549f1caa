/* The server: the loop in which a shim lives, and how it ends. */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <unistd.h>
#include "base/file.h"
#include "base/log.h"
#include "base/loop.h"
#include "proto/shim.pb-c.h"
#include "rpc/ttrpc_server.h"
#include "shim/container.h"
#include "shim/publisher.h"
#include "shim/task.h"

/* How long the last events may take once nothing is left to look after. */
#define LAST_EVENTS_MS 5000

static void stop(void *arg)
{
	struct shim *s = arg;

	loop_stop(s->loop);
}

static bool anything_alive(const struct shim *s)
{
	const char *id;
	void *value;

	for (size_t i = 0; map_next(&s->containers, &i, &id, &value);)
		if (((const struct container *)value)->init.state != PROCESS_STOPPED)
			return true;
	return false;
}

void shim_check_end(struct shim *s)
{
	if (!s->shutdown || anything_alive(s))
		return;
	if (publisher_idle(s->publisher, stop, s))
		loop_stop(s->loop);
	else
		loop_timer(s->loop, LAST_EVENTS_MS, stop, s);
}

/* The answer leaves before the loop ends: ttrpc_server_free sends what is queued. */
int task_shutdown(struct rpc_call *call, unused_arg const void *req, unused_arg void *resp,
                  unused_arg struct err *e)
{
	struct shim *s = rpc_call_user(call);

	/* As long as there are containers this means nothing: their last Delete is followed by another. */
	if (s->containers.used > 0)
		return 0;
	s->shutdown = true;
	loop_timer(s->loop, 0, (loop_fn *)shim_check_end, s);
	return 0;
}

/* ---- signals ---- */

static void log_state(const struct shim *s)
{
	const char *id, *exec_id;
	void *value, *exec;

	for (size_t i = 0; map_next(&s->containers, &i, &id, &value);) {
		const struct container *c = value;

		log_info("container %s: pid %d, %s", id, c->init.pid,
		         process_state_name(c->init.state));
		for (size_t k = 0; map_next(&c->execs, &k, &exec_id, &exec);) {
			const struct process *p = exec;

			log_info("container %s: exec %s: pid %d, %s", id, exec_id, p->pid,
			         process_state_name(p->state));
		}
	}
}

/* Containers are not left alone: told to go, a shim goes when they have ended; they leave records. */
static void on_signal(void *arg, const struct signalfd_siginfo *si)
{
	struct shim *s = arg;

	if (si->ssi_signo == SIGUSR1) {
		log_state(s);
		return;
	}
	s->shutdown = true;
	shim_check_end(s);
}

static int watch_signals(struct shim *s, struct err *e)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGUSR1);
	signal(SIGPIPE, SIG_IGN);
	s->signals = loop_signals(s->loop, &set, on_signal, s, e);
	return s->signals ? 0 : -1;
}

/* ---- */

static int setup(struct shim *s, struct arena *a, int listen_fd, struct err *e)
{
	if (prctl(PR_SET_CHILD_SUBREAPER, 1) < 0)
		return err_errno(e, errno, "become subreaper");
	s->loop = loop_new(e);
	if (!s->loop || watch_signals(s, e) < 0)
		return -1;
	s->reaper = reaper_new(s->loop, e);
	if (!s->reaper)
		return -1;
	s->publisher = publisher_new(s->loop, shim_ttrpc_address(a, s->args), s->args->ns);
	s->server = ttrpc_server_new(s->loop, listen_fd, task_routes, task_nroutes, s, e);
	return s->server ? 0 : -1;
}

int shim_serve(const struct shim_args *args, int listen_fd, const char *socket, struct err *e)
{
	_cleanup_arena_ struct arena a = { 0 };
	static struct shim s; /* the one: lives as long as the process */

	s.args = args;
	s.socket_dir = arena_strndup(&a, socket, (size_t)(strrchr(socket, '/') - socket));
	if (setup(&s, &a, listen_fd, e) < 0 || loop_run(s.loop, e) < 0)
		return -1;
	unlink(socket);
	ttrpc_server_free(s.server);
	return 0;
}

const char *shim_ttrpc_address(struct arena *a, const struct shim_args *args)
{
	const char *address = getenv("TTRPC_ADDRESS");

	return str_empty(address) ? arena_printf(a, "%s.ttrpc", args->address) : address;
}
