/*
 * The program's state, made once in main and handed to every command: global options,
 * configuration, the daemon's address, the API connection. One thread; everything lives in the
 * arena until the program ends.
 */
#ifndef CLI_CLI_H
#define CLI_CLI_H

#include "cli/client/api.h"
#include "cli/command.h"
#include "cli/client/config.h"
#include "http/tls.h"

#define EXIT_DAEMON 125 /* `run`, `exec`: the daemon or this program failed */
#define EXIT_USAGE  125 /* a flag was wrong */

struct global_options {
	const char *config, *context, *log_level;
	struct strs host;
	bool debug, version;
	bool tls, tlsverify;
	const char *tlscacert, *tlscert, *tlskey;
};
extern const struct flags global_flags;

struct cli {
	struct arena arena;
	const struct global_options *global;
	const char *program;      /* our own name as we were called */
	const char *const *words; /* of the command line, behind it */
	size_t nglobal;           /* of these, global options and their values */
	const char *config_dir;
	struct config config;
	const char *context;   /* name of the one in use */
	const char *address;   /* "unix:///var/run/docker.sock" */
	struct tls_setup *tls; /* how it is spoken to, or NULL: without TLS */
	struct api api;
};

/* The text of an error; a daemon's message is whole where *e had to cut it. */
const char *cli_error_text(const struct cli *cli, const struct err *e);
void cli_print_error(const struct cli *cli, const struct err *e);

/* Runs what args (after the global options) name: a command, a group, help, a plugin. */
int cli_dispatch(struct cli *cli, const char *const *argv);

/* The call is wrong: message, usage line, where help is. Returns the exit code given. */
int cli_usage_error(const struct call *call, const char *message, const char *see, int code);

/* The error of a `run` or `create`, and where help is. */
void cli_print_failure(const struct cli *cli, const struct call *call, const struct err *e);

/* --- client/context.c --- */

/* Fills cli->context and cli->address by flags, environment and configuration. */
int context_resolve(struct cli *cli, struct err *e) must_check;

#endif
