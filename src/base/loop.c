/*
 * The event loop. See loop.h. Timers are a sorted list (there are few); posted calls come through
 * an eventfd; removed sources are freed after the batch of events that may still name them.
 */
#include "base/loop.h"

#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>
#include "base/clock.h"
#include "base/fd.h"
#include "base/mem.h"

enum source_kind { SOURCE_FD, SOURCE_TIMER, SOURCE_SIGNALS, SOURCE_GONE };

struct loop_source {
	struct loop *loop;
	enum source_kind kind;
	int fd; /* SOURCE_SIGNALS owns it, SOURCE_FD borrows it */
	union {
		loop_fd_fn *on_fd;
		loop_fn *on_timer;
		loop_signal_fn *on_signal;
	};
	void *arg;
	int64_t due_ms;
	struct loop_source *next; /* in the timer list or the list of the gone */
};

struct posted {
	loop_fn *fn;
	void *arg;
	struct posted *next;
};

struct loop {
	int epoll, wake;
	bool stop;
	struct loop_source *timers; /* soonest first */
	struct loop_source *gone;
	struct loop_source *wake_source;
	pthread_mutex_t lock; /* guards posted */
	struct posted *posted, **posted_tail;
};

static void run_posted(void *arg, int fd, unused_arg uint32_t events)
{
	struct loop *l = arg;
	struct posted *p, *next;
	uint64_t count;

	if (read(fd, &count, sizeof(count)) < 0 && errno != EAGAIN)
		abort();
	pthread_mutex_lock(&l->lock);
	p = l->posted;
	l->posted = NULL;
	l->posted_tail = &l->posted;
	pthread_mutex_unlock(&l->lock);
	for (; p; p = next) {
		next = p->next;
		p->fn(p->arg);
		free(p);
	}
}

struct loop *loop_new(struct err *e)
{
	struct loop *l = xalloc(sizeof(*l));

	l->posted_tail = &l->posted;
	pthread_mutex_init(&l->lock, NULL);
	l->epoll = epoll_create1(EPOLL_CLOEXEC);
	l->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (l->epoll < 0 || l->wake < 0) {
		err_errno(e, errno, "create event loop");
		loop_free(l);
		return NULL;
	}
	l->wake_source = loop_add(l, l->wake, EPOLLIN, run_posted, l, e);
	if (!l->wake_source) {
		loop_free(l);
		return NULL;
	}
	return l;
}

static void free_list(struct loop_source **list)
{
	struct loop_source *s = *list, *next;

	for (; s; s = next) {
		next = s->next;
		free(s);
	}
	*list = NULL;
}

void loop_free(struct loop *l)
{
	if (!l)
		return;
	loop_remove(l->wake_source);
	free_list(&l->timers);
	free_list(&l->gone);
	for (struct posted *p = l->posted, *next; p; p = next) {
		next = p->next;
		free(p);
	}
	fd_close(&l->epoll);
	fd_close(&l->wake);
	pthread_mutex_destroy(&l->lock);
	free(l);
}

static struct loop_source *add_source(struct loop *l, enum source_kind kind, int fd,
                                      uint32_t events, struct err *e)
{
	struct loop_source *s = xalloc(sizeof(*s));
	struct epoll_event ev = { .events = events, .data.ptr = s };

	s->loop = l;
	s->kind = kind;
	s->fd = fd;
	if (epoll_ctl(l->epoll, EPOLL_CTL_ADD, fd, &ev) < 0) {
		err_errno(e, errno, "watch descriptor %d", fd);
		free(s);
		return NULL;
	}
	return s;
}

struct loop_source *loop_add(struct loop *l, int fd, uint32_t events, loop_fd_fn *fn, void *arg,
                             struct err *e)
{
	struct loop_source *s = add_source(l, SOURCE_FD, fd, events, e);

	if (s) {
		s->on_fd = fn;
		s->arg = arg;
	}
	return s;
}

int loop_modify(struct loop_source *s, uint32_t events, struct err *e)
{
	struct epoll_event ev = { .events = events, .data.ptr = s };

	if (epoll_ctl(s->loop->epoll, EPOLL_CTL_MOD, s->fd, &ev) < 0)
		return err_errno(e, errno, "watch descriptor %d", s->fd);
	return 0;
}

