/* docker attach: the streams of a running container, and its exit code. */
#include <stdio.h>

#include "base/fd.h"
#include "cli/commands.h"
#include "cli/container/json.h"
#include "cli/client/session.h"

struct attach_options {
	const char *detach_keys;
	bool no_stdin, sig_proxy;
};

static const struct flag attach_flag_rows[] = {
	FLAG(attach_options, STR, detach_keys, "detach-keys", 0, "Keys that leave the container"),
	FLAG(attach_options, BOOL, no_stdin, "no-stdin", 0, "Do not connect STDIN"),
	FLAG(attach_options, BOOL, sig_proxy, "sig-proxy", 0, "Pass signals to the process",
	     .def = "true"),
};
const struct flags attach_flags = FLAGS(attach_options, attach_flag_rows);

static int check_state(const struct container_state *s, struct err *e)
{
	if (!s->running)
		return err_set(e, ERR_PRECONDITION,
		               "You cannot attach to a stopped container, start it first");
	if (s->paused)
		return err_set(e, ERR_PRECONDITION,
		               "You cannot attach to a paused container, unpause it first");
	if (s->restarting)
		return err_set(
		        e, ERR_PRECONDITION,
		        "You cannot attach to a restarting container, wait until it is running");
	return 0;
}

int container_attach(struct cli *cli, struct call *call, struct err *e)
{
	const struct attach_options *o = call->options;
	struct container_json c;
	struct api_stream io = { .fd = -1 };
	struct session s = { .io = &io };
	int status = 0, end = -1;

	if (container_get(cli, call->args.v[0], &c, e) < 0 || check_state(c.state, e) < 0)
		return -1;
	s.use_stdin = !o->no_stdin && c.config->open_stdin;
	s.tty = c.config->tty;
	s.container = c.id;
	s.resize = arena_printf(&cli->arena, "/containers/%s/resize", c.id);
	s.proxy_signals = o->sig_proxy && !s.tty;
	s.detach_keys = o->detach_keys ? o->detach_keys : cli->config.detach_keys;
	if (terminal_check_input(s.use_stdin, s.tty, e) < 0)
		return -1;
	s.wait = session_wait(cli, c.id, NULL, e);
	if (s.wait && container_attach_streams(
	                      cli, c.id, STREAM_OUT | STREAM_ERR | (s.use_stdin ? STREAM_IN : 0),
	                      o->detach_keys, &io, e) == 0)
		end = session_run(cli, &s, &status, e);
	http_conn_free(s.wait);
	fd_close(&io.fd);
	buf_free(&io.early);
	if (end == SESSION_DETACHED)
		return err_set(e, ERR_CANCELED, "read escape sequence");
	return end < 0 ? -1 : status;
}
