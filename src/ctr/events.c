/* ctr events: every event of every namespace, a line each, until somebody ends it. */
#include <stdio.h>
#include "ctr/ctr.h"
#include "base/clock.h"
#include "base/str.h"
#include "proto/event_service.pb-c.h"
#include "proto/images.pb-c.h"
#include "proto/service_events.pb-c.h"
#include "proto/task_events.pb-c.h"

static const ProtobufCMessageDescriptor *const kinds[] = {
	&events__task_create__descriptor,       &events__task_start__descriptor,
	&events__task_delete__descriptor,       &events__task_exit__descriptor,
	&events__task_oom__descriptor,          &events__task_exec_added__descriptor,
	&events__task_exec_started__descriptor, &events__task_paused__descriptor,
	&events__task_resumed__descriptor,      &events__task_checkpointed__descriptor,
	&events__container_create__descriptor,  &events__container_update__descriptor,
	&events__container_delete__descriptor,  &events__content_create__descriptor,
	&events__content_delete__descriptor,    &events__namespace_create__descriptor,
	&events__namespace_update__descriptor,  &events__namespace_delete__descriptor,
	&events__snapshot_prepare__descriptor,  &events__snapshot_commit__descriptor,
	&events__snapshot_remove__descriptor,   &images__image_create__descriptor,
	&images__image_update__descriptor,      &images__image_delete__descriptor,
};

/* NULL for an event that we do not know. */
static const void *unpack(struct ctr *c, const Google__Any *any)
{
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
		struct err e = { 0 };
		const void *m = wkt_any_unpack(&c->a, kinds[i], any, &e);

		if (m)
			return m;
	}
	return NULL;
}

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
	const void *event = envelope->event ? unpack(c, envelope->event) : NULL;

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
