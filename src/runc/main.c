/*
 * runc: creates and runs containers as the OCI runtime specification says, with the command line,
 * the files and the messages of runc 1.1 and 1.2. It is started for each step of a container's life
 * and exits; docs/lifecycle.md has the picture. One thread.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "libcontainer/seccomp_compile.h"
#include "libcontainer/warn.h"
#include "runc/command.h"
#include "runc/protect.h"
#include "base/file.h"
#include "base/log.h"

static const struct command *const commands[] = {
	&cmd_checkpoint, &cmd_create, &cmd_delete, &cmd_events, &cmd_exec,    &cmd_features,
	&cmd_kill,       &cmd_list,   &cmd_pause,  &cmd_ps,     &cmd_restore, &cmd_resume,
	&cmd_run,        &cmd_spec,   &cmd_start,  &cmd_state,  &cmd_update,
};

#define G(name, alias, kind, member, help)                                       \
	{                                                                        \
		name, alias, kind, offsetof(struct globals, member), help, false \
	}
static const struct flag global_flags[] = {
	G("debug", "", FLAG_BOOL, debug, "enable debug logging"),
	G("log", "", FLAG_STRING, log,
	  "set the log file to write runc logs to (default is '/dev/stderr')"),
	G("log-format", "", FLAG_STRING, log_format,
	  "set the log format ('text' (default), or 'json')"),
	G("root", "", FLAG_STRING, root, "root directory for storage of container state"),
	G("rootless", "", FLAG_STRING, rootless,
	  "ignore cgroup permission errors ('true', 'false', or 'auto')"),
	G("systemd-cgroup", "", FLAG_BOOL, systemd_cgroup, "enable systemd cgroup support"),
	G("help", "h", FLAG_BOOL, help, "show help"),
	G("version", "v", FLAG_BOOL, version, "print the version"),
	{ "criu", "", FLAG_STRING, offsetof(struct globals, criu), "", true },
};
static const struct flag_table globals_table = FLAGS(global_flags);

static const char *default_root(struct arena *a)
{
	const char *dir = getenv("XDG_RUNTIME_DIR");

	return geteuid() == 0 || str_empty(dir) ? "/run/runc" : path_join(a, dir, "runc");
}

/* ---- help ---- */

static void print_version(void)
{
	uint32_t v = seccomp_library_version();

	printf("runc version %s\ncommit: lighter-" LIGHTER_VERSION
	       "\nspec: %s\nlibseccomp: %u.%u.%u\n",
	       RUNC_VERSION, OCI_RUNTIME_VERSION, v >> 16, v >> 8 & 0xff, v & 0xff);
}

static void print_help(void)
{
	printf("NAME:\n   runc - Open Container Initiative runtime\n\n"
	       "USAGE:\n   runc [global options] command [command options] [arguments...]\n\n"
	       "VERSION:\n   %s\n\nCOMMANDS:\n",
	       RUNC_VERSION);
	for (size_t i = 0; i < ARRAY_LEN(commands); i++)
		printf("   %-12s %s\n", commands[i]->name, commands[i]->summary);
	printf("\nGLOBAL OPTIONS:\n");
	goflags_print_help(&globals_table);
}

static void print_command_help(const struct command *c)
{
	printf("NAME:\n   runc %s - %s\n\nUSAGE:\n   runc %s [command options] %s\n\nOPTIONS:\n",
	       c->name, c->summary, c->name, c->args);
	goflags_print_help(&c->flags);
}

/* ---- the log ---- */

/*
 * With a text log in a file, errors go to stderr as well. A caller that asked for JSON reads the
 * file; stderr then is the container's, which must not hear what its user hears from the caller.
 */
static bool repeat_on_stderr;

static void warn(const char *text)
{
	log_warn("%s", text);
}

