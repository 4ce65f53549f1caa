/*
 * docker run: create, attach, wait, start, and then a session until the container ends.
 *
 * The order matters: attach before start loses no output, and the answer to `wait` must have begun
 * before start, so that a container that ends at once is not missed.
 */
#include <stdlib.h>

#include "cli/commands.h"
#include "base/fd.h"
#include "cli/container/create.h"
#include "cli/container/json.h"
#include "cli/container/exit_code.h"
#include "cli/client/session.h"

struct run_options {
	struct create_options create; /* first: see FLAGS_OVER */
	bool detach, sig_proxy;
	const char *detach_keys;
};

static const struct flag run_flag_rows[] = {
	FLAG(run_options, BOOL, detach, "detach", 'd', "Run in the background and print the id"),
	FLAG(run_options, STR, detach_keys, "detach-keys", 0, "Keys that leave the container"),
	FLAG(run_options, BOOL, sig_proxy, "sig-proxy", 0, "Pass signals to the process",
	     .def = "true"),
};
const struct flags run_flags = FLAGS_OVER(&create_flags, run_options, run_flag_rows);

struct run {
	struct cli *cli;
	const struct run_options *o;
	struct api_create body;
	const char *id;
	struct api_stream io;
	struct http_conn *wait;
};

static void run_free(struct run *r)
{
	fd_close(&r->io.fd);
	buf_free(&r->io.early);
	http_conn_free(r->wait);
}

static int attach(struct run *r, struct err *e)
{
	int wanted = (r->body.attach_stdin ? STREAM_IN : 0) |
	             (r->body.attach_stdout ? STREAM_OUT : 0) |
	             (r->body.attach_stderr ? STREAM_ERR : 0);

	return container_attach_streams(r->cli, r->id, wanted, r->o->detach_keys, &r->io, e);
}

static int start(struct run *r, struct err *e)
{
	_cleanup_path_ struct api_path path = { 0 };

	api_path_start(&path, "/containers/", r->id, "/start");
	return api_post(r->cli, buf_cstr(&path.b), e);
}

static int join(struct run *r, int *status, struct err *e)
{
	struct session s = {
		.container = r->id,
		.resize = arena_printf(&r->cli->arena, "/containers/%s/resize", r->id),
		.io = &r->io,
		.use_stdin = r->body.attach_stdin,
		.tty = r->body.tty,
		.proxy_signals = r->o->sig_proxy && !r->body.tty,
		.detach_keys = r->o->detach_keys ? r->o->detach_keys : r->cli->config.detach_keys,
		.wait = r->wait,
	};

	return session_run(r->cli, &s, status, e);
}

/* In the foreground. */
static int run_attached(struct run *r, struct err *e)
{
	int status, end;

	if (attach(r, e) < 0)
		return -1;
	r->wait = session_wait(r->cli, r->id, r->o->create.rm ? "removed" : "next-exit", e);
	if (!r->wait)
		return -1;
	if (start(r, e) < 0) {
		struct err ignored = { 0 };

		/* A container of --rm is gone once this is answered. */
		if (r->o->create.rm && session_wait_status(r->cli, r->wait, &status, &ignored) < 0)
			err_clear(&ignored);
		return -1;
	}
	end = join(r, &status, e);
	return end < 0 ? -1 : status;
}

static int run_detached(struct run *r, struct err *e)
{
	int status = start(r, e);

	puts(r->id);
	return status < 0 ? -1 : 0;
}

/* Flags that contradict each other are plain errors, without the help line of the others. */
static int check_modes(struct run *r, struct err *e)
{
	if (r->o->detach && r->o->create.attach.n)
		return err_set(e, ERR_INVALID,
		               "conflicting options: cannot specify both --attach and --detach");
	if (!r->o->detach)
		return terminal_check_input(r->body.attach_stdin, r->body.tty, e);
	r->body.attach_stdin = r->body.attach_stdout = r->body.attach_stderr = false;
	r->body.stdin_once = false;
	return 0;
}

static void set_console_size(struct run *r)
{
	unsigned rows, columns;

	terminal_size(&rows, &columns);
	r->body.host_config->console_size.v[0] = rows;
	r->body.host_config->console_size.v[1] = columns;
}

int container_run(struct cli *cli, struct call *call, struct err *e)
{
	struct run r = { .cli = cli, .o = call->options, .io = { .fd = -1 } };
	int status;

	if (create_body_make(cli, call, &r.body, e) < 0) {
		cli_print_failure(cli, call, e);
		return EXIT_DAEMON;
	}
	if (check_modes(&r, e) < 0)
		return -1;
	set_console_size(&r);
	status = container_make(cli, &r.o->create, &r.body, &r.id, e);
	if (status < 0) {
		cli_print_failure(cli, call, e);
		return EXIT_DAEMON;
	}
	status = r.body.attach_stdin || r.body.attach_stdout || r.body.attach_stderr
	                 ? run_attached(&r, e)
	                 : run_detached(&r, e);
	run_free(&r);
	if (status >= 0)
		return status;
	cli_print_failure(cli, call, e);
	return exit_code_of(cli_error_text(cli, e));
}
