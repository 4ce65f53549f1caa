/* The ring and its clients. See events.h. */
#include "engine/events.h"
#include "http/http.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/socket.h>
#include <unistd.h>
#include "base/clock.h"
#include "base/fd.h"
#include "base/mem.h"
#include "api/inspect.h"

#define RING_SIZE 256

/* One thing that happened; immutable. Owned by the ring and by who is sending it at the moment. */
struct event {
	atomic_uint refs;
	struct arena arena;
	int64_t time;
	const char *type, *action, *id;
	struct json_map attributes;
	struct slice chunk; /* the JSON line as one HTTP chunk */
};

struct client {
	struct events *events;
	struct arena arena; /* of the filters */
	struct filters filters;
	int fd;
	int64_t since, until;
	uint64_t cursor; /* sequence number of the next event to look at */
	struct buf out; /* what the socket did not take yet: at most one event and the last chunk */
	bool ending;
	struct loop_source *source, *timer;
	struct client *prev, *next;
};

struct events {
	struct loop *loop;
	pthread_mutex_t lock; /* of ring, next and wake_posted */
	struct event *ring[RING_SIZE];
	uint64_t next; /* sequence number of the next event */
	bool wake_posted;
	struct client *clients; /* the loop's thread only */
	atomic_uint nclients;
};

struct events *events_new(struct loop *l)
{
	struct events *ev = xalloc(sizeof(*ev));

	ev->loop = l;
	pthread_mutex_init(&ev->lock, NULL);
	return ev;
}

unsigned events_clients(struct events *ev)
{
	return ev->nclients;
}

/* ---- events ---- */

static void event_unref(struct event *x)
{
	struct arena a;

	if (!x || atomic_fetch_sub(&x->refs, 1) != 1)
		return;
	a = x->arena; /* the event itself lies in its arena */
	arena_free(&a);
}

static struct slice as_chunk(struct arena *a, const struct api_event *json)
{
	_cleanup_buf_ struct buf line = { 0 };
	char *text;

	json_encode(&line, &api_event_type, json);
	buf_addc(&line, '\n');
	text = arena_printf(a, "%zx\r\n%s\r\n", line.len, line.data);
	return slice_of(text);
}

static void copy_attributes(struct arena *a, struct json_map *out, const struct json_map *in)
{
	for (size_t i = 0; in && i < in->n; i++)
		json_map_set(a, out, arena_strdup(a, in->v[i].key),
		             arena_strdup(a, in->v[i].value));
}

static struct event *event_new(const char *type, const char *action, const char *id,
                               const struct json_map *attributes)
{
	struct arena a = { 0 };
	struct event *x = arena_new(&a, struct event);
	struct api_actor actor;
	struct api_event json;
	bool container = str_eq(type, "container"), image = str_eq(type, "image");

	x->time = clock_now_ns();
	x->type = arena_strdup(&a, type);
	x->action = arena_strdup(&a, action);
	x->id = arena_strdup(&a, id);
	copy_attributes(&a, &x->attributes, attributes);
	actor = (struct api_actor){ .id = id, .attributes = x->attributes };
	json = (struct api_event){
		.type = type,
		.action = action,
		.actor = &actor,
		.scope = "local",
		.status = container || image ? action : NULL,
		.id = container || image ? id : NULL,
		.from = container ? json_map_get(&x->attributes, "image") : NULL,
		.time = x->time / NS_PER_S,
		.time_nano = x->time,
	};
	x->chunk = as_chunk(&a, &json);
	x->refs = 1;
	x->arena = a;
	return x;
}

/* The event with this number with a reference, or NULL when there is none (yet, or any more). */
static struct event *event_get(struct events *ev, uint64_t seq, bool *overtaken)
{
	struct event *x = NULL;

	pthread_mutex_lock(&ev->lock);
	*overtaken = seq + RING_SIZE < ev->next;
	if (!*overtaken && seq < ev->next) {
		x = ev->ring[seq % RING_SIZE];
		atomic_fetch_add(&x->refs, 1);
	}
	pthread_mutex_unlock(&ev->lock);
	return x;
}

static uint64_t oldest(struct events *ev)
{
	uint64_t seq;

	pthread_mutex_lock(&ev->lock);
	seq = ev->next > RING_SIZE ? ev->next - RING_SIZE : 0;
	pthread_mutex_unlock(&ev->lock);
	return seq;
}

/* ---- which events a client wants ---- */

static bool about(const struct client *c, const struct event *x, const char *type)
{
	const char *name;

	if (!filters_has(&c->filters, type))
		return true;
	if (!str_eq(x->type, type))
		return false;
	name = json_map_get(&x->attributes, "name");
	return filters_equal(&c->filters, type, x->id) || filters_equal(&c->filters, type, name) ||
	       filters_prefix(&c->filters, type, x->id);
}

/* "exec_start: sh" is the event "exec_start". */
static bool action_wanted(const struct client *c, const struct event *x)
{
	char word[64];

	str_copy(word, MIN(sizeof(word), strcspn(x->action, ":") + 1), x->action);
	return filters_equal(&c->filters, "event", x->action) ||
	       filters_equal(&c->filters, "event", word);
}

