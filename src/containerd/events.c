/*
 * containerd.services.events.v1.Events: Publish, Forward, Subscribe; and Forward of the ttrpc
 * service that shims call, which has the same message under another name.
 */
#include "base/clock.h"
#include "containerd/exchange.h"
#include "containerd/request.h"
#include "containerd/services.h"
#include "proto/event_service.pb-c.h"
#include "proto/forward.pb-c.h"
#include "rpc/wkt.h"

static int events_publish(struct rpc_call *call, const void *reqp, unused_arg void *resp,
                          struct err *e)
{
	const EventService__PublishRequest *req = reqp;
	const char *ns = request_namespace(call, e);
	Types__Envelope env = TYPES__ENVELOPE__INIT;

	if (!ns)
		return -1;
	env.timestamp = wkt_timestamp(rpc_call_arena(call), clock_now_ns());
	env.namespace_ = ns;
	env.topic = req->topic;
	env.event = req->event;
	return exchange_forward(request_daemon(call)->events, &env, e);
}

static int events_forward(struct rpc_call *call, const void *reqp, unused_arg void *resp,
                          struct err *e)
{
	const EventService__ForwardRequest *req = reqp;

	return exchange_forward(request_daemon(call)->events, req->envelope, e);
}

static int events_subscribe(struct rpc_call *call, const void *reqp, unused_arg void *resp,
                            struct err *e)
{
	const EventService__SubscribeRequest *req = reqp;

	return exchange_subscribe(request_daemon(call)->events, call, req->n_filters,
	                          (const char *const *)req->filters, e);
}

SERVICE_ROUTES(events, { RPC_EVENTS_PUBLISH, events_publish },
               { RPC_EVENTS_FORWARD, events_forward }, { RPC_EVENTS_SUBSCRIBE, events_subscribe })

static int ttrpc_forward(struct rpc_call *call, const void *reqp, unused_arg void *resp,
                         struct err *e)
{
	const Forward__ForwardRequest *req = reqp;

	return exchange_forward(request_daemon(call)->events, req->envelope, e);
}

SERVICE_ROUTES(ttrpc, { RPC_FORWARD, ttrpc_forward })
