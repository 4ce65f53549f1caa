/* The reaper. See reaper.h. */
#include "shim/reaper.h"

#include <stdlib.h>
#include <sys/wait.h>
#include "base/clock.h"
#include "base/mem.h"

struct watch {
	pid_t pid;
	reaper_fn *fn;
	void *arg;
	struct watch *next;
};

struct ended {
	pid_t pid;
	uint32_t status;
	int64_t when;
	struct ended *next;
};

struct reaper {
	struct loop_source *signals;
	struct watch *watches;
	struct ended *early; /* newest first */
	unsigned kept;
};

static struct watch *take_watch(struct reaper *r, pid_t pid)
{
	for (struct watch **p = &r->watches; *p; p = &(*p)->next) {
		struct watch *w = *p;

		if (w->pid == pid) {
			*p = w->next;
			return w;
		}
	}
	return NULL;
}

static void remember(struct reaper *r, pid_t pid, uint32_t status)
{
	struct ended *d = xnew(struct ended);

	*d = (struct ended){ pid, status, clock_now_ns(), r->early };
	r->early = d;
}

static void reaped(struct reaper *r, pid_t pid, uint32_t status)
{
	struct watch *w = take_watch(r, pid);

	if (w) {
		w->fn(w->arg, pid, status, clock_now_ns());
		free(w);
	} else if (r->kept > 0) {
		remember(r, pid, status);
	}
}

/* One SIGCHLD may stand for many children. */
static void on_child(void *arg, unused_arg const struct signalfd_siginfo *si)
{
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
		reaped(arg, pid,
		       (uint32_t)(WIFSIGNALED(status) ? 128 + WTERMSIG(status)
		                                      : WEXITSTATUS(status)));
}

struct reaper *reaper_new(struct loop *l, struct err *e)
{
	struct reaper *r = xnew(struct reaper);
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	r->signals = loop_signals(l, &set, on_child, r, e);
	if (!r->signals) {
		free(r);
		return NULL;
	}
	return r;
}

static struct ended *take_early(struct reaper *r, pid_t pid)
{
	for (struct ended **p = &r->early; *p; p = &(*p)->next) {
		struct ended *d = *p;

		if (d->pid == pid) {
			*p = d->next;
			return d;
		}
	}
	return NULL;
}

static void add_watch(struct reaper *r, pid_t pid, reaper_fn *fn, void *arg)
{
	struct watch *w = xnew(struct watch);

	*w = (struct watch){ pid, fn, arg, r->watches };
	r->watches = w;
}

void reaper_watch(struct reaper *r, pid_t pid, reaper_fn *fn, void *arg)
{
	free(take_early(r, pid)); /* of another child that had this pid before */
	add_watch(r, pid, fn, arg);
}

void reaper_adopt(struct reaper *r, pid_t pid, reaper_fn *fn, void *arg)
{
	struct ended *d = take_early(r, pid);

	if (!d) {
		add_watch(r, pid, fn, arg);
		return;
	}
	fn(arg, pid, d->status, d->when);
	free(d);
}

void reaper_forget(struct reaper *r, pid_t pid)
{
	free(take_watch(r, pid));
}

void reaper_keep(struct reaper *r)
{
	r->kept++;
}

void reaper_release(struct reaper *r)
{
	if (--r->kept > 0)
		return;
	for (struct ended *next; r->early; r->early = next) {
		next = r->early->next;
		free(r->early);
	}
}
