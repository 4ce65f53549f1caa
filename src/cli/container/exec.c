/* docker exec: make an exec, start it with its streams, ask how it ended. */
#include <stdio.h>

#include "api/exec.h"
#include "api/inspect.h"
#include "base/fd.h"
#include "cli/commands.h"
#include "cli/flag_checks.h"
#include "cli/client/session.h"
#include "cli/spec/env.h"

struct exec_options {
	bool detach, interactive, privileged, tty;
	const char *detach_keys, *user, *workdir;
	struct strs env, env_file;
};

static const struct flag exec_flag_rows[] = {
	FLAG(exec_options, BOOL, detach, "detach", 'd', "Run the command in the background"),
	FLAG(exec_options, STR, detach_keys, "detach-keys", 0, "Keys that leave the command"),
	FLAG(exec_options, LIST, env, "env", 'e', "Environment variable", .check = check_env,
	     .since = 25),
	FLAG(exec_options, LIST, env_file, "env-file", 0, "File of environment variables",
	     .since = 25),
	FLAG(exec_options, BOOL, interactive, "interactive", 'i',
	     "Keep STDIN open even when not attached"),
	FLAG(exec_options, BOOL, privileged, "privileged", 0, "Give the command all rights"),
	FLAG(exec_options, BOOL, tty, "tty", 't', "Give a pseudo-TTY"),
	FLAG(exec_options, STR, user, "user", 'u',
	     "User, by name or number (\"<name|uid>[:<group|gid>]\")"),
	FLAG(exec_options, STR, workdir, "workdir", 'w', "Working directory in the container",
	     .since = 35),
};
const struct flags exec_flags = FLAGS(exec_options, exec_flag_rows);

static struct json_i64s console_size(struct arena *a, bool tty)
{
	struct json_i64s size = { 2, arena_array(a, int64_t, 2) };
	unsigned rows, columns;

	terminal_size(&rows, &columns);
	size.v[0] = rows;
	size.v[1] = columns;
	return tty && rows && columns ? size : (struct json_i64s){ 0 };
}

static int make(struct cli *cli, const struct call *call, const char **id, struct err *e)
{
	_cleanup_path_ struct api_path path = { 0 };
	const struct exec_options *o = call->options;
	struct api_request rq = { .method = "POST" };
	struct api_exec_create body = {
		.user = o->user,
		.privileged = o->privileged,
		.tty = o->tty,
		.console_size = console_size(&cli->arena, o->tty),
		.attach_stdin = o->interactive && !o->detach,
		.attach_stderr = !o->detach,
		.attach_stdout = !o->detach,
		.detach_keys = o->detach_keys ? o->detach_keys : cli->config.detach_keys,
		.working_dir = o->workdir,
		.cmd = { call->args.n - 1, call->args.v + 1 },
	};
	struct api_id answer;
	struct slice text;

	if (env_collect(&cli->arena, &o->env_file, &o->env, &body.env, e) < 0)
		return -1;
	api_path_start(&path, "/containers/", call->args.v[0], "/exec");
	rq.path = buf_cstr(&path.b);
	rq.body = slice_of(json_text(&cli->arena, &api_exec_create_type, &body));
	if (api_call(cli, &rq, &text, e) < 0 ||
	    json_decode(&cli->arena, &api_id_type, text, &answer, e) < 0)
		return -1;
	*id = answer.id;
	return 0;
}

static struct api_request start_request(struct cli *cli, const struct exec_options *o,
                                        const char *id)
{
	struct api_exec_start body = { o->detach, o->tty, console_size(&cli->arena, o->tty) };

	return (struct api_request){
		.method = "POST",
		.path = arena_printf(&cli->arena, "/exec/%s/start", id),
		.body = slice_of(json_text(&cli->arena, &api_exec_start_type, &body)),
	};
}

static int exit_status(struct cli *cli, const char *id, struct err *e)
{
	struct api_exec_inspect state;
	struct slice text;

	if (api_get(cli, arena_printf(&cli->arena, "/exec/%s/json", id), &text, e) < 0 ||
	    json_decode(&cli->arena, &api_exec_inspect_type, text, &state, e) < 0)
		return -1;
	return (int)state.exit_code.value;
}

static int run_attached(struct cli *cli, const struct exec_options *o, const char *id,
                        struct err *e)
{
	struct api_request rq = start_request(cli, o, id);
	struct api_stream io;
	struct session s = {
		.resize = arena_printf(&cli->arena, "/exec/%s/resize", id),
		.io = &io,
		.use_stdin = o->interactive,
		.tty = o->tty,
		.detach_keys = o->detach_keys ? o->detach_keys : cli->config.detach_keys,
	};
	int unused, end;

	if (api_hijack(cli, &rq, &io, e) < 0)
		return -1;
	end = session_run(cli, &s, &unused, e);
	fd_close(&io.fd);
	buf_free(&io.early);
	if (end == SESSION_DETACHED)
		return err_set(e, ERR_CANCELED, "read escape sequence");
	return end < 0 ? -1 : exit_status(cli, id, e);
}

int container_exec(struct cli *cli, struct call *call, struct err *e)
{
	const struct exec_options *o = call->options;
	struct api_request rq;
	struct slice ignored;
	const char *id;

	if (!o->detach && terminal_check_input(o->interactive, o->tty, e) < 0)
		return -1;
	if (make(cli, call, &id, e) < 0)
		return -1;
	if (!o->detach)
		return run_attached(cli, o, id, e);
	rq = start_request(cli, o, id);
	return api_call(cli, &rq, &ignored, e) < 0 ? -1 : 0;
}
