/* docker login and logout: POST /auth, and what is kept of it (client/credentials.c). */
#include <stdio.h>
#include <termios.h>
#include <unistd.h>

#include "api/auth.h"
#include "base/fd.h"
#include "cli/cli.h"
#include "cli/commands.h"
#include "cli/client/credentials.h"

#define SECRET_MAX (64 * 1024)

struct login_options {
	const char *username, *password;
	bool password_stdin;
};
static const struct flag login_rows[] = {
	FLAG(login_options, STR, password, "password", 'p', "Password or access token"),
	FLAG(login_options, BOOL, password_stdin, "password-stdin", 0,
	     "Read the password or access token from stdin"),
	FLAG(login_options, STR, username, "username", 'u', "Name of the user"),
};
const struct flags login_flags = FLAGS(login_options, login_rows);

/* The host of an address with or without a scheme and a path; Docker Hub has a name of its own. */
static const char *registry_of(struct arena *a, const struct call *call)
{
	const char *address = call->args.n ? call->args.v[0] : "", *host = address;

	if (!*address || str_eq(address, "docker.io"))
		return CREDENTIALS_HUB;
	if (str_after(address, "https://"))
		host = str_after(address, "https://");
	else if (str_after(address, "http://"))
		host = str_after(address, "http://");
	host = arena_strndup(a, host, strcspn(host, "/"));
	return str_eq(host, "index.docker.io") ? CREDENTIALS_HUB : host;
}

/* --- who --- */

static int check_options(const struct call *call, struct err *e)
{
	const struct login_options *o = call->options;

	if (GIVEN(call, login_options, password) && o->password_stdin)
		return err_set(e, ERR_INVALID,
		               "conflicting options: cannot specify both --password and "
		               "--password-stdin");
	if (o->password_stdin && str_empty(o->username))
		return err_set(e, ERR_INVALID,
		               "the --password-stdin option requires --username to be set");
	if (GIVEN(call, login_options, username) && str_empty(o->username))
		return err_set(e, ERR_INVALID, "username is empty");
	if (GIVEN(call, login_options, password) && str_empty(o->password))
		return err_set(e, ERR_INVALID, "password is empty");
	if (GIVEN(call, login_options, password))
		fputs("WARNING! Using --password via the CLI is insecure. Use --password-stdin.\n",
		      stderr);
	return 0;
}

static int read_secret(struct arena *a, const char **out, struct err *e)
{
	char *text = arena_alloc(a, SECRET_MAX + 1);
	ssize_t n = fd_read_full(STDIN_FILENO, text, SECRET_MAX, e);

	if (n < 0)
		return -1;
	while (n > 0 && (text[n - 1] == '\n' || text[n - 1] == '\r'))
		text[--n] = '\0';
	*out = text;
	return 0;
}

static const char *ask(struct arena *a, const char *question, bool secret)
{
	struct termios saved, silent;
	char line[1024] = "";

	fputs(question, stdout);
	fflush(stdout);
	secret = secret && tcgetattr(STDIN_FILENO, &saved) == 0;
	if (secret) {
		silent = saved;
		silent.c_lflag &= ~(tcflag_t)ECHO;
		tcsetattr(STDIN_FILENO, TCSANOW, &silent);
	}
	if (!fgets(line, sizeof(line), stdin))
		line[0] = '\0';
	if (secret) {
		tcsetattr(STDIN_FILENO, TCSANOW, &saved);
		putchar('\n');
	}
	line[strcspn(line, "\r\n")] = '\0';
	return arena_strdup(a, line);
}

static int complete(struct arena *a, const struct login_options *o, struct auth_entry *who,
                    struct err *e)
{
	if (o->password_stdin && read_secret(a, &who->password, e) < 0)
		return -1;
	if (!str_empty(who->username) && !str_empty(who->password))
		return 0;
	if (!isatty(STDIN_FILENO))
		return err_set(e, ERR_INVALID,
		               "Error: Cannot perform an interactive login from a non TTY device");
	if (str_empty(who->username))
		who->username = ask(a, "Username: ", false);
	if (str_empty(who->username))
		return err_set(e, ERR_INVALID, "username is required");
	if (str_empty(who->password))
		who->password = ask(a, "Password: ", true);
	return str_empty(who->password) ? err_set(e, ERR_INVALID, "password is required") : 0;
}

