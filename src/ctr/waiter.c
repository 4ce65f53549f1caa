/* The thread that waits for a process's end. See io.h. */
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <time.h>
#include "ctr/io.h"
#include "base/fd.h"
#include "base/mem.h"

#define JOIN_S 2

struct ctr_waiter {
	struct ctr *c;
	struct ctr_process p;
	struct err err;
	pthread_t thread;
	int event; /* written by the thread, as its last act */
};

static void *wait_for_end(void *arg)
{
	struct ctr_waiter *w = arg;

	if (ctr_process_wait(w->c, &w->p, &w->err) < 0)
		w->p.exit_status = 255;
	eventfd_write(w->event, 1);
	return NULL;
}

struct ctr_waiter *ctr_waiter_new(struct ctr *c, const struct ctr_process *p, struct err *e)
{
	struct ctr_waiter *w = xalloc(sizeof(*w));
	int r;

	w->c = c;
	w->p = *p;
	w->event = eventfd(0, EFD_CLOEXEC);
	r = w->event < 0 ? errno : pthread_create(&w->thread, NULL, wait_for_end, w);
	if (r == 0)
		return w;
	err_errno(e, r, "wait for %s", p->id);
	fd_close(&w->event);
	free(w);
	return NULL;
}

int ctr_waiter_fd(const struct ctr_waiter *w)
{
	return w->event;
}

int ctr_waiter_result(struct ctr_waiter *w, struct err *e)
{
	if (w->err.kind) {
		*e = w->err;
		return -1;
	}
	return (int)w->p.exit_status;
}

/*
 * The process has ended or is gone, so the thread ends, too. Should the server not tell it, the
 * thread is left alone with what it uses: the program is about to end.
 */
void ctr_waiter_free(struct ctr_waiter *w)
{
	struct timespec end;

	if (!w)
		return;
	clock_gettime(CLOCK_REALTIME, &end);
	end.tv_sec += JOIN_S;
	if (pthread_timedjoin_np(w->thread, NULL, &end) != 0) {
		w->c->abandoned = true;
		return;
	}
	fd_close(&w->event);
	free(w);
}