static int open_log(const struct globals *g, struct err *e)
{
	enum log_format format = LOG_TEXT;
	int fd = STDERR_FILENO;

	if (str_eq(g->log_format, "json"))
		format = LOG_JSON;
	else if (g->log_format && !str_eq(g->log_format, "text"))
		return err_set(e, ERR_INVALID, "invalid log-format: %s", g->log_format);
	if (!str_empty(g->log)) {
		fd = open(g->log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
		if (fd < 0)
			return err_errno(e, errno, "open %s", g->log);
		repeat_on_stderr = format == LOG_TEXT;
	}
	log_setup(fd, g->debug ? LOG_DEBUG : LOG_INFO, format);
	lc_warn_fn = warn;
	return 0;
}

static int fail(const struct command *c, const struct err *e)
{
	log_error("%s", e->text);
	if (repeat_on_stderr)
		fprintf(stderr, "%s\n", e->text);
	return c && c->failure ? c->failure : 1;
}

/* ---- commands ---- */

static const struct command *find_command(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(commands); i++)
		if (strcmp(commands[i]->name, name) == 0)
			return commands[i];
	return NULL;
}

static int check_args(const struct command *c, const struct strs *args, struct err *e)
{
	int n = (int)args->n;

	if (n >= c->min_args && (c->max_args < 0 || n <= c->max_args))
		return 0;
	print_command_help(c);
	if (c->min_args == c->max_args)
		return err_set(e, ERR_INVALID, "runc: \"%s\" requires exactly %d argument(s)",
		               c->name, c->min_args);
	if (n < c->min_args)
		return err_set(e, ERR_INVALID, "runc: \"%s\" requires a minimum of %d argument(s)",
		               c->name, c->min_args);
	return err_set(e, ERR_INVALID, "runc: \"%s\" requires a maximum of %d argument(s)", c->name,
	               c->max_args);
}

static bool asks_for_help(const struct strs *args)
{
	return args->n && (str_eq(args->v[0], "--help") || str_eq(args->v[0], "-h"));
}

static int run_command(struct arena *a, const struct globals *g, const struct command *c,
                       const struct strs *args, struct err *e)
{
	struct call call = { .a = a, .globals = g };
	void *options = arena_alloc(a, c->options_size + 1);

	if (asks_for_help(args)) {
		print_command_help(c);
		return 0;
	}
	if (c->raw)
		call.args = *args;
	else if (goflags_parse(a, &c->flags, args, c->stop, options, &call.args, e) < 0)
		return -1;
	if (check_args(c, &call.args, e) < 0)
		return -1;
	call.options = options;
	log_debug("runc %s: %s", RUNC_VERSION, c->name);
	if (c->enters && protect_self(g->argv, e) < 0)
		return -1;
	return c->run(&call, e);
}

static int run(struct arena *a, char **argv, const struct strs *args, const struct command **found,
               struct err *e)
{
	struct globals g = { .argv = argv };
	struct strs rest = { 0 };

	if (goflags_parse(a, &globals_table, args, true, &g, &rest, e) < 0 || open_log(&g, e) < 0)
		return -1;
	g.root_given = g.root;
	g.root = g.root ? g.root : default_root(a);
	if (g.version) {
		print_version();
		return 0;
	}
	if (g.help || rest.n == 0 || str_eq(rest.v[0], "help")) {
		print_help();
		return 0;
	}
	*found = find_command(rest.v[0]);
	if (!*found) {
		fprintf(stderr, "No help topic for '%s'\n", rest.v[0]);
		return 3;
	}
	rest.n--;
	rest.v++;
	return run_command(a, &g, *found, &rest, e);
}

int main(int argc, char **argv)
{
	_cleanup_arena_ struct arena a = { 0 };
	struct strs args = { (size_t)argc - (argc > 0), (const char **)argv + (argc > 0) };
	const struct command *command = NULL;
	struct err e = { 0 };
	int code = run(&a, argv, &args, &command, &e);

	return code < 0 ? fail(command, &e) : code;
}
