/*
 * Which daemon: flags, environment, the stored contexts.
 *
 * A context is CONFIG/contexts/meta/SHA256(NAME)/meta.json: {"Name", "Endpoints": {"docker":
 * {"Host"}}}.
 * Precedence: -H, --context, DOCKER_HOST, DOCKER_CONTEXT, currentContext, the default socket.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>

#include "base/file.h"
#include "base/limits.h"
#include "cli/cli.h"
#include "oci/digest.h"

#define DEFAULT_CONTEXT "default"
#define DEFAULT_ADDRESS "unix:///var/run/docker.sock"

#define CONTEXT_ENDPOINT(F) F(STR, host, "Host", 0)
JSON_STRUCT(context_endpoint, CONTEXT_ENDPOINT)
JSON_TYPE(context_endpoint, CONTEXT_ENDPOINT)

#define CONTEXT_META(F)         \
	F(STR, name, "Name", 0) \
	F(OBJMAP, endpoints, "Endpoints", 0, context_endpoint)
JSON_STRUCT(context_meta, CONTEXT_META)
JSON_TYPE(context_meta, CONTEXT_META)

static const char *meta_path(struct cli *cli, const char *name)
{
	char hash[DIGEST_HEX + 1];

	sha256_hex(name, strlen(name), hash);
	return arena_printf(&cli->arena, "%s/contexts/meta/%s/meta.json", cli->config_dir, hash);
}

static int stored_address(struct cli *cli, const char *name, struct err *e)
{
	const char *path = meta_path(cli, name);
	struct context_meta meta;
	struct slice text;

	if (file_read(&cli->arena, AT_FDCWD, path, LIMIT_SMALL_FILE, &text, e) < 0) {
		if (e->errnum != ENOENT)
			return -1;
		return err_set(e, ERR_NOT_FOUND,
		               "context \"%s\": context not found: open %s: no such file or "
		               "directory",
		               name, path);
	}
	if (json_decode(&cli->arena, &context_meta_type, text, &meta, e) < 0)
		return err_wrap(e, "context \"%s\"", name);
	for (size_t i = 0; i < meta.endpoints.n; i++)
		if (str_eq(meta.endpoints.v[i].key, "docker"))
			cli->address = meta.endpoints.v[i].value->host;
	if (str_empty(cli->address))
		return err_set(e, ERR_INVALID, "context \"%s\" has no docker endpoint", name);
	return 0;
}

static const char *environment(const char *name)
{
	const char *v = getenv(name);

	return str_empty(v) ? NULL : v;
}

/* The name of the context in use; *host is what overrides it. */
static const char *choose(const struct cli *cli, const char **host)
{
	const struct global_options *g = cli->global;

	*host = g->host.n ? g->host.v[g->host.n - 1] : NULL;
	if (!str_empty(g->context))
		return g->context;
	if (!*host)
		*host = environment("DOCKER_HOST");
	if (*host)
		return DEFAULT_CONTEXT;
	if (environment("DOCKER_CONTEXT"))
		return environment("DOCKER_CONTEXT");
	return str_empty(cli->config.current_context) ? DEFAULT_CONTEXT
	                                              : cli->config.current_context;
}

/* "host:2375" means tcp; a path means a unix socket; a bare port means the loopback. */
static int normalize(struct cli *cli, const char *host, struct err *e)
{
	static const char *const known[] = { "unix://", "tcp://", "http://" };

	for (size_t i = 0; i < ARRAY_LEN(known); i++)
		if (str_starts(host, known[i])) {
			cli->address = host;
			return 0;
		}
	if (str_starts(host, "ssh://") || str_starts(host, "https://"))
		return err_set(e, ERR_UNIMPLEMENTED, "%.*s addresses are not there yet: %s",
		               (int)strcspn(host, ":"), host, host);
	if (strstr(host, "://"))
		return err_set(e, ERR_INVALID, "invalid bind address format: %s", host);
	cli->address =
	        arena_printf(&cli->arena, "tcp://%s%s", *host == ':' ? "127.0.0.1" : "", host);
	return 0;
}

int context_resolve(struct cli *cli, struct err *e)
{
	const char *host;

	cli->context = choose(cli, &host);
	if (!host && !str_eq(cli->context, DEFAULT_CONTEXT)) {
		if (stored_address(cli, cli->context, e) < 0)
			return err_wrap(e, "unable to resolve docker endpoint");
		host = cli->address;
	}
	if (normalize(cli, host ? host : DEFAULT_ADDRESS, e) < 0)
		return err_wrap(e, "unable to resolve docker endpoint");
	if (cli->global->tls || cli->global->tlsverify || environment("DOCKER_TLS_VERIFY"))
		return err_set(e, ERR_UNIMPLEMENTED, "TLS to a daemon is not there yet");
	return 0;
}
