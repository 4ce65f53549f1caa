/*
 * The commands that change the state of containers: one API call for each argument, its name on
 * stdout when it worked, the error on stderr when not, and the next one.
 */
#include <stdio.h>

#include "cli/cli.h"
#include "cli/commands.h"
#include "cli/each.h"
#include "cli/client/session.h"

struct stop_options {
	const char *signal;
	int64_t timeout;
};
static const struct flag stop_flag_rows[] = {
	FLAG(stop_options, STR, signal, "signal", 's', "Signal to send", .since = 42),
	FLAG(stop_options, INT, timeout, "time", 0, "Seconds to wait before a kill",
	     .attrs = FLAG_HIDDEN, .use_instead = "use --timeout instead"),
	FLAG(stop_options, INT, timeout, "timeout", 't', "Seconds to wait before a kill"),
};
const struct flags stop_flags = FLAGS(stop_options, stop_flag_rows);

struct kill_options {
	const char *signal;
};
static const struct flag kill_flag_rows[] = {
	FLAG(kill_options, STR, signal, "signal", 's', "Signal to send"),
};
const struct flags kill_flags = FLAGS(kill_options, kill_flag_rows);

struct rm_options {
	bool force, link, volumes;
};
static const struct flag rm_flag_rows[] = {
	FLAG(rm_options, BOOL, force, "force", 'f', "Kill the container first when it runs"),
	FLAG(rm_options, BOOL, link, "link", 'l', "Remove this link"),
	FLAG(rm_options, BOOL, volumes, "volumes", 'v', "Remove its anonymous volumes too"),
};
const struct flags rm_flags = FLAGS(rm_options, rm_flag_rows);

/* POST /containers/NAME/VERB with what is already in the query. */
static int post(struct cli *cli, const char *name, const char *verb, const char *signal,
                const char *timeout, struct err *e)
{
	_cleanup_path_ struct api_path path = { 0 };

	api_path_start(&path, "/containers/", name, verb);
	if (!str_empty(signal))
		api_query(&path, "signal", signal);
	if (timeout)
		api_query(&path, "t", timeout);
	if (api_post(cli, buf_cstr(&path.b), e) < 0)
		return -1;
	puts(name);
	return 0;
}

static const char *timeout_of(struct cli *cli, const struct call *call)
{
	const struct stop_options *o = call->options;

	return GIVEN(call, stop_options, timeout)
	               ? arena_printf(&cli->arena, "%lld", (long long)o->timeout)
	               : NULL;
}

static int stop_one(struct cli *cli, struct call *call, const char *name, struct err *e)
{
	const struct stop_options *o = call->options;

	return post(cli, name, "/stop", o->signal, timeout_of(cli, call), e);
}

static int restart_one(struct cli *cli, struct call *call, const char *name, struct err *e)
{
	const struct stop_options *o = call->options;

	return post(cli, name, "/restart", o->signal, timeout_of(cli, call), e);
}

static int kill_one(struct cli *cli, struct call *call, const char *name, struct err *e)
{
	const struct kill_options *o = call->options;

	return post(cli, name, "/kill", o->signal, NULL, e);
}

static int pause_one(struct cli *cli, struct call *call unused_arg, const char *name, struct err *e)
{
	return post(cli, name, "/pause", NULL, NULL, e);
}

static int unpause_one(struct cli *cli, struct call *call unused_arg, const char *name,
                       struct err *e)
{
	return post(cli, name, "/unpause", NULL, NULL, e);
}

static int wait_one(struct cli *cli, struct call *call unused_arg, const char *name, struct err *e)
{
	struct http_conn *conn = session_wait(cli, name, NULL, e);
	int status, r;

	if (!conn)
		return -1;
	r = session_wait_status(cli, conn, &status, e);
	http_conn_free(conn);
	if (r < 0)
		return -1;
	printf("%d\n", status);
	fflush(stdout);
	return 0;
}

static int rm_one(struct cli *cli, struct call *call, const char *name, struct err *e)
{
	_cleanup_path_ struct api_path path = { 0 };
	const struct rm_options *o = call->options;
	struct slice body;

	name += strspn(name, "/");
	if (!*name)
		return err_set(e, ERR_INVALID, "container name cannot be empty");
	api_path_start(&path, "/containers/", name, "");
	if (o->force)
		api_query(&path, "force", "1");
	if (o->link)
		api_query(&path, "link", "1");
	if (o->volumes)
		api_query(&path, "v", "1");
	if (api_call(cli, &(struct api_request){ .method = "DELETE", .path = buf_cstr(&path.b) },
	             &body, e) < 0)
		return -1;
	return 0;
}

static int rm_and_print(struct cli *cli, struct call *call, const char *name, struct err *e)
{
	const struct rm_options *o = call->options;

	if (rm_one(cli, call, name, e) < 0) {
		if (!o->force || e->kind != ERR_NOT_FOUND)
			return -1;
		/* What is to be gone is gone: a message, no failure. */
		cli_print_error(cli, e);
		err_clear(e);
		return 0;
	}
	puts(name);
	return 0;
}

int container_stop(struct cli *cli, struct call *call, struct err *e unused_arg)
{
	return each_argument(cli, call, stop_one);
}

int container_restart(struct cli *cli, struct call *call, struct err *e unused_arg)
{
	return each_argument(cli, call, restart_one);
}

int container_kill(struct cli *cli, struct call *call, struct err *e unused_arg)
{
	return each_argument(cli, call, kill_one);
}

int container_pause(struct cli *cli, struct call *call, struct err *e unused_arg)
{
	return each_argument(cli, call, pause_one);
}

int container_unpause(struct cli *cli, struct call *call, struct err *e unused_arg)
{
	return each_argument(cli, call, unpause_one);
}

int container_wait(struct cli *cli, struct call *call, struct err *e unused_arg)
{
	return each_argument(cli, call, wait_one);
}

int container_rm(struct cli *cli, struct call *call, struct err *e unused_arg)
{
	return each_argument(cli, call, rm_and_print);
}

int container_rename(struct cli *cli, struct call *call, struct err *e)
{
	_cleanup_path_ struct api_path path = { 0 };
	const char *old = call->args.v[0], *name = call->args.v[1];

	if (!*old || !*name)
		return err_set(e, ERR_INVALID, "Error: Neither old nor new names may be empty");
	api_path_start(&path, "/containers/", old, "/rename");
	api_query(&path, "name", name);
	if (api_post(cli, buf_cstr(&path.b), e) >= 0)
		return 0;
	cli_print_error(cli, e);
	return err_set(e, e->kind, "Error: failed to rename container named %s", old);
}
