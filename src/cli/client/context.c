/*
 * Which daemon: flags, environment, the stored contexts.
 *
 * A context is CONFIG/contexts/meta/SHA256(NAME)/meta.json: {"Name", "Endpoints": {"docker":
 * {"Host", "SkipTLSVerify"}}}. Its certificates are CONFIG/contexts/tls/SHA256(NAME)/docker/{ca,cert,key}.pem.
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

#define CONTEXT_ENDPOINT(F)     \
	F(STR, host, "Host", 0) \
	F(BOOL, skip_tls_verify, "SkipTLSVerify", 0)
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

/* The certificates of a context, if it has some: then its daemon speaks TLS. */
static void stored_tls(struct cli *cli, const char *name, bool skip_verify)
{
	struct tls_setup s = { .verify = !skip_verify };
	const struct {
		const char *file, **path;
	} files[] = { { "ca.pem", &s.ca }, { "cert.pem", &s.cert }, { "key.pem", &s.key } };
	char hash[DIGEST_HEX + 1];

	sha256_hex(name, strlen(name), hash);
	for (size_t i = 0; i < ARRAY_LEN(files); i++) {
		const char *path = arena_printf(&cli->arena, "%s/contexts/tls/%s/docker/%s",
		                                cli->config_dir, hash, files[i].file);

		*files[i].path = path_exists(path) ? path : NULL;
	}
	if (s.ca || s.cert)
		cli->tls = arena_memdup(&cli->arena, &s, sizeof(s));
}

static int stored_address(struct cli *cli, const char *name, struct err *e)
{
	const char *path = meta_path(cli, name);
	const struct context_endpoint *endpoint = NULL;
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
			endpoint = meta.endpoints.v[i].value;
	if (!endpoint || str_empty(endpoint->host))
		return err_set(e, ERR_INVALID, "context \"%s\" has no docker endpoint", name);
	cli->address = endpoint->host;
	stored_tls(cli, name, endpoint->skip_tls_verify);
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
	static const char *const known[] = { "unix://", "tcp://", "http://", "ssh://" };

	for (size_t i = 0; i < ARRAY_LEN(known); i++)
		if (str_starts(host, known[i])) {
			cli->address = host;
			return 0;
		}
	if (str_starts(host, "https://"))
		return err_set(e, ERR_UNIMPLEMENTED, "https addresses are not there yet: %s", host);
	if (strstr(host, "://"))
		return err_set(e, ERR_INVALID, "invalid bind address format: %s", host);
	cli->address =
	        arena_printf(&cli->arena, "tcp://%s%s", *host == ':' ? "127.0.0.1" : "", host);
	return 0;
}

/* ---- TLS ---- */

/* A file of the flag, else of DOCKER_CERT_PATH or the configuration folder, where it may be missing. */
static int cert_file(struct cli *cli, const char *flag, const char *name, const char **out,
                     struct err *e)
{
	const char *folder = environment("DOCKER_CERT_PATH");
	const char *path =
	        flag ? flag : path_join(&cli->arena, folder ? folder : cli->config_dir, name);

	*out = flag || path_exists(path) ? path : NULL;
	if (*out && access(path, R_OK) < 0)
		return err_errno(e, errno, "could not read %s", path);
	return 0;
}

/* The daemon's certificate is checked with --tlsverify only; TLS is spoken with --tls as well. */
static int resolve_tls(struct cli *cli, struct err *e)
{
	const struct global_options *o = cli->global;
	bool verify = o->tlsverify || environment("DOCKER_TLS_VERIFY");
	struct tls_setup s = { .verify = verify };

	if (!str_starts(cli->address, "tcp://") || !(verify || o->tls || environment("DOCKER_TLS")))
		return 0;
	if (cert_file(cli, o->tlscacert, "ca.pem", &s.ca, e) < 0 ||
	    cert_file(cli, o->tlscert, "cert.pem", &s.cert, e) < 0 ||
	    cert_file(cli, o->tlskey, "key.pem", &s.key, e) < 0)
		return -1;
	cli->tls = arena_memdup(&cli->arena, &s, sizeof(s));
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
	return resolve_tls(cli, e);
}
