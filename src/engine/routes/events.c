/* GET /events. */
#include <unistd.h>
#include "base/clock.h"
#include "base/log.h"
#include "engine/routes/api.h"
#include "engine/events.h"

int api_events_get(struct api_call *c, struct err *e)
{
	static const char *const allowed[] = { "config", "container", "daemon", "event",  "image",
		                               "label",  "network",   "node",   "plugin", "scope",
		                               "secret", "service",   "type",   "volume", NULL };
	struct filters f;
	int64_t since, until;
	int fd;

	if (api_query_time(c, "since", &since, e) < 0 ||
	    api_query_time(c, "until", &until, e) < 0 ||
	    filters_parse(c->arena, api_query(c, "filters"), allowed, &f, e) < 0)
		return -1;
	if (since && until && since > until)
		return err_set(e, ERR_INVALID,
		               "`since` time (%lld) cannot be after `until` time (%lld)",
		               (long long)(since / NS_PER_S), (long long)(until / NS_PER_S));
	fd = http_reply_detach(c->reply, 200, "application/json", e);
	if (fd < 0)
		return -1;
	events_follow(c->engine->events, fd, &f, since, until);
	return 0;
}
