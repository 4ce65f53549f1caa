/* From words to a handler: groups, short forms, help, plugins. */
#include <stdio.h>

#include "cli/cli.h"
#include "cli/complete.h"
#include "cli/help.h"
#include "cli/plugin.h"

bool name_listed(const char *list, const char *name)
{
	size_t len = strlen(name);

	for (const char *p = list ? list : ""; *p;) {
		size_t n = strcspn(p, " ");

		if (n == len && memcmp(p, name, n) == 0)
			return true;
		p += n + (p[n] == ' ');
	}
	return false;
}

/* With group NULL: a command at the top, or a short form of one in a group. */
const struct command *command_find(const char *group, const char *name)
{
	for (size_t i = 0; i < ncommands; i++) {
		const struct command *c = &commands[i];

		if (group ? str_eq(c->group, group) &&
		                    (str_eq(c->name, name) || name_listed(c->aliases, name))
		          : str_eq(c->group ? c->top : c->name, name))
			return c;
	}
	return NULL;
}

static const struct command_group *group_find(const char *name)
{
	for (size_t i = 0; i < ncommand_groups; i++)
		if (str_eq(command_groups[i].name, name))
			return &command_groups[i];
	return NULL;
}

bool command_group_ready(const struct command_group *group)
{
	for (size_t i = 0; i < ncommands; i++)
		if (str_eq(commands[i].group, group->name) && commands[i].run)
			return true;
	return false;
}

static int unknown_command(const char *path)
{
	fprintf(stderr,
	        "docker: unknown command: docker %s\n\nRun 'docker --help' for more "
	        "information\n",
	        path);
	return 1;
}

static int not_there_yet(const char *path)
{
	fprintf(stderr, "%s is not there yet\n", path);
	return 1;
}

/* One flag that was given: is the daemon new enough for it, and is it there? */
static int check_flag(struct cli *cli, const struct flag *f, struct err *e)
{
	if (f->since && api_ping(cli, e) < 0)
		return -1;
	if (cli->api.version < f->since)
		return err_set(e, ERR_INVALID,
		               "\"--%s\" requires API version 1.%d, but the Docker daemon API "
		               "version is 1.%d",
		               f->name, f->since, cli->api.version);
	if (f->attrs & FLAG_LATER)
		return err_set(e, ERR_UNIMPLEMENTED, "--%s is not there yet", f->name);
	return 0;
}

static int check_flags(struct cli *cli, const struct call *call, struct err *e)
{
	const struct flags *flags = call->command->flags;

	for (size_t i = 0; i < flags_count(flags); i++)
		if (call->given[i] && check_flag(cli, flags_at(flags, i), e) < 0)
			return -1;
	return 0;
}

static int run_handler(struct cli *cli, struct call *call)
{
	struct err e = { 0 };
	int code;

	if (context_resolve(cli, &e) < 0) {
		fprintf(stderr, "Failed to initialize: %s\n", e.text);
		return 1;
	}
	code = check_flags(cli, call, &e);
	if (code == 0)
		code = call->command->run(cli, call, &e);
	if (code >= 0)
		return code;
	cli_print_error(cli, &e);
	return 1;
}

static const char *path_of(struct cli *cli, const struct command *c, bool top)
{
	if (!c->group)
		return arena_printf(&cli->arena, "docker %s", c->name);
	return top ? arena_printf(&cli->arena, "docker %s", c->top)
	           : arena_printf(&cli->arena, "docker %s %s", c->group, c->name);
}

/* The words before "--help" as the original has them, its slip of the pen for "at most" included. */
static const char *help_pointer(const struct command *c)
{
	if (c->max < 0)
		return "See";
	return c->min == 0 && c->max > 0 ? "SRun" : "Run";
}

