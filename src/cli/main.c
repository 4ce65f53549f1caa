/*
 * docker: the command line of the engine.
 *
 *     docker [OPTIONS] COMMAND   global options, then a word of the table in commands.c
 *       args.c                   its flags and arguments, by its row
 *       container/ image/ ...    its handler: API calls (client/api.c), output (format/)
 *
 * Exit codes: 0; 1 for errors; 125 where a flag was wrong; `run` and `exec` have their own.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/file.h"
#include "cli/cli.h"
#include "cli/help.h"
#include "cli/system/version.h"

static const char *config_folder(struct cli *cli)
{
	const char *env = getenv("DOCKER_CONFIG"), *home = getenv("HOME");

	if (!str_empty(cli->global->config))
		return cli->global->config;
	return !str_empty(env) ? env : path_join(&cli->arena, home ? home : "/root", ".docker");
}

/* A broken file is no reason to do nothing. */
static void load_config(struct cli *cli)
{
	struct err e = { 0 };

	cli->config_dir = config_folder(cli);
	if (config_load(&cli->arena, cli->config_dir, &cli->config, &e) < 0)
		fprintf(stderr, "WARNING: %s\n", e.text);
}

static bool log_level_known(const char *level)
{
	return name_listed("panic fatal error warn warning info debug trace", level);
}

static int start(struct cli *cli, const char *const *argv)
{
	static const struct command root = { .name = "docker",
		                             .usage = "[OPTIONS] COMMAND [ARG...]",
		                             .flags = &global_flags };
	struct call call = { .command = &root, .path = "docker" };
	struct err e = { 0 };
	int eaten = args_parse_global(&cli->arena, &global_flags, argv, &call, &e);

	cli->global = call.options;
	cli->words = argv;
	cli->nglobal = eaten < 0 ? 0 : (size_t)eaten;
	if (eaten < 0)
		return cli_usage_error(&call, e.text, "Run", EXIT_USAGE);
	if (cli->global->version && !call.help) {
		printf("Docker version %s, build %s\n", VERSION_CLIENT, VERSION_BUILD);
		return 0;
	}
	if (!log_level_known(cli->global->log_level)) {
		fprintf(stderr, "Unable to parse logging level: %s\n", cli->global->log_level);
		return 1;
	}
	if (!str_empty(cli->global->context) && cli->global->host.n) {
		fputs("conflicting options: cannot specify both --host and --context\n", stderr);
		return 1;
	}
	load_config(cli);
	argv += eaten;
	if (!*argv) {
		help_root(cli, call.help ? stdout : stderr);
		return 0;
	}
	if (call.help) { /* docker --help ps */
		const char *words[4] = { "help" };

		for (size_t i = 0; i < 2 && argv[i]; i++)
			words[i + 1] = argv[i];
		return cli_dispatch(cli, words);
	}
	return cli_dispatch(cli, argv);
}

int main(int argc, char **argv)
{
	struct cli cli = { 0 };
	int code;

	cli.program = argc < 1 ? "docker" : argv[0];
	code = argc < 1 ? 1 : start(&cli, (const char *const *)argv + 1);
	http_conn_free(cli.api.idle);
	arena_free(&cli.arena);
	return fflush(stdout) == 0 ? code : 1;
}
