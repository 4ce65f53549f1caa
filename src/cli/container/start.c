/* docker start: POST start for each argument, or one container with its streams attached. */
#include <stdio.h>

#include "base/fd.h"
#include "cli/commands.h"
#include "cli/container/json.h"
#include "cli/client/session.h"

struct start_options {
	bool attach, interactive;
	const char *detach_keys, *checkpoint, *checkpoint_dir;
};

static const struct flag start_flag_rows[] = {
	FLAG(start_options, BOOL, attach, "attach", 'a', "Show STDOUT and STDERR, pass signals on"),
	FLAG(start_options, STR, checkpoint, "checkpoint", 0, "Go on from this checkpoint",
	     .attrs = FLAG_LATER),
	FLAG(start_options, STR, checkpoint_dir, "checkpoint-dir", 0, "Folder of checkpoints",
	     .attrs = FLAG_LATER),
	FLAG(start_options, STR, detach_keys, "detach-keys", 0, "Keys that leave the container"),
	FLAG(start_options, BOOL, interactive, "interactive", 'i', "Connect STDIN"),
};
const struct flags start_flags = FLAGS(start_options, start_flag_rows);

static int start_one(struct cli *cli, const char *name, struct err *e)
{
	_cleanup_path_ struct api_path path = { 0 };

	api_path_start(&path, "/containers/", name, "/start");
	return api_post(cli, buf_cstr(&path.b), e);
}

static int start_all(struct cli *cli, struct call *call, struct err *e)
{
	_cleanup_buf_ struct buf failed = { 0 };

	for (size_t i = 0; i < call->args.n; i++) {
		const char *name = call->args.v[i];

		if (start_one(cli, name, e) >= 0) {
			puts(name);
			continue;
		}
		cli_print_error(cli, e);
		err_clear(e);
		buf_printf(&failed, "%s%s", failed.len ? ", " : "", name);
	}
	if (!failed.len)
		return 0;
	return err_set(e, ERR_UNKNOWN, "Error: failed to start containers: %s", buf_cstr(&failed));
}

static int join(struct cli *cli, const struct start_options *o, const struct container_json *c,
                struct api_stream *io, struct http_conn *wait, int *status, struct err *e)
{
	struct session s = {
		.container = c->id,
		.resize = arena_printf(&cli->arena, "/containers/%s/resize", c->id),
		.io = io,
		.use_stdin = o->interactive && c->config->open_stdin,
		.tty = c->config->tty,
		.proxy_signals = !c->config->tty,
		.detach_keys = o->detach_keys ? o->detach_keys : cli->config.detach_keys,
		.wait = wait,
	};

	if (start_one(cli, c->id, e) < 0)
		return -1;
	return session_run(cli, &s, status, e);
}

static int start_attached(struct cli *cli, struct call *call, struct err *e)
{
	const struct start_options *o = call->options;
	struct container_json c;
	struct api_stream io;
	struct http_conn *wait;
	int status = 0, end = -1;

	if (call->args.n > 1)
		return err_set(e, ERR_INVALID,
		               "you cannot start and attach multiple containers at once");
	if (container_get(cli, call->args.v[0], &c, e) < 0)
		return -1;
	if (container_attach_streams(
	            cli, c.id,
	            STREAM_OUT | STREAM_ERR |
	                    (o->interactive && c.config->open_stdin ? STREAM_IN : 0),
	            o->detach_keys, &io, e) < 0)
		return -1;
	wait = session_wait(cli, c.id, c.host->auto_remove ? "removed" : "next-exit", e);
	if (wait)
		end = join(cli, o, &c, &io, wait, &status, e);
	http_conn_free(wait);
	fd_close(&io.fd);
	buf_free(&io.early);
	return end < 0 ? -1 : status;
}

int container_start(struct cli *cli, struct call *call, struct err *e)
{
	const struct start_options *o = call->options;

	return o->attach || o->interactive ? start_attached(cli, call, e) : start_all(cli, call, e);
}
