/*
 * Who looks at what containers use, and the readings for them. See stats.h.
 *
 *     loop: tick ─▶ thread: read every watched container ─▶ loop: deliver, next tick
 *
 * The thread owns the round that it is given; meanwhile the loop goes on, and clients may come and go.
 * A container that nobody looked at before is read at once, in a round for such newcomers alone.
 */
#include "engine/container/stats.h"
#include "http/http.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include "base/clock.h"
#include "base/fd.h"
#include "base/mem.h"

#define INTERVAL_MS 1000
#define SHORTEST_NS (NS_PER_S / 2) /* between two readings that are compared */

/* A container that is looked at. */
struct watched {
	struct container *c;        /* a reference */
	struct stats_source source; /* the reading thread's while a round runs */
	struct arena arena;         /* of last */
	struct api_stats *last;     /* reading; NULL: none yet */
	unsigned clients;
	struct watched *next;
};

struct client {
	struct stats *stats;
	struct watched *watched;
	int fd;
	bool once, ending;
	bool served; /* it has had a document: the next one has a time before */
	struct loop_source *source;
	struct buf out; /* what the socket did not take yet */
	struct client *prev, *next;
};

/* Everything but what a round holds belongs to the loop's thread. */
struct stats {
	struct engine *engine;
	struct watched *watched;
	struct client *clients;
	struct loop_source *tick;
	int64_t due_ms;      /* when all are to be read again */
	struct round *round; /* that is being read */
};

/* One reading of all. */
struct round {
	struct stats *stats;
	struct arena arena;
	struct {
		size_t n;
		struct reading {
			struct watched *watched;
			struct api_stats stats;
		} * v;
	} readings;
};

struct stats *stats_new(struct engine *g)
{
	struct stats *s = xalloc(sizeof(*s));

	s->engine = g;
	return s;
}

/* ---- watched containers ---- */

static struct watched *watch(struct stats *s, struct container *c)
{
	struct watched *w = s->watched;

	while (w && w->c != c)
		w = w->next;
	if (!w) {
		w = xalloc(sizeof(*w));
		w->c = container_ref(c);
		w->next = s->watched;
		s->watched = w;
	}
	w->clients++;
	return w;
}

/* Forgets those that nobody looks at any more; never while a round reads them. */
static void sweep(struct stats *s)
{
	struct watched **at = &s->watched;

	while (*at && !s->round) {
		struct watched *w = *at;

		if (w->clients > 0) {
			at = &w->next;
			continue;
		}
		*at = w->next;
		stats_source_free(&w->source);
		arena_free(&w->arena);
		container_unref(w->c);
		free(w);
	}
}

/* ---- clients ---- */

static void client_free(struct client *c)
{
	struct stats *s = c->stats;

	if (c->prev)
		c->prev->next = c->next;
	else
		s->clients = c->next;
	if (c->next)
		c->next->prev = c->prev;
	c->watched->clients--;
	loop_remove(c->source);
	fd_close(&c->fd);
	buf_free(&c->out);
	free(c);
}

/* Sends what waits. False when the client is freed: gone, or told everything. */
static bool client_flush(struct client *c)
{
	ssize_t n = 0;

	while (c->out.len > 0 && n >= 0) {
		n = send(c->fd, c->out.data, c->out.len, MSG_NOSIGNAL | MSG_DONTWAIT);
		if (n > 0)
			buf_drop(&c->out, (size_t)n);
		else if (n < 0 && errno == EINTR)
			n = 0;
	}
	if ((n < 0 && errno != EAGAIN) || (c->ending && c->out.len == 0) ||
	    loop_modify(c->source, EPOLLIN | (c->out.len ? EPOLLOUT : 0), NULL) < 0) {
		client_free(c);
		return false;
	}
	return true;
}

static void on_client(void *arg, int fd, uint32_t events)
{
	struct client *c = arg;

	if ((events & (EPOLLIN | EPOLLHUP | EPOLLERR)) && http_listener_left(fd)) {
		client_free(c);
		return;
	}
	client_flush(c);
}

static void queue(struct client *c, const struct api_stats *s)
{
	_cleanup_buf_ struct buf line = { 0 };

	json_encode(&line, &api_stats_type, s);
	buf_addc(&line, '\n');
	buf_printf(&c->out, "%zx\r\n", line.len);
	buf_add(&c->out, line.data, line.len);
	buf_adds(&c->out, "\r\n");
}

