/* The event exchange. See exchange.h. The lock guards the list; nothing under it blocks. */
#include "containerd/exchange.h"

#include <pthread.h>
#include <stdlib.h>
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "containerd/event_field.h"
#include "containerd/filter.h"
#include "containerd/request.h"
#include "rpc/grpc_server.h"
#include "rpc/wkt.h"

struct subscriber {
	struct rpc_call *call;
	struct filter *filter;
	struct subscriber *next, **at; /* at NULL: not in the list any more */
	struct exchange *exchange;
};

struct exchange {
	pthread_mutex_t lock;
	struct subscriber *subscribers;
	exchange_listener *listener;
	void *listener_arg;
};

struct exchange *exchange_new(void)
{
	struct exchange *x = xalloc(sizeof(*x));

	pthread_mutex_init(&x->lock, NULL);
	return x;
}

void exchange_listen(struct exchange *x, exchange_listener *fn, void *arg)
{
	x->listener = fn;
	x->listener_arg = arg;
}

/* ---- subscribers ---- */

/* Whoever takes a subscriber out of the list finishes its call; with the lock held. */
static bool take_out(struct subscriber *s)
{
	if (!s->at)
		return false;
	*s->at = s->next;
	if (s->next)
		s->next->at = s->at;
	s->at = NULL;
	return true;
}

static void finish(struct subscriber *s, const struct err *e)
{
	filter_free(s->filter);
	rpc_call_finish(s->call, NULL, e); /* s lives in the call's arena */
}

static void on_cancel(unused_arg struct rpc_call *call, void *arg)
{
	struct subscriber *s = arg;
	struct err e = { 0 };
	bool mine;

	pthread_mutex_lock(&s->exchange->lock);
	mine = take_out(s);
	pthread_mutex_unlock(&s->exchange->lock);
	err_set(&e, ERR_CANCELED, "context canceled");
	if (mine)
		finish(s, &e);
}

int exchange_subscribe(struct exchange *x, struct rpc_call *call, size_t n,
                       const char *const *filters, struct err *e)
{
	struct subscriber *s = arena_new(rpc_call_arena(call), struct subscriber);

	if (filter_parse(n, filters, &s->filter, e) < 0)
		return -1;
	s->call = call;
	s->exchange = x;
	pthread_mutex_lock(&x->lock);
	s->next = x->subscribers;
	if (s->next)
		s->next->at = &s->next;
	s->at = &x->subscribers;
	x->subscribers = s;
	pthread_mutex_unlock(&x->lock);
	rpc_call_on_cancel(call, on_cancel, s);
	return RPC_LATER;
}

/* ---- publishing ---- */

static void send_all(struct exchange *x, const Types__Envelope *env)
{
	struct subscriber *gone = NULL, *next;
	struct err e = { 0 };

	pthread_mutex_lock(&x->lock);
	for (struct subscriber *s = x->subscribers; s; s = next) {
		next = s->next;
		if (filter_match(s->filter, event_field, env) &&
		    grpc_call_queue(s->call, env, &e) < 0 && take_out(s)) {
			s->next = gone;
			gone = s;
		}
	}
	pthread_mutex_unlock(&x->lock);
	for (; gone; gone = next) {
		next = gone->next;
		finish(gone, &e);
	}
}

static int topic_check(const char *topic, struct err *e)
{
	if (str_empty(topic))
		return err_set(e, ERR_INVALID, "topic must not be empty: invalid argument");
	if (topic[0] != '/')
		return err_set(e, ERR_INVALID, "topic \"%s\" must start with '/': invalid argument",
		               topic);
	if (!topic[1])
		return err_set(e, ERR_INVALID,
		               "topic \"%s\" must have at least one component: invalid argument",
		               topic);
	return 0;
}

int exchange_forward(struct exchange *x, const Types__Envelope *env, struct err *e)
{
	if (!env)
		return err_set(e, ERR_INVALID, "envelope is required: invalid argument");
	if (identifier_check(env->namespace_, e) < 0)
		return err_wrap(e, "event envelope has invalid namespace");
	if (topic_check(env->topic, e) < 0)
		return err_wrap(e, "envelope topic \"%s\"", field_text(env->topic));
	if (!env->timestamp)
		return err_set(e, ERR_INVALID,
		               "timestamp must be set on forwarded event: invalid argument");
	if (x->listener)
		x->listener(x->listener_arg, env);
	send_all(x, env);
	return 0;
}

void exchange_publish(struct exchange *x, const char *ns, const char *topic, const void *event)
{
	_cleanup_arena_ struct arena a = { 0 };
	Types__Envelope env = TYPES__ENVELOPE__INIT;
	struct err e = { 0 };

	env.timestamp = wkt_timestamp(&a, clock_now_ns());
	env.namespace_ = ns;
	env.topic = topic;
	env.event = wkt_any(&a, event);
	if (exchange_forward(x, &env, &e) < 0)
		log_warn_of(&e, "publish %s", topic);
}
