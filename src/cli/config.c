/* Reading config.json and asking credential helpers. See config.h. */
#include "cli/config.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/base64.h"
#include "base/fd.h"
#include "base/file.h"
#include "base/limits.h"
#include "base/proc.h"

#define HUB_KEY "https://index.docker.io/v1/" /* of Docker Hub in "auths" */

JSON_TYPE(auth_entry, AUTH_ENTRY)
JSON_TYPE(proxy_entry, PROXY_ENTRY)
JSON_TYPE(config, CONFIG_FILE)

/* What a credential helper answers. */
#define HELPER_ANSWER(F)                \
	F(STR, username, "Username", 0) \
	F(STR, secret, "Secret", 0)
JSON_STRUCT(helper_answer, HELPER_ANSWER)
JSON_TYPE(helper_answer, HELPER_ANSWER)

int config_load(struct arena *a, const char *dir, struct config *out, struct err *e)
{
	const char *path = path_join(a, dir, "config.json");
	struct slice text;

	*out = (struct config){ 0 };
	if (file_read(a, AT_FDCWD, path, LIMIT_CONFIG_FILE, &text, e) < 0) {
		if (e->errnum != ENOENT && e->errnum != ENOTDIR)
			return -1;
		err_clear(e);
		return 0;
	}
	if (!text.len || json_decode(a, &config_type, text, out, e) == 0)
		return 0;
	return err_wrap(e, "Error parsing config file (%s)", path);
}

/* --- credentials --- */

static const char *helper_for(const struct config *c, const char *registry)
{
	const char *own = json_map_get(&c->cred_helpers, registry);

	return own ? own : c->creds_store;
}

static int read_answer(struct arena *a, int fd, struct slice *out, struct err *e)
{
	char *text = arena_alloc(a, LIMIT_SMALL_FILE + 1);
	ssize_t n = fd_read_full(fd, text, LIMIT_SMALL_FILE, e);

	*out = (struct slice){ text, n < 0 ? 0 : (size_t)n };
	return n < 0 ? -1 : 0;
}

/* docker-credential-NAME get: the registry on stdin, a JSON object on stdout. */
static int run_helper(struct arena *a, const char *name, const char *registry, struct slice *out,
                      struct err *e)
{
	const char *argv[] = { arena_printf(a, "docker-credential-%s", name), "get", NULL };
	_cleanup_close_ int in_r = -1, in_w = -1, out_r = -1, out_w = -1;
	int in[2], from[2], status;
	pid_t pid;

	if (pipe2(in, O_CLOEXEC) < 0)
		return err_errno(e, errno, "create pipe");
	in_r = in[0];
	in_w = in[1];
	if (pipe2(from, O_CLOEXEC) < 0)
		return err_errno(e, errno, "create pipe");
	out_r = from[0];
	out_w = from[1];
	pid = proc_spawn(&(struct proc_spawn){ .file = argv[0],
	                                       .argv = argv,
	                                       .fd = { in_r, out_w, PROC_INHERIT } },
	                 NULL, e);
	if (pid < 0)
		return -1;
	fd_close(&in_r);
	fd_close(&out_w);
	/* A helper that reads nothing may be gone already: its answer decides. */
	if (fd_write_all(in_w, registry, strlen(registry), NULL) < 0)
		err_clear(e);
	fd_close(&in_w);
	if (read_answer(a, out_r, out, e) < 0)
		return -1;
	status = proc_wait(pid, e);
	if (status > 0)
		return err_set(e, ERR_UNKNOWN, "%.*s", (int)MIN(out->len, (size_t)300), out->data);
	return status;
}

static int helper_credentials(struct arena *a, const char *helper, const char *registry,
                              struct auth_entry *out, struct err *e)
{
	struct helper_answer answer;
	struct slice text;

	if (run_helper(a, helper, registry, &text, e) < 0) {
		if (!strstr(e->text, "credentials not found in native keychain"))
			return err_wrap(e, "error getting credentials");
		err_clear(e);
		return 0;
	}
	if (json_decode(a, &helper_answer_type, text, &answer, e) < 0)
		return err_wrap(e, "answer of credential helper %s", helper);
	if (str_eq(answer.username, "<token>"))
		out->identitytoken = answer.secret;
	else
		*out = (struct auth_entry){ .username = answer.username,
			                    .password = answer.secret };
	return 0;
}

/* "auth" is base64 of "user:password". */
static int split_auth(struct arena *a, struct auth_entry *entry, struct err *e)
{
	struct slice text;
	const char *colon;

	if (str_empty(entry->auth))
		return 0;
	if (!base64_decode(a, entry->auth, &text) || !(colon = memchr(text.data, ':', text.len)))
		return err_set(e, ERR_INVALID, "invalid auth configuration file");
	entry->username = arena_strndup(a, text.data, (size_t)(colon - text.data));
	entry->password = colon + 1;
	entry->auth = NULL;
	return 0;
}

static int file_credentials(struct arena *a, const struct config *c, const char *registry,
                            struct auth_entry *out, struct err *e)
{
	for (size_t i = 0; i < c->auths.n; i++) {
		const char *key = c->auths.v[i].key;
		const char *host = str_after(key, "https://");

		host = host ? host : str_after(key, "http://") ? str_after(key, "http://") : key;
		if (!str_eq(key, registry) && !(strncmp(host, registry, strcspn(host, "/")) == 0 &&
		                                !registry[strcspn(host, "/")]))
			continue;
		*out = *c->auths.v[i].value;
		out->serveraddress = key;
		return split_auth(a, out, e);
	}
	return 0;
}

int config_registry_auth(struct arena *a, const struct config *c, const struct reference *ref,
                         const char **header, struct err *e)
{
	const char *registry =
	        str_eq(ref->domain, REFERENCE_DEFAULT_DOMAIN) ? HUB_KEY : ref->domain;
	const char *helper = helper_for(c, registry);
	struct auth_entry entry = { 0 };
	int r = helper ? helper_credentials(a, helper, registry, &entry, e)
	               : file_credentials(a, c, registry, &entry, e);

	if (r < 0)
		return -1;
	if (helper && (entry.username || entry.identitytoken))
		entry.serveraddress = registry;
	*header = base64_encode(a, slice_of(json_text(a, &auth_entry_type, &entry)), BASE64_URL);
	return 0;
}

const struct proxy_entry *config_proxies(const struct config *c, const char *address)
{
	const struct proxy_entry *found = NULL;

	for (size_t i = 0; i < c->proxies.n; i++)
		if (str_eq(c->proxies.v[i].key, address) ||
		    (!found && str_eq(c->proxies.v[i].key, "default")))
			found = c->proxies.v[i].value;
	return found;
}
