/* Worker threads. See workers.h. The lock guards everything; jobs run without it. */
#include "base/workers.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <time.h>

/* One thread stays for the next job; others end after this long without one. */
#define IDLE_SECONDS 5

struct job {
	void (*fn)(void *arg);
	void *arg;
	struct job *next;
};

struct workers {
	pthread_mutex_t lock;
	pthread_cond_t work, ended;
	pthread_attr_t attr;
	size_t max, threads, idle, queued;
	bool closing;
	struct job *first, **last;
};

struct workers *workers_new(size_t max, size_t stack)
{
	struct workers *w = calloc(1, sizeof(*w));
	pthread_condattr_t monotonic;

	if (!w)
		abort();
	w->max = max;
	w->last = &w->first;
	pthread_mutex_init(&w->lock, NULL);
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(&w->work, &monotonic);
	pthread_cond_init(&w->ended, NULL);
	pthread_condattr_destroy(&monotonic);
	pthread_attr_init(&w->attr);
	pthread_attr_setstacksize(&w->attr, stack);
	pthread_attr_setdetachstate(&w->attr, PTHREAD_CREATE_DETACHED);
	return w;
}

static struct job *take_job(struct workers *w)
{
	struct job *j = w->first;

	if (!j)
		return NULL;
	w->first = j->next;
	if (!w->first)
		w->last = &w->first;
	w->queued--;
	return j;
}

/* Waits for a job; NULL when this thread should end. */
static struct job *next_job(struct workers *w)
{
	struct timespec until;
	struct job *j;
	int r = 0;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += IDLE_SECONDS;
	w->idle++;
	while (!(j = take_job(w)) && !w->closing && (r != ETIMEDOUT || w->threads == 1))
		r = w->threads == 1 ? pthread_cond_wait(&w->work, &w->lock)
		                    : pthread_cond_timedwait(&w->work, &w->lock, &until);
	w->idle--;
	return j;
}

static void *worker(void *arg)
{
	struct workers *w = arg;
	struct job *j;

	pthread_mutex_lock(&w->lock);
	while ((j = next_job(w))) {
		pthread_mutex_unlock(&w->lock);
		j->fn(j->arg);
		free(j);
		pthread_mutex_lock(&w->lock);
	}
	w->threads--;
	pthread_cond_signal(&w->ended);
	pthread_mutex_unlock(&w->lock);
	return NULL;
}

/* A thread that cannot be made is no error while others live: the job waits for one of them. */
static void start_thread(struct workers *w)
{
	sigset_t all, old;
	pthread_t t;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	if (pthread_create(&t, &w->attr, worker, w) == 0)
		w->threads++;
	else if (w->threads == 0)
		abort();
	pthread_sigmask(SIG_SETMASK, &old, NULL);
}

void workers_run(struct workers *w, void (*fn)(void *arg), void *arg)
{
	struct job *j = calloc(1, sizeof(*j));

	if (!j)
		abort();
	j->fn = fn;
	j->arg = arg;
	pthread_mutex_lock(&w->lock);
	*w->last = j;
	w->last = &j->next;
	w->queued++;
	if (w->queued > w->idle && w->threads < w->max)
		start_thread(w);
	pthread_cond_signal(&w->work);
	pthread_mutex_unlock(&w->lock);
}

void workers_free(struct workers *w)
{
	if (!w)
		return;
	pthread_mutex_lock(&w->lock);
	w->closing = true;
	pthread_cond_broadcast(&w->work);
	while (w->threads > 0)
		pthread_cond_wait(&w->ended, &w->lock);
	pthread_mutex_unlock(&w->lock);
	pthread_mutex_destroy(&w->lock);
	pthread_cond_destroy(&w->work);
	pthread_cond_destroy(&w->ended);
	pthread_attr_destroy(&w->attr);
	free(w);
}
