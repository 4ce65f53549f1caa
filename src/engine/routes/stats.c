/* GET /containers/{id}/stats. */
#include "engine/routes/container.h"
#include "engine/container/stats.h"

/* What can be said at once: one-shot, or nothing runs that could be watched. */
static int answer_now(struct api_call *c, struct container *box)
{
	struct stats_source source = { 0 };
	struct api_stats out;

	stats_read(box, &source, c->arena, &out);
	stats_source_free(&source);
	return api_answer(c, 200, &api_stats_type, &out);
}

int api_container_stats(struct api_call *c, struct err *e)
{
	_cleanup_container_ struct container *box = api_container(c, e);
	bool stream = http_query_bool(c->arena, c->req->query, "stream", true);
	bool one_shot = api_query_flag(c, "one-shot");
	struct container_state s;
	int fd;

	if (!box)
		return -1;
	if (stream && one_shot)
		return err_set(e, ERR_INVALID, "cannot have stream=true and one-shot=true");
	container_get_state(box, &s);
	if (!stream && (one_shot || !container_is_running(&s)))
		return answer_now(c, box);
	fd = http_reply_detach(c->reply, 200, "application/json", e);
	if (fd < 0)
		return -1;
	stats_follow(c->engine->stats, box, fd, !stream);
	return 0;
}
