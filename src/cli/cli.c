/* The global options, and how errors are told. See cli.h. */
#include "cli/cli.h"

#include <stdio.h>

#include "cli/help.h"

static const struct flag global_flag_rows[] = {
	FLAG(global_options, STR, config, "config", 0, "Folder of the client's configuration",
	     .shown = "~/.docker"),
	FLAG(global_options, STR, context, "context", 'c',
	     "Context that says which daemon to talk to (wins over DOCKER_HOST and the default "
	     "context)"),
	FLAG(global_options, BOOL, debug, "debug", 'D', "Debug mode"),
	FLAG(global_options, LIST, host, "host", 'H', "Socket of the daemon"),
	FLAG(global_options, STR, log_level, "log-level", 'l',
	     "Level of logging (\"debug\", \"info\", \"warn\", \"error\", \"fatal\")",
	     .def = "info"),
	FLAG(global_options, BOOL, tls, "tls", 0, "TLS; --tlsverify means it too"),
	FLAG(global_options, STR, tlscacert, "tlscacert", 0, "Trust certificates of this CA only",
	     .shown = "~/.docker/ca.pem"),
	FLAG(global_options, STR, tlscert, "tlscert", 0, "TLS certificate file",
	     .shown = "~/.docker/cert.pem"),
	FLAG(global_options, STR, tlskey, "tlskey", 0, "TLS key file",
	     .shown = "~/.docker/key.pem"),
	FLAG(global_options, BOOL, tlsverify, "tlsverify", 0, "TLS with a check of the daemon"),
	FLAG(global_options, BOOL, version, "version", 'v', "Print the version and end"),
};
const struct flags global_flags = FLAGS(global_options, global_flag_rows);

const char *cli_error_text(const struct cli *cli, const struct err *e)
{
	return cli->api.cut && str_eq(e->text, cli->api.cut) ? cli->api.whole : e->text;
}

void cli_print_error(const struct cli *cli, const struct err *e)
{
	fflush(stdout);
	fprintf(stderr, "%s\n", cli_error_text(cli, e));
}

void cli_print_failure(const struct cli *cli, const struct call *call, const struct err *e)
{
	fflush(stdout);
	fprintf(stderr, "docker: %s\n\nRun '%s --help' for more information\n",
	        cli_error_text(cli, e), call->path);
}

int cli_usage_error(const struct call *call, const char *message, const char *see, int code)
{
	_cleanup_buf_ struct buf usage = { 0 };

	help_usage_line(&usage, call);
	fflush(stdout);
	fprintf(stderr, "%s\n\nUsage:  %s\n\n%s '%s --help' for more information\n", message,
	        buf_cstr(&usage), see, call->path);
	return code;
}