/* --- the registry's word on it --- */

static int check(struct cli *cli, const char *registry, struct auth_entry *who, const char **status,
                 struct err *e)
{
	struct auth_entry body = { .username = who->username,
		                   .password = who->password,
		                   .identitytoken = who->identitytoken,
		                   .serveraddress = registry };
	struct api_auth_answer answer;
	struct slice text;

	if (api_post_json(cli, "/auth", &auth_entry_type, &body, &text, e) < 0 ||
	    json_decode(&cli->arena, &api_auth_answer_type, text, &answer, e) < 0)
		return -1;
	if (!str_empty(answer.token)) {
		who->identitytoken = answer.token;
		who->password = NULL;
	}
	*status = answer.status ? answer.status : "";
	return 0;
}

static int keep(struct cli *cli, const char *registry, const struct auth_entry *who, struct err *e)
{
	bool plain;

	if (credentials_store(&cli->arena, &cli->config, cli->config_dir, registry, who, &plain,
	                      e) < 0)
		return err_wrap(e, "Error saving credentials");
	if (plain)
		fprintf(stderr,
		        "\nWARNING! Your credentials are stored unencrypted in '%s/config.json'.\n"
		        "Configure a credential helper to remove this warning. See\n"
		        "https://docs.docker.com/go/credential-store/\n\n",
		        cli->config_dir);
	return 0;
}

/* With what is known already: 1 when it works, 0 when somebody must be asked. */
static int try_known(struct cli *cli, const struct login_options *o, const char *registry,
                     struct auth_entry *who, const char **status, struct err *e)
{
	struct err unknown = { 0 };

	if (!str_empty(o->username) || !str_empty(o->password) ||
	    credentials_get(&cli->arena, &cli->config, registry, who, &unknown) < 0 ||
	    (str_empty(who->password) && str_empty(who->identitytoken)))
		return 0;
	fprintf(stderr, "Authenticating with existing credentials... [Username: %s]\n",
	        who->username ? who->username : "");
	fputs("\n Info -> To login with a different account, run 'docker logout' followed by "
	      "'docker login'\n\n\n",
	      stderr);
	if (check(cli, registry, who, status, e) == 0)
		return 1;
	if (e->kind != ERR_UNAUTHORIZED)
		return -1;
	err_clear(e);
	fprintf(stderr, "Login did not succeed, error: %s\n", cli->api.whole ? cli->api.whole : "");
	return 0;
}

int registry_login(struct cli *cli, struct call *call, struct err *e)
{
	const struct login_options *o = call->options;
	const char *registry = registry_of(&cli->arena, call), *status = "";
	struct auth_entry who = { 0 };
	int known;

	if (check_options(call, e) < 0)
		return -1;
	known = try_known(cli, o, registry, &who, &status, e);
	if (known < 0)
		return -1;
	if (!known) {
		who = (struct auth_entry){ .username = o->username, .password = o->password };
		if (complete(&cli->arena, o, &who, e) < 0 ||
		    check(cli, registry, &who, &status, e) < 0)
			return -1;
	}
	if (keep(cli, registry, &who, e) < 0)
		return -1;
	puts(status);
	return 0;
}

/* Older programs kept registries under other names too. What is not there is no failure. */
int registry_logout(struct cli *cli, struct call *call, struct err *e unused_arg)
{
	const char *registry = registry_of(&cli->arena, call);
	bool hub = str_eq(registry, CREDENTIALS_HUB);
	const char *names[] = { call->args.n && !hub ? call->args.v[0] : registry, registry,
		                arena_printf(&cli->arena, "http://%s", registry),
		                arena_printf(&cli->arena, "https://%s", registry) };

	printf("Removing login credentials for %s\n", registry);
	for (size_t i = 0; i < (hub ? 1 : ARRAY_LEN(names)); i++) {
		struct err ignored = { 0 };

		if (credentials_erase(&cli->arena, &cli->config, cli->config_dir, names[i],
		                      &ignored) < 0)
			err_clear(&ignored);
	}
	return 0;
}
