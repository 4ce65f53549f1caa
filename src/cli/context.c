/*
 * Which daemon: flags, environment, the stored contexts.
 *
 * A context is CONFIG/contexts/meta/SHA256(NAME)/meta.json: {"Name", "Endpoints": {"docker":
 * {"Host"}}}. The name inside is what counts, so that no hash is needed to find one.
 * Precedence: -H, --context, DOCKER_HOST, DOCKER_CONTEXT, currentContext, the default socket.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>

#include "base/file.h"
#include "base/limits.h"
#include "cli/cli.h"

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

struct search {
	struct arena *a;
	const char *name;
	const char *host; /* found */
	struct err *e;
};

static int look_at(void *arg, int dirfd, const char *entry)
{
	struct search *s = arg;
	struct context_meta meta;
	struct slice text;

	if (file_read(s->a, dirfd, path_join(s->a, entry, "meta.json"), LIMIT_SMALL_FILE, &text,
	              NULL) < 0)
		return 0;
	if (json_decode(s->a, &context_meta_type, text, &meta, NULL) < 0 ||
	    !str_eq(meta.name, s->name))
		return 0;
	for (size_t i = 0; i < meta.endpoints.n; i++)
		if (str_eq(meta.endpoints.v[i].key, "docker"))
			s->host = meta.endpoints.v[i].value->host;
	return 1;
}

static int stored_address(struct cli *cli, const char *name, struct err *e)
{
	struct search s = { &cli->arena, name, NULL, e };
	const char *dir = path_join(&cli->arena, cli->config_dir, "contexts/meta");

	if (dir_each(AT_FDCWD, dir, look_at, &s, e) < 0 && e->errnum != ENOENT)
		return -1;
	if (!s.host)
		return err_set(e, ERR_NOT_FOUND, "context \"%s\": context not found", name);
	cli->address = s.host;
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

	if (!str_empty(cli->global->context) && cli->global->host.n)
		return err_set(e, ERR_INVALID,
		               "conflicting options: cannot specify both --host and --context");
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
