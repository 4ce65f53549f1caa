/* docker push: POST /images/NAME/push and its progress. */
#include <stdio.h>

#include "cli/cli.h"
#include "cli/commands.h"
#include "cli/client/credentials.h"
#include "cli/image/progress.h"

struct push_options {
	bool all_tags, content_trust, quiet;
	const char *platform;
};
static const struct flag push_rows[] = {
	FLAG(push_options, BOOL, all_tags, "all-tags", 'a', "All tags of the image"),
	FLAG(push_options, BOOL, content_trust, "disable-content-trust", 0, "Do not sign the image",
	     .def = "true"),
	FLAG(push_options, STR, platform, "platform", 0,
	     "Only this platform (\"os[/arch[/variant]]\"), without the index", .since = 46,
	     .attrs = FLAG_LATER),
	FLAG(push_options, BOOL, quiet, "quiet", 'q', "Only the name of the image"),
};
const struct flags push_flags = FLAGS(push_options, push_rows);

static int push(struct cli *cli, const struct push_options *o, const struct reference *ref,
                struct err *e)
{
	_cleanup_path_ struct api_path path = { 0 };
	struct api_request rq = { .method = "POST" };
	struct http_response rs;
	struct http_conn *conn;
	int r;

	api_path_start(&path, "/images/", reference_familiar_name(&cli->arena, ref), "/push");
	if (!o->all_tags)
		api_query(&path, "tag", ref->tag);
	if (credentials_header(&cli->arena, &cli->config, ref, &rq.registry_auth, e) < 0)
		return -1;
	rq.path = buf_cstr(&path.b);
	conn = api_open(cli, &rq, &rs, e);
	if (!conn)
		return -1;
	r = progress_show(cli, conn, o->quiet ? NULL : stdout, e);
	http_conn_free(conn);
	return r;
}

int image_push(struct cli *cli, struct call *call, struct err *e)
{
	const struct push_options *o = call->options;
	struct reference ref;

	if (reference_parse(&cli->arena, call->args.v[0], &ref, e) < 0)
		return -1;
	if (o->all_tags && (ref.tag || ref.digest))
		return err_set(e, ERR_INVALID, "tag can't be used with --all-tags/-a");
	if (ref.digest)
		return err_set(e, ERR_INVALID, "cannot push a digest reference");
	if (!o->all_tags && !ref.tag) {
		reference_default_tag(&ref);
		if (!o->quiet)
			printf("Using default tag: %s\n", ref.tag);
	}
	fflush(stdout);
	if (push(cli, o, &ref, e) < 0)
		return -1;
	if (o->quiet)
		puts(reference_text(&cli->arena, &ref));
	return 0;
}