static void unlink_timer(struct loop *l, struct loop_source *s)
{
	for (struct loop_source **p = &l->timers; *p; p = &(*p)->next) {
		if (*p == s) {
			*p = s->next;
			return;
		}
	}
}

void loop_remove(struct loop_source *s)
{
	struct loop *l = s ? s->loop : NULL;

	if (!s || s->kind == SOURCE_GONE)
		return;
	if (s->kind == SOURCE_TIMER)
		unlink_timer(l, s);
	else
		epoll_ctl(l->epoll, EPOLL_CTL_DEL, s->fd, NULL);
	if (s->kind == SOURCE_SIGNALS)
		fd_close(&s->fd);
	s->kind = SOURCE_GONE;
	s->next = l->gone;
	l->gone = s;
}

struct loop_source *loop_timer(struct loop *l, int64_t ms, loop_fn *fn, void *arg)
{
	struct loop_source *s = xalloc(sizeof(*s)), **p = &l->timers;

	s->loop = l;
	s->kind = SOURCE_TIMER;
	s->on_timer = fn;
	s->arg = arg;
	s->due_ms = clock_mono_ms() + ms;
	while (*p && (*p)->due_ms <= s->due_ms)
		p = &(*p)->next;
	s->next = *p;
	*p = s;
	return s;
}

struct loop_source *loop_signals(struct loop *l, const sigset_t *set, loop_signal_fn *fn, void *arg,
                                 struct err *e)
{
	struct loop_source *s;
	int fd;

	pthread_sigmask(SIG_BLOCK, set, NULL);
	fd = signalfd(-1, set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (fd < 0) {
		err_errno(e, errno, "watch signals");
		return NULL;
	}
	s = add_source(l, SOURCE_SIGNALS, fd, EPOLLIN, e);
	if (!s) {
		fd_close(&fd);
		return NULL;
	}
	s->on_signal = fn;
	s->arg = arg;
	return s;
}

void loop_post(struct loop *l, loop_fn *fn, void *arg)
{
	struct posted *p = xalloc(sizeof(*p));
	uint64_t one = 1;

	p->fn = fn;
	p->arg = arg;
	pthread_mutex_lock(&l->lock);
	*l->posted_tail = p;
	l->posted_tail = &p->next;
	pthread_mutex_unlock(&l->lock);
	while (write(l->wake, &one, sizeof(one)) < 0 && errno == EINTR)
		;
}

static void dispatch_signals(struct loop_source *s)
{
	struct signalfd_siginfo si;

	while (s->kind == SOURCE_SIGNALS && read(s->fd, &si, sizeof(si)) == (ssize_t)sizeof(si))
		s->on_signal(s->arg, &si);
}

static void dispatch(struct loop_source *s, uint32_t events)
{
	if (s->kind == SOURCE_FD)
		s->on_fd(s->arg, s->fd, events);
	else if (s->kind == SOURCE_SIGNALS)
		dispatch_signals(s);
}

static void run_timers(struct loop *l)
{
	int64_t now = clock_mono_ms();

	while (l->timers && l->timers->due_ms <= now) {
		struct loop_source *s = l->timers;
		loop_fn *fn = s->on_timer;
		void *arg = s->arg;

		loop_remove(s);
		fn(arg);
	}
}

static int next_timeout(const struct loop *l)
{
	int64_t left;

	if (!l->timers)
		return -1;
	left = l->timers->due_ms - clock_mono_ms();
	return left < 0 ? 0 : left > 3600000 ? 3600000 : (int)left;
}

int loop_run(struct loop *l, struct err *e)
{
	struct epoll_event ev[64];

	l->stop = false;
	while (!l->stop) {
		int n = epoll_wait(l->epoll, ev, ARRAY_LEN(ev), next_timeout(l));

		if (n < 0 && errno != EINTR)
			return err_errno(e, errno, "wait for events");
		for (int i = 0; i < n; i++)
			dispatch(ev[i].data.ptr, ev[i].events);
		run_timers(l);
		free_list(&l->gone);
	}
	return 0;
}

void loop_stop(struct loop *l)
{
	l->stop = true;
}