static bool wanted(const struct client *c, const struct event *x)
{
	static const char *const types[] = { "container", "image", "network", "volume", "daemon" };

	if (x->time < c->since || (c->until && x->time > c->until))
		return false;
	for (size_t i = 0; i < ARRAY_LEN(types); i++)
		if (!about(c, x, types[i]))
			return false;
	return filters_equal(&c->filters, "type", x->type) &&
	       filters_equal(&c->filters, "scope", "local") && action_wanted(c, x) &&
	       filters_labels(&c->filters, "label", &x->attributes);
}

/* ---- clients, in the loop's thread ---- */

static void client_free(struct client *c)
{
	struct events *ev = c->events;

	if (c->prev)
		c->prev->next = c->next;
	else
		ev->clients = c->next;
	if (c->next)
		c->next->prev = c->prev;
	loop_remove(c->source);
	loop_remove(c->timer);
	fd_close(&c->fd);
	buf_free(&c->out);
	arena_free(&c->arena);
	free(c);
	ev->nclients--;
}

/* Writes what is waiting. 1: all gone, 0: the socket is full, -1: the client is gone. */
static int client_flush(struct client *c)
{
	while (c->out.len > 0) {
		ssize_t n = send(c->fd, c->out.data, c->out.len, MSG_NOSIGNAL | MSG_DONTWAIT);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return errno == EAGAIN ? 0 : -1;
		buf_drop(&c->out, (size_t)n);
	}
	return 1;
}

/* Sends what the client has not seen. Frees it when it is done, gone or overtaken. */
static void client_run(struct client *c)
{
	int r;

	while ((r = client_flush(c)) > 0 && !c->ending) {
		bool overtaken;
		struct event *x = event_get(c->events, c->cursor, &overtaken);

		if (overtaken)
			r = -1;
		if (!x)
			break;
		if (wanted(c, x))
			buf_add(&c->out, x->chunk.data, x->chunk.len);
		c->cursor++;
		event_unref(x);
	}
	if (r < 0 || (r > 0 && c->ending) ||
	    loop_modify(c->source, EPOLLIN | (r == 0 ? EPOLLOUT : 0), NULL) < 0)
		client_free(c);
}

static void on_client(void *arg, int fd, uint32_t events)
{
	struct client *c = arg;

	if ((events & (EPOLLIN | EPOLLHUP | EPOLLERR)) && http_listener_left(fd)) {
		client_free(c);
		return;
	}
	client_run(c);
}

static void until_reached(void *arg)
{
	struct client *c = arg;

	c->timer = NULL;
	c->ending = true;
	buf_adds(&c->out, "0\r\n\r\n");
	client_run(c);
}

static void client_enter(void *arg)
{
	struct client *c = arg;
	struct events *ev = c->events;

	c->next = ev->clients;
	if (ev->clients)
		ev->clients->prev = c;
	ev->clients = c;
	ev->nclients++;
	c->source = loop_add(ev->loop, c->fd, EPOLLIN, on_client, c, NULL);
	if (!c->source) {
		client_free(c);
		return;
	}
	if (c->until) {
		int64_t ms = (c->until - clock_now_ns()) / NS_PER_MS;

		c->timer = loop_timer(ev->loop, MAX(ms, 0), until_reached, c);
	}
	client_run(c);
}

void events_follow(struct events *ev, int fd, const struct filters *f, int64_t since, int64_t until)
{
	struct client *c = xalloc(sizeof(*c));

	c->events = ev;
	c->fd = fd;
	c->until = until;
	for (size_t i = 0; i < f->names.n; i++) {
		struct json_strs_pair pair = { arena_strdup(&c->arena, f->names.v[i].key), { 0 } };

		for (size_t k = 0; k < f->names.v[i].value.n; k++)
			arena_push(&c->arena, &pair.value,
			           arena_strdup(&c->arena, f->names.v[i].value.v[k]));
		arena_push(&c->arena, &c->filters.names, pair);
	}
	c->since = since;
	pthread_mutex_lock(&ev->lock);
	c->cursor = ev->next;
	pthread_mutex_unlock(&ev->lock);
	if (since)
		c->cursor = oldest(ev);
	loop_post(ev->loop, client_enter, c);
}

/* ---- publishing ---- */

static void wake(void *arg)
{
	struct events *ev = arg;
	struct client *next;

	pthread_mutex_lock(&ev->lock);
	ev->wake_posted = false;
	pthread_mutex_unlock(&ev->lock);
	for (struct client *c = ev->clients; c; c = next) {
		next = c->next;
		client_run(c);
	}
}

void events_publish(struct events *ev, const char *type, const char *action, const char *id,
                    const struct json_map *attributes)
{
	struct event *x = event_new(type, action, id, attributes), *old;
	bool post;

	pthread_mutex_lock(&ev->lock);
	old = ev->ring[ev->next % RING_SIZE];
	ev->ring[ev->next++ % RING_SIZE] = x;
	post = !ev->wake_posted && ev->nclients > 0;
	ev->wake_posted |= post;
	pthread_mutex_unlock(&ev->lock);
	event_unref(old);
	if (post)
		loop_post(ev->loop, wake, ev);
}
