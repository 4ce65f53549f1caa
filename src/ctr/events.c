/* ctr events: every event of every namespace, a line each, until somebody ends it. */
#include <stdio.h>
#include "ctr/ctr.h"
#include "base/clock.h"
#include "base/str.h"
#include "proto/event_service.pb-c.h"

/* As Go prints a time. */
static const char *time_text(struct ctr *c, const Google__Timestamp *t)
{
	char text[CLOCK_TEXT_SIZE];

	clock_format(text, wkt_timestamp_ns(t));
	return arena_printf(&c->a, "%.10s %.*s +0000 UTC", text, (int)strcspn(text + 11, "Z"),
	                    text + 11);
}

static void print_event(struct ctr *c, const Types__Envelope *envelope)
{
	const void *event = wkt_event_unpack(&c->a, envelope->event);

	printf("%s %s %s %s\n", time_text(c, envelope->timestamp), ctr_text(envelope->namespace_),
	       ctr_text(envelope->topic), event ? ctr_message_json(c, event) : "");
	fflush(stdout);
}

/* Each event has an arena of its own: there is no end of them. */
static int next(struct grpc_stream *s, struct err *e)
{
	struct ctr once = { 0 };
	void *message;
	int r = grpc_stream_recv(s, &once.a, &message, e);

	if (r > 0)
		print_event(&once, message);
	arena_free(&once.a);
	return r;
}

static int follow(struct ctr *c, struct grpc_stream *s, struct err *e)
{
	EventService__SubscribeRequest req = EVENT_SERVICE__SUBSCRIBE_REQUEST__INIT;
	int r;

	req.n_filters = c->args.n;
	req.filters = c->args.v;
	if (grpc_stream_send(s, &req, e) < 0 || grpc_stream_close_send(s, e) < 0)
		return -1;
	while ((r = next(s, e)) > 0)
		;
	return r;
}

int ctr_events(struct ctr *c, struct err *e)
{
	struct grpc_stream *s = grpc_stream_open(c->client, NULL, RPC_EVENTS_SUBSCRIBE, e);
	int r = s ? follow(c, s, e) : -1;

	if (s)
		grpc_stream_free(s);
	return r;
}
