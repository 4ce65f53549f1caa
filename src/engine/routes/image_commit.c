/* POST /commit. */
#include "engine/routes/container.h"
#include "engine/image/commit.h"

#define COMMITTED(F) F(STR, id, "Id", 0)
JSON_STRUCT(committed, COMMITTED)
JSON_TYPE(committed, COMMITTED)

/* The body, a Config of old clients, says nothing that `changes` does not: it is not read. */
int api_commit(struct api_call *c, struct err *e)
{
	const char *name = api_query(c, "container");
	_cleanup_container_ struct container *box = containers_find(c->engine->containers, name, e);
	struct image_commit how = {
		.repo = api_query(c, "repo"),
		.tag = api_query(c, "tag"),
		.comment = api_query(c, "comment"),
		.author = api_query(c, "author"),
		.changes = http_query_all(c->arena, c->req->query, "changes"),
		.pause = !*api_query(c, "pause") || api_query_flag(c, "pause"),
	};
	struct committed answer;

	if (!box || image_commit(box, &how, c->arena, &answer.id, e) < 0)
		return -1;
	return api_answer(c, 201, &committed_type, &answer);
}
