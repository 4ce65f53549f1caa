/* docker rmi and docker tag. */
#include <stdio.h>

#include "api/image.h"
#include "cli/cli.h"
#include "cli/commands.h"
#include "oci/reference.h"

struct rmi_options {
	bool force, no_prune;
	struct strs platform;
};

static const struct flag rmi_flag_rows[] = {
	FLAG(rmi_options, BOOL, force, "force", 'f', "Remove it even where it is used"),
	FLAG(rmi_options, STRINGS, platform, "platform", 0,
	     "Remove these platforms only (\"os[/arch[/variant]]\")", .attrs = FLAG_LATER),
	FLAG(rmi_options, BOOL, no_prune, "no-prune", 0, "Keep its parents without a tag"),
};
const struct flags rmi_flags = FLAGS(rmi_options, rmi_flag_rows);

struct removals {
	size_t n;
	struct api_image_deleted *v;
};

static int remove_one(struct cli *cli, const struct rmi_options *o, const char *name, struct err *e)
{
	_cleanup_path_ struct api_path path = { 0 };
	struct removals done;

	api_path_start(&path, "/images/", name, "");
	if (o->force)
		api_query(&path, "force", "1");
	if (o->no_prune)
		api_query(&path, "noprune", "1");
	if (api_list(cli, "DELETE", buf_cstr(&path.b), &api_image_deleted_type, &done, e) < 0)
		return -1;
	for (size_t i = 0; i < done.n; i++) {
		const struct api_image_deleted *r = &done.v[i];

		printf(str_empty(r->deleted) ? "Untagged: %s\n" : "Deleted: %s\n",
		       str_empty(r->deleted) ? r->untagged : r->deleted);
	}
	return 0;
}

/* With --force, an image that is not there is a message and no failure. */
int image_rm(struct cli *cli, struct call *call, struct err *e unused_arg)
{
	const struct rmi_options *o = call->options;
	int code = 0;

	for (size_t i = 0; i < call->args.n; i++) {
		struct err one = { 0 };

		if (remove_one(cli, o, call->args.v[i], &one) == 0)
			continue;
		cli_print_error(cli, &one);
		if (!o->force || one.kind != ERR_NOT_FOUND)
			code = 1;
	}
	return code;
}

int image_tag(struct cli *cli, struct call *call, struct err *e)
{
	_cleanup_path_ struct api_path path = { 0 };
	struct reference target;

	if (reference_parse(&cli->arena, call->args.v[1], &target, e) < 0)
		return err_wrap(e, "Error parsing reference: \"%s\" is not a valid repository/tag",
		                call->args.v[1]);
	api_path_start(&path, "/images/", call->args.v[0], "/tag");
	api_query(&path, "repo", reference_name(&cli->arena, &target));
	api_query(&path, "tag", target.tag ? target.tag : "latest");
	return api_post(cli, buf_cstr(&path.b), e) < 0 ? -1 : 0;
}
