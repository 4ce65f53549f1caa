/* docker export, diff, commit: what a container's file system has become. */
#include <stdio.h>

#include "api/archive.h"
#include "api/inspect.h"
#include "cli/cli.h"
#include "cli/commands.h"
#include "cli/client/output_file.h"
#include "oci/reference.h"

/* --- export --- */

struct export_options {
	const char *output;
};
static const struct flag export_rows[] = {
	FLAG(export_options, STR, output, "output", 'o', "Write to a file, not to stdout"),
};
const struct flags export_flags = FLAGS(export_options, export_rows);

int container_export(struct cli *cli, struct call *call, struct err *e)
{
	_cleanup_path_ struct api_path path = { 0 };
	const struct export_options *o = call->options;
	struct output_file out;

	if (output_file_open(&cli->arena, o->output, "failed to export container",
	                     "cowardly refusing to export to a terminal, specify a file path", &out,
	                     e) < 0)
		return -1;
	api_path_start(&path, "/containers/", call->args.v[0], "/export");
	return output_file_fetch(cli, &out, buf_cstr(&path.b), e);
}

/* --- diff --- */

struct changes {
	size_t n;
	struct api_change *v;
};

int container_diff(struct cli *cli, struct call *call, struct err *e)
{
	static const char letters[] = {
		[API_CHANGE_MODIFIED] = 'C', [API_CHANGE_ADDED] = 'A', [API_CHANGE_DELETED] = 'D'
	};
	_cleanup_path_ struct api_path path = { 0 };
	struct changes found;

	if (str_empty(call->args.v[0]))
		return err_set(e, ERR_INVALID, "Container name cannot be empty");
	api_path_start(&path, "/containers/", call->args.v[0], "/changes");
	if (api_list(cli, "GET", buf_cstr(&path.b), &api_change_type, &found, e) < 0)
		return -1;
	for (size_t i = 0; i < found.n; i++) {
		const struct api_change *c = &found.v[i];
		bool known = c->kind >= 0 && c->kind < (int64_t)ARRAY_LEN(letters);

		printf("%c %s\n", known ? letters[c->kind] : ' ', c->path);
	}
	return 0;
}

/* --- commit --- */

struct commit_options {
	const char *author, *message;
	struct strs change;
	bool pause;
};
static const struct flag commit_rows[] = {
	FLAG(commit_options, STR, author, "author", 'a',
	     "Author (\"John Hannibal Smith <hannibal@a-team.com>\")"),
	FLAG(commit_options, LIST, change, "change", 'c', "Instruction of a Dockerfile to apply"),
	FLAG(commit_options, STR, message, "message", 'm', "Message"),
	FLAG(commit_options, BOOL, pause, "pause", 'p', "Pause the container meanwhile",
	     .def = "true"),
};
const struct flags commit_flags = FLAGS(commit_options, commit_rows);

static int add_reference(struct cli *cli, const char *name, struct api_path *path, struct err *e)
{
	struct reference ref;

	if (reference_parse(&cli->arena, name, &ref, e) < 0)
		return -1;
	if (ref.digest)
		return err_set(e, ERR_INVALID, "refusing to create a tag with a digest reference");
	reference_default_tag(&ref);
	api_query(path, "repo", reference_familiar_name(&cli->arena, &ref));
	api_query(path, "tag", ref.tag);
	return 0;
}

int container_commit(struct cli *cli, struct call *call, struct err *e)
{
	_cleanup_path_ struct api_path path = { 0 };
	const struct commit_options *o = call->options;
	struct api_id made;
	struct slice body;

	api_path_start(&path, "/commit", "", "");
	api_query(&path, "container", call->args.v[0]);
	if (call->args.n > 1 && add_reference(cli, call->args.v[1], &path, e) < 0)
		return -1;
	api_query(&path, "comment", o->message ? o->message : "");
	api_query(&path, "author", o->author ? o->author : "");
	for (size_t i = 0; i < o->change.n; i++)
		api_query(&path, "changes", o->change.v[i]);
	if (!o->pause)
		api_query(&path, "pause", "0");
	if (api_call(cli, &(struct api_request){ .method = "POST", .path = buf_cstr(&path.b) },
	             &body, e) < 0 ||
	    json_decode(&cli->arena, &api_id_type, body, &made, e) < 0)
		return -1;
	puts(made.id ? made.id : "");
	return 0;
}