static void client_end(struct client *c)
{
	c->ending = true;
	buf_adds(&c->out, "0\r\n\r\n");
}

/* A client that has not taken the last document does not get this one. */
static void client_deliver(struct client *c, const struct api_stats *now)
{
	const struct api_stats *before = c->watched->last;
	struct api_stats s = *now;
	/* One that runs no more has no time of reading. */
	bool can_compare = before && (!now->read || now->read - before->read >= SHORTEST_NS);

	if (before && (c->once || c->served))
		stats_set_previous(&s, before);
	if (c->out.len == 0 && (!c->once || can_compare))
		queue(c, &s);
	c->served = true;
	if ((c->once && can_compare) ||
	    containers_gone(c->stats->engine->containers, c->watched->c->id))
		client_end(c);
	client_flush(c);
}

/* ---- rounds ---- */

static void plan(struct stats *s);

static void deliver_one(struct stats *s, const struct reading *r)
{
	struct watched *w = r->watched;

	for (struct client *c = s->clients, *next; c; c = next) {
		next = c->next;
		if (c->watched == w)
			client_deliver(c, &r->stats);
	}
	arena_free(&w->arena);
	w->arena = (struct arena){ 0 };
	w->last = json_copy(&w->arena, &api_stats_type, &r->stats);
}

static void deliver(void *arg)
{
	struct round *r = arg;
	struct stats *s = r->stats;

	for (size_t i = 0; i < r->readings.n; i++)
		deliver_one(s, &r->readings.v[i]);
	s->round = NULL;
	arena_free(&r->arena);
	free(r);
	plan(s);
}

static void *read_all(void *arg)
{
	struct round *r = arg;

	for (size_t i = 0; i < r->readings.n; i++) {
		struct watched *w = r->readings.v[i].watched;

		stats_read(w->c, &w->source, &r->arena, &r->readings.v[i].stats);
	}
	loop_post(r->stats->engine->loop, deliver, r);
	return NULL;
}

static void start_round(struct stats *s, bool newcomers_only)
{
	struct round *r = s->round = calloc(1, sizeof(*r));

	if (!r)
		abort();
	r->stats = s;
	for (struct watched *w = s->watched; w; w = w->next)
		if (!newcomers_only || !w->last)
			arena_push(&r->arena, &r->readings, (struct reading){ .watched = w });
	engine_thread(read_all, r);
}

static void tick(void *arg)
{
	struct stats *s = arg;

	s->tick = NULL;
	s->due_ms = clock_mono_ms() + INTERVAL_MS;
	start_round(s, false);
}

/* What comes next: newcomers at once, all when it is time, nothing without clients. */
static void plan(struct stats *s)
{
	int64_t now = clock_mono_ms();
	bool newcomers = false;

	if (s->round)
		return;
	sweep(s);
	loop_remove(s->tick);
	s->tick = NULL;
	for (struct watched *w = s->watched; w; w = w->next)
		newcomers |= !w->last;
	if (newcomers)
		start_round(s, true);
	else if (s->watched)
		s->tick = loop_timer(s->engine->loop, MAX(s->due_ms - now, 0), tick, s);
}

/* ---- coming ---- */

struct newcomer {
	struct stats *stats;
	struct container *c; /* a reference */
	int fd;
	bool once;
};

static void enter(void *arg)
{
	struct newcomer *n = arg;
	struct stats *s = n->stats;
	struct client *c = xalloc(sizeof(*c));

	c->stats = s;
	c->fd = n->fd;
	c->once = n->once;
	c->watched = watch(s, n->c);
	c->next = s->clients;
	if (s->clients)
		s->clients->prev = c;
	s->clients = c;
	c->source = loop_add(s->engine->loop, c->fd, EPOLLIN, on_client, c, NULL);
	if (!c->source)
		client_free(c);
	if (!s->tick && !s->round) /* the first one */
		s->due_ms = clock_mono_ms() + INTERVAL_MS;
	plan(s);
	container_unref(n->c);
	free(n);
}

void stats_follow(struct stats *s, struct container *c, int fd, bool once)
{
	struct newcomer *n = malloc(sizeof(*n));

	if (!n)
		abort();
	*n = (struct newcomer){ s, container_ref(c), fd, once };
	loop_post(s->engine->loop, enter, n);
}
