/* Bytes from one descriptor to another. See relay.h. */
#include "shim/relay.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <unistd.h>
#include "base/fd.h"
#include "base/mem.h"

#define BUFFER     8192
#define MAX_ROUNDS 16 /* of the buffer, before others get their turn */
#define HANGUP_MS  50 /* until a terminal that nobody has open is looked at again */

struct relay {
	struct loop *loop;
	int src, dst;
	struct loop_source *in, *out, *pause;
	enum relay_end end;
	bool over;
	void (*ended)(void *arg);
	void *arg;
	size_t off, len; /* of what waits in the buffer */
	char buffer[BUFFER];
};

static void run(struct relay *r);

static void on_ready(void *arg, unused_arg int fd, unused_arg uint32_t events)
{
	run(arg);
}

static void on_pause_over(void *arg)
{
	struct relay *r = arg;

	r->pause = NULL;
	run(r);
}

static void unwatch(struct loop_source **s)
{
	loop_remove(*s);
	*s = NULL;
}

/* EPOLLHUP comes without being asked for, so a side that is not wanted leaves the loop altogether. */
static void watch(struct relay *r, struct loop_source **s, int fd, uint32_t events)
{
	if (!*s)
		*s = loop_add(r->loop, fd, events, on_ready, r, NULL);
}

static void stop(struct relay *r)
{
	unwatch(&r->in);
	unwatch(&r->out);
	unwatch(&r->pause);
	fd_close(&r->src);
	fd_close(&r->dst);
	r->over = true;
}

enum step { STEP_DONE, STEP_WAIT_IN, STEP_WAIT_OUT, STEP_PAUSE, STEP_OVER };

static enum step fill(struct relay *r)
{
	ssize_t n = read(r->src, r->buffer, sizeof(r->buffer));

	if (n > 0) {
		r->off = 0;
		r->len = (size_t)n;
		return STEP_DONE;
	}
	if (n == 0)
		return STEP_OVER;
	if (errno == EINTR)
		return STEP_DONE;
	if (errno == EAGAIN)
		return r->end == RELAY_UNTIL_EMPTY ? STEP_OVER : STEP_WAIT_IN;
	return errno == EIO && r->end == RELAY_ENDLESS ? STEP_PAUSE : STEP_OVER;
}

static enum step drain(struct relay *r)
{
	ssize_t n = write(r->dst, r->buffer + r->off, r->len);

	if (n >= 0) {
		r->off += (size_t)n;
		r->len -= (size_t)n;
		return STEP_DONE;
	}
	if (errno == EINTR)
		return STEP_DONE;
	return errno == EAGAIN ? STEP_WAIT_OUT : STEP_OVER;
}

/* Stops between two fills only; not at all when nobody would wake us for what is left. */
static bool may_go_on(const struct relay *r, int round)
{
	return round < MAX_ROUNDS || r->len > 0 || r->end == RELAY_UNTIL_EMPTY;
}

static void run(struct relay *r)
{
	enum step step = STEP_DONE;

	for (int i = 0; step == STEP_DONE && may_go_on(r, i); i++)
		step = r->len ? drain(r) : fill(r);
	if (step == STEP_DONE)
		step = STEP_WAIT_IN;
	if (step == STEP_OVER) {
		stop(r);
		if (r->ended)
			r->ended(r->arg);
		return;
	}
	if (step == STEP_WAIT_IN)
		watch(r, &r->in, r->src, EPOLLIN);
	else
		unwatch(&r->in);
	if (step == STEP_WAIT_OUT)
		watch(r, &r->out, r->dst, EPOLLOUT);
	else
		unwatch(&r->out);
	if (step == STEP_PAUSE && !r->pause)
		r->pause = loop_timer(r->loop, HANGUP_MS, on_pause_over, r);
}

struct relay *relay_new(struct loop *l, int src, int dst, void (*ended)(void *arg), void *arg)
{
	struct relay *r = xnew(struct relay);

	r->loop = l;
	r->src = src;
	r->dst = dst;
	r->ended = ended;
	r->arg = arg;
	watch(r, &r->in, src, EPOLLIN);
	return r;
}

void relay_free(struct relay *r)
{
	if (!r)
		return;
	stop(r);
	free(r);
}

void relay_finish(struct relay *r, enum relay_end end)
{
	if (r->over)
		return;
	r->end = end;
	run(r);
}
