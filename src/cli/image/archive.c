/* docker save, load, import: images from and to archives. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "base/fd.h"
#include "cli/cli.h"
#include "cli/commands.h"
#include "cli/client/errno_text.h"
#include "cli/client/output_file.h"
#include "cli/image/progress.h"
#include "oci/reference.h"

/* --- save --- */

struct save_options {
	const char *output, *platform;
};
static const struct flag save_rows[] = {
	FLAG(save_options, STR, output, "output", 'o', "Write to a file, not to stdout"),
	FLAG(save_options, STR, platform, "platform", 0,
	     "Only this platform (\"os[/arch[/variant]]\")", .since = 48, .attrs = FLAG_LATER),
};
const struct flags save_flags = FLAGS(save_options, save_rows);

int image_save(struct cli *cli, struct call *call, struct err *e)
{
	_cleanup_path_ struct api_path path = { 0 };
	const struct save_options *o = call->options;
	struct output_file out;

	if (output_file_open(&cli->arena, o->output, "failed to save image",
	                     "cowardly refusing to save to a terminal. Use the -o flag or redirect",
	                     &out, e) < 0)
		return -1;
	api_path_start(&path, "/images/get", "", "");
	for (size_t i = 0; i < call->args.n; i++)
		api_query(&path, "names", call->args.v[i]);
	return output_file_fetch(cli, &out, buf_cstr(&path.b), e);
}

/* --- what load and import share --- */

static int open_input(struct arena *a, const char *path, int *fd, struct err *e)
{
	*fd = open(path, O_RDONLY | O_CLOEXEC);
	if (*fd >= 0)
		return 0;
	return err_set(e, err_from_errno(errno), "open %s: %s", path, errno_text(a, errno));
}

/* Sends all of a descriptor (-1: no body), then shows the answer. */
static int send_and_show(struct cli *cli, struct api_request *rq, int fd, struct err *e)
{
	_cleanup_upload_ struct api_upload u = { 0 };
	struct http_response rs;
	const char *type;

	rq->upload = fd >= 0;
	rq->content_type = "application/x-tar";
	if (api_upload_start(cli, rq, &u, e) < 0 || (fd >= 0 && api_upload_fd(&u, fd, e) < 0))
		return -1;
	if ((fd >= 0 ? api_upload_end(cli, &u, &rs, e)
	             : api_answer(cli, u.conn, rq->method, &rs, e)) < 0)
		return -1;
	type = http_header_get(&rs.headers, "Content-Type");
	if (type && str_starts(type, "application/json"))
		return progress_show(cli, u.conn, stdout, e);
	fflush(stdout);
	return api_body_to_fd(u.conn, STDOUT_FILENO, e);
}

/* --- load --- */

struct load_options {
	const char *input, *platform;
	bool quiet;
};
static const struct flag load_rows[] = {
	FLAG(load_options, STR, input, "input", 'i', "Read from a file, not from stdin"),
	FLAG(load_options, STR, platform, "platform", 0,
	     "Only this platform (\"os[/arch[/variant]]\")", .since = 48, .attrs = FLAG_LATER),
	FLAG(load_options, BOOL, quiet, "quiet", 'q', "No progress"),
};
const struct flags load_flags = FLAGS(load_options, load_rows);

int image_load(struct cli *cli, struct call *call, struct err *e)
{
	const struct load_options *o = call->options;
	struct api_request rq = { .method = "POST", .path = "/images/load" };
	_cleanup_close_ int file = -1;

	if (str_empty(o->input) && isatty(STDIN_FILENO))
		return err_set(e, ERR_INVALID, "requested load from stdin, but stdin is empty");
	if (!str_empty(o->input) && open_input(&cli->arena, o->input, &file, e) < 0)
		return -1;
	if (o->quiet || !isatty(STDOUT_FILENO))
		rq.path = "/images/load?quiet=1";
	return send_and_show(cli, &rq, file >= 0 ? file : STDIN_FILENO, e);
}

/* --- import --- */

struct import_options {
	struct strs change;
	const char *message, *platform;
};
static const struct flag import_rows[] = {
	FLAG(import_options, LIST, change, "change", 'c', "Instruction of a Dockerfile to apply"),
	FLAG(import_options, STR, message, "message", 'm', "Message"),
	FLAG(import_options, STR, platform, "platform", 0, "Platform of the image", .since = 32),
};
const struct flags import_flags = FLAGS(import_options, import_rows);

static void import_path(const struct import_options *o, const char *source, const char *repo,
                        struct api_path *path)
{
	api_path_start(path, "/images/create", "", "");
	api_query(path, "fromSrc", source);
	if (!str_empty(repo))
		api_query(path, "repo", repo);
	if (!str_empty(o->message))
		api_query(path, "message", o->message);
	if (!str_empty(o->platform))
		api_query(path, "platform", o->platform);
	for (size_t i = 0; i < o->change.n; i++)
		api_query(path, "changes", o->change.v[i]);
}

/* The daemon fetches a URL itself. */
int image_import(struct cli *cli, struct call *call, struct err *e)
{
	_cleanup_path_ struct api_path path = { 0 };
	const char *source = call->args.v[0], *repo = call->args.n > 1 ? call->args.v[1] : NULL;
	bool url = str_starts(source, "http://") || str_starts(source, "https://");
	struct api_request rq = { .method = "POST" };
	_cleanup_close_ int file = -1;
	struct reference ref;

	if (!url && !str_eq(source, "-") && open_input(&cli->arena, source, &file, e) < 0)
		return -1;
	if (!str_empty(repo) && reference_parse(&cli->arena, repo, &ref, e) < 0)
		return -1;
	import_path(call->options, url ? source : "-", repo, &path);
	rq.path = buf_cstr(&path.b);
	return send_and_show(cli, &rq, url ? -1 : file >= 0 ? file : STDIN_FILENO, e);
}