static int run_command(struct cli *cli, const struct command *c, bool top, const char *const *argv)
{
	struct call call = { .command = c, .path = path_of(cli, c, top) };
	const char *miscount;
	struct err e = { 0 };

	if (!c->run)
		return not_there_yet(call.path);
	if (args_parse(&cli->arena, c->flags, c->ends_at_argument, argv, &call, &e) < 0)
		return cli_usage_error(&call, e.text, "Run", EXIT_USAGE);
	if (call.help) {
		help_command(stdout, &call);
		return 0;
	}
	miscount = args_count_error(&cli->arena, &call);
	if (miscount)
		return cli_usage_error(&call, arena_printf(&cli->arena, "docker: %s", miscount),
		                       help_pointer(c), 1);
	return run_handler(cli, &call);
}

/* docker container [--help], or a flag where no flag can stand. */
static int run_bare_group(const struct command_group *group, const char *word, struct cli *cli)
{
	struct command none = { .name = group->name, .usage = "" };
	struct call call = { .command = &none,
		             .path = arena_printf(&cli->arena, "docker %s", group->name) };

	if (!command_group_ready(group))
		return not_there_yet(call.path);
	if (!word || str_eq(word, "--help") || str_eq(word, "-h")) {
		help_group(word ? stdout : stderr, group);
		return 0;
	}
	if (word[0] == '-')
		return cli_usage_error(&call,
		                       word[1] == '-'
		                               ? arena_printf(&cli->arena, "unknown flag: %s", word)
		                               : arena_printf(&cli->arena,
		                                              "unknown shorthand flag: '%c' in %s",
		                                              word[1], word),
		                       "Run", EXIT_USAGE);
	return cli_usage_error(&call,
	                       arena_printf(&cli->arena, "docker: unknown command: docker %s %s",
	                                    group->name, word),
	                       "Run", 1);
}

static int run_in_group(struct cli *cli, const struct command_group *group, const char *const *argv)
{
	const struct command *c = argv[0] ? command_find(group->name, argv[0]) : NULL;

	if (group->notice)
		fputs(group->notice, stderr);
	return c ? run_command(cli, c, false, argv + 1) : run_bare_group(group, argv[0], cli);
}

static int run_plugin(struct cli *cli, const char *path, const char *const *argv)
{
	struct err e = { 0 };

	plugin_exec(cli, path, argv, &e);
	cli_print_error(cli, &e);
	return 1;
}

/* docker help [COMMAND [COMMAND]]; argv[-1] is "help". */
static int run_help(struct cli *cli, const char *const *argv)
{
	const struct command_group *group = argv[0] ? group_find(argv[0]) : NULL;
	const struct command *c;
	struct call call = { 0 };
	const char *plugin;

	if (!argv[0]) {
		help_root(cli, stdout);
		return 0;
	}
	if (group && !argv[1]) {
		help_group(stdout, group);
		return 0;
	}
	c = group ? command_find(group->name, argv[1]) : command_find(NULL, argv[0]);
	if (!c && (plugin = plugin_find(cli, argv[0])))
		return run_plugin(cli, plugin, argv - 1);
	if (!c) {
		fprintf(stderr, "unknown help topic: %s\n", argv[0]);
		return 1;
	}
	call.command = c;
	call.path = path_of(cli, c, !group);
	if (!c->run)
		return not_there_yet(call.path);
	help_command(stdout, &call);
	return 0;
}

/* What is not ours is a plugin's; build belongs to buildx where that is installed. */
static const char *plugin_for(struct cli *cli, const struct command *c,
                              const struct command_group *group, const char *word)
{
	if (str_eq(word, "build") || str_eq(word, "builder"))
		return plugin_find(cli, "buildx");
	return c || (group && command_group_ready(group)) ? NULL : plugin_find(cli, word);
}

int cli_dispatch(struct cli *cli, const char *const *argv)
{
	const struct command_group *group = group_find(argv[0]);
	const struct command *c = command_find(NULL, argv[0]);
	const char *plugin = plugin_for(cli, c, group, argv[0]);

	if (plugin)
		return run_plugin(cli, plugin, argv);
	if (str_eq(argv[0], "help"))
		return run_help(cli, argv + 1);
	if (str_starts(argv[0], "__complete") || str_eq(argv[0], "completion"))
		return complete_main(cli, argv);
	if (group)
		return run_in_group(cli, group, argv + 1);
	return c ? run_command(cli, c, true, argv + 1) : unknown_command(argv[0]);
}
