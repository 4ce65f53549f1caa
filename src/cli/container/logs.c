/* docker logs: GET logs, taken apart into stdout and stderr unless the container has a TTY. */
#include <stdio.h>

#include "cli/commands.h"
#include "cli/container/json.h"
#include "cli/format/timestamp.h"
#include "cli/output.h"

#define CHUNK (64 * 1024)

struct logs_options {
	bool details, follow, timestamps;
	const char *since, *until, *tail;
};

static const struct flag logs_flag_rows[] = {
	FLAG(logs_options, BOOL, details, "details", 0, "Show what log options add to lines"),
	FLAG(logs_options, BOOL, follow, "follow", 'f', "Go on showing what is written"),
	FLAG(logs_options, STR, since, "since", 0,
	     "Lines since then: a time (\"2013-01-02T13:23:37Z\") or an age (\"42m\" for 42 "
	     "minutes)"),
	FLAG(logs_options, STR, tail, "tail", 'n', "Number of lines from the end", .def = "all"),
	FLAG(logs_options, BOOL, timestamps, "timestamps", 't', "Show times"),
	FLAG(logs_options, STR, until, "until", 0,
	     "Lines until then: a time (\"2013-01-02T13:23:37Z\") or an age (\"42m\" for 42 "
	     "minutes)",
	     .since = 35),
};
const struct flags logs_flags = FLAGS(logs_options, logs_flag_rows);

static int copy(struct http_conn *conn, bool tty, struct err *e)
{
	struct output output;
	char chunk[CHUNK];
	ssize_t n;
	int r = 0;

	output_init(&output, tty);
	while (r == 0 && (n = http_body_read(conn, chunk, sizeof(chunk), e)) != 0)
		r = n < 0 ? -1 : output_feed(&output, chunk, (size_t)n, e);
	if (r == 0)
		r = output_end(&output, e);
	output_free(&output);
	return r;
}

static int add_time(struct cli *cli, struct api_path *path, const char *name, const char *value,
                    struct err *e)
{
	const char *text;

	if (str_empty(value))
		return 0;
	if (timestamp_parse(&cli->arena, value, &text, e) < 0)
		return err_wrap(e, "invalid value for \"%s\"", name);
	api_query(path, name, text);
	return 0;
}

static int make_path(struct cli *cli, const struct logs_options *o, const char *id,
                     struct api_path *path, struct err *e)
{
	api_path_start(path, "/containers/", id, "/logs");
	if (o->details)
		api_query(path, "details", "1");
	if (o->follow)
		api_query(path, "follow", "1");
	if (add_time(cli, path, "since", o->since, e) < 0)
		return -1;
	api_query(path, "stderr", "1");
	api_query(path, "stdout", "1");
	api_query(path, "tail", o->tail);
	if (o->timestamps)
		api_query(path, "timestamps", "1");
	return add_time(cli, path, "until", o->until, e);
}

int container_logs(struct cli *cli, struct call *call, struct err *e)
{
	_cleanup_path_ struct api_path path = { 0 };
	struct container_json c;
	struct http_response rs;
	struct http_conn *conn;
	int r;

	if (container_get(cli, call->args.v[0], &c, e) < 0 ||
	    make_path(cli, call->options, c.id, &path, e) < 0)
		return -1;
	conn = api_open(cli, &(struct api_request){ .method = "GET", .path = buf_cstr(&path.b) },
	                &rs, e);
	if (!conn)
		return -1;
	r = copy(conn, c.config->tty, e);
	http_conn_free(conn);
	return r;
}
