/* docker pull: POST /images/create, its progress, and the full name of what was pulled. */
#include "cli/image/pull.h"

#include <stdlib.h>

#include "cli/commands.h"
#include "cli/client/credentials.h"
#include "cli/image/progress.h"

struct pull_options {
	bool all_tags, content_trust, quiet;
	const char *platform;
};

static const struct flag pull_flag_rows[] = {
	FLAG(pull_options, BOOL, all_tags, "all-tags", 'a', "All images of the repository"),
	FLAG(pull_options, BOOL, content_trust, "disable-content-trust", 0,
	     "Do not verify the image", .def = "true"),
	FLAG(pull_options, STR, platform, "platform", 0, "Platform, where an image has several",
	     .since = 32),
	FLAG(pull_options, BOOL, quiet, "quiet", 'q', "Only the name of the image"),
};
const struct flags pull_flags = FLAGS(pull_options, pull_flag_rows);

int image_fetch(struct cli *cli, const struct reference *ref, const char *tag, const char *platform,
                FILE *out, struct err *e)
{
	_cleanup_path_ struct api_path path = { 0 };
	struct api_request rq = { .method = "POST" };
	struct http_response rs;
	struct http_conn *conn;
	int r;

	api_path_start(&path, "/images/create", "", "");
	api_query(&path, "fromImage", reference_name(&cli->arena, ref));
	if (!str_empty(platform))
		api_query(&path, "platform", platform);
	if (*tag)
		api_query(&path, "tag", tag);
	if (credentials_header(&cli->arena, &cli->config, ref, &rq.registry_auth, e) < 0)
		return -1;
	rq.path = buf_cstr(&path.b);
	conn = api_open(cli, &rq, &rs, e);
	if (!conn)
		return -1;
	r = progress_show(cli, conn, out, e);
	http_conn_free(conn);
	return r;
}

int image_pull(struct cli *cli, struct call *call, struct err *e)
{
	const struct pull_options *o = call->options;
	const char *platform = o->platform ? o->platform : getenv("DOCKER_DEFAULT_PLATFORM");
	struct reference ref;

	if (reference_parse(&cli->arena, call->args.v[0], &ref, e) < 0)
		return -1;
	if (o->all_tags && (ref.tag || ref.digest))
		return err_set(e, ERR_INVALID, "tag can't be used with --all-tags/-a");
	if (!o->all_tags && !ref.tag && !ref.digest) {
		ref.tag = "latest";
		if (!o->quiet)
			puts("Using default tag: latest");
	}
	fflush(stdout);
	if (image_fetch(cli, &ref,
	                ref.digest ? ref.digest
	                : ref.tag  ? ref.tag
	                           : "",
	                platform, o->quiet ? NULL : stdout, e) < 0)
		return -1;
	puts(reference_text(&cli->arena, &ref));
	return 0;
}
