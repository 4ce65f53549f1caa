/*
 * Children. See reaper.h. The I/O thread waits for all of them and tells whoever asked for a pid. A
 * helper may end before its pid is known to us: the last results are kept in a ring, with serial
 * numbers that tell whose pid it was when pids repeat.
 */
#include "containerd/reaper.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include "base/clock.h"
#include "base/fd.h"
#include "base/limits.h"

#define RING 256

struct waiter {
	pid_t pid;
	int status;
	bool done;
	struct waiter *next;
};

static struct {
	pthread_mutex_t lock;
	pthread_cond_t reaped;
	struct loop_source *signals;
	struct waiter *waiters;
	uint64_t serial; /* children reaped so far */
	struct {
		pid_t pid;
		int status;
		uint64_t serial;
	} ring[RING];
} reaper = { .lock = PTHREAD_MUTEX_INITIALIZER };

static void record(pid_t pid, int status)
{
	size_t slot = ++reaper.serial % RING;

	reaper.ring[slot].pid = pid;
	reaper.ring[slot].status = status;
	reaper.ring[slot].serial = reaper.serial;
	for (struct waiter *w = reaper.waiters; w; w = w->next) {
		if (w->pid == pid && !w->done) {
			w->status = status;
			w->done = true;
			pthread_cond_broadcast(&reaper.reaped);
		}
	}
}

static void on_child(unused_arg void *arg, unused_arg const struct signalfd_siginfo *si)
{
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		pthread_mutex_lock(&reaper.lock);
		record(pid, status);
		pthread_mutex_unlock(&reaper.lock);
	}
}

int reaper_start(struct loop *l, struct err *e)
{
	pthread_condattr_t monotonic;
	sigset_t set;

	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(&reaper.reaped, &monotonic);
	pthread_condattr_destroy(&monotonic);
	if (prctl(PR_SET_CHILD_SUBREAPER, 1) < 0)
		return err_errno(e, errno, "become a child subreaper");
	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	reaper.signals = loop_signals(l, &set, on_child, NULL, e);
	return reaper.signals ? 0 : -1;
}

static uint64_t serial_now(void)
{
	uint64_t serial;

	pthread_mutex_lock(&reaper.lock);
	serial = reaper.serial;
	pthread_mutex_unlock(&reaper.lock);
	return serial;
}

static void waiter_add(struct waiter *w, uint64_t since)
{
	pthread_mutex_lock(&reaper.lock);
	for (size_t i = 0; i < RING; i++) {
		if (reaper.ring[i].pid == w->pid && reaper.ring[i].serial > since) {
			w->status = reaper.ring[i].status;
			w->done = true;
		}
	}
	w->next = reaper.waiters;
	reaper.waiters = w;
	pthread_mutex_unlock(&reaper.lock);
}

static void waiter_remove(struct waiter *w)
{
	struct waiter **p = &reaper.waiters;

	pthread_mutex_lock(&reaper.lock);
	while (*p != w)
		p = &(*p)->next;
	*p = w->next;
	pthread_mutex_unlock(&reaper.lock);
}

/* False when it is not done by then; `until` NULL waits for ever. */
static bool waiter_wait(struct waiter *w, const struct timespec *until)
{
	int r = 0;

	pthread_mutex_lock(&reaper.lock);
	while (!w->done && r == 0)
		r = until ? pthread_cond_timedwait(&reaper.reaped, &reaper.lock, until)
		          : pthread_cond_wait(&reaper.reaped, &reaper.lock);
	pthread_mutex_unlock(&reaper.lock);
	return w->done;
}

int reaper_run(const struct proc_spawn *s, int timeout_ms, struct err *e)
{
	uint64_t since = serial_now();
	_cleanup_close_ int pidfd = -1;
	struct timespec until;
	struct waiter w = { 0 };
	bool in_time;

	w.pid = proc_spawn(s, &pidfd, e);
	if (w.pid < 0)
		return -1;
	waiter_add(&w, since);
	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += timeout_ms / 1000;
	in_time = waiter_wait(&w, &until);
	if (!in_time && proc_pidfd_kill(pidfd, SIGKILL, e) == 0)
		waiter_wait(&w, NULL);
	waiter_remove(&w);
	if (!in_time)
		return err_set(e, ERR_DEADLINE, "%s did not end within %d s", s->argv[0],
		               timeout_ms / 1000);
	return WIFSIGNALED(w.status) ? 128 + WTERMSIG(w.status) : WEXITSTATUS(w.status);
}
