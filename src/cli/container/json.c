/* See json.h. */
#include "cli/container/json.h"

JSON_TYPE(container_state, CONTAINER_STATE)
JSON_TYPE(container_config, CONTAINER_CONFIG)
JSON_TYPE(container_network, CONTAINER_NETWORK)
JSON_TYPE(container_host, CONTAINER_HOST)
JSON_TYPE(container_json, CONTAINER_JSON)

int container_get(struct cli *cli, const char *name, struct container_json *out, struct err *e)
{
	_cleanup_path_ struct api_path path = { 0 };
	struct slice body;

	api_path_start(&path, "/containers/", name, "/json");
	if (api_get(cli, buf_cstr(&path.b), &body, e) < 0)
		return -1;
	return json_decode(&cli->arena, &container_json_type, body, out, e);
}

int container_attach_streams(struct cli *cli, const char *id, int wanted, const char *keys,
                             struct api_stream *out, struct err *e)
{
	_cleanup_path_ struct api_path path = { 0 };
	struct api_request rq = { .method = "POST" };

	api_path_start(&path, "/containers/", id, "/attach");
	if (!str_empty(keys))
		api_query(&path, "detachKeys", keys);
	if (wanted & STREAM_ERR)
		api_query(&path, "stderr", "1");
	if (wanted & STREAM_IN)
		api_query(&path, "stdin", "1");
	if (wanted & STREAM_OUT)
		api_query(&path, "stdout", "1");
	api_query(&path, "stream", "1");
	rq.path = buf_cstr(&path.b);
	return api_hijack(cli, &rq, out, e);
}
