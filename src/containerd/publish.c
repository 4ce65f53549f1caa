/* `containerd publish`. See publish.h. */
#include "containerd/publish.h"

#include "base/fd.h"
#include "base/limits.h"
#include "base/str.h"
#include "proto/event_service.pb-c.h"
#include "rpc/grpc_client.h"
#include "rpc/wkt.h"

#define TIMEOUT_MS 10000

int publish_event(const char *address, const char *ns, const char *topic, int fd, struct err *e)
{
	_cleanup_arena_ struct arena a = { 0 };
	EventService__PublishRequest req = EVENT_SERVICE__PUBLISH_REQUEST__INIT;
	char *text = arena_alloc(&a, LIMIT_TTRPC_MESSAGE);
	struct grpc_opts o = { .ns = ns, .timeout_ms = TIMEOUT_MS };
	ssize_t n = fd_read_full(fd, text, LIMIT_TTRPC_MESSAGE, e);
	struct grpc_client *c;
	void *resp;
	int r;

	if (n < 0)
		return -1;
	if (str_empty(ns) || str_empty(topic))
		return err_set(e, ERR_INVALID, "topic and namespace required to publish event");
	req.topic = topic;
	req.event = rpc_unpack(&a, &google__any__descriptor, text, (size_t)n, e);
	if (!req.event)
		return -1;
	c = grpc_client_new(address, ns);
	r = grpc_call(c, &o, RPC_EVENTS_PUBLISH, &req, &a, &resp, e);
	grpc_client_free(c);
	return r;
}
