/* See credentials.h. A helper is asked through its program, docker-credential-NAME. */
#include "cli/client/credentials.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/base64.h"
#include "base/fd.h"
#include "base/limits.h"
#include "base/proc.h"

/* What a credential helper answers to "get", and is told by "store". */
#define HELPER_ANSWER(F)                \
	F(STR, username, "Username", 0) \
	F(STR, secret, "Secret", 0)
JSON_STRUCT(helper_answer, HELPER_ANSWER)
JSON_TYPE(helper_answer, HELPER_ANSWER)

#define HELPER_SECRET(F)                \
	F(STR, server, "ServerURL", 0)  \
	F(STR, username, "Username", 0) \
	F(STR, secret, "Secret", 0)
JSON_STRUCT(helper_secret, HELPER_SECRET)
JSON_TYPE(helper_secret, HELPER_SECRET)

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

/* The two pipes of a helper: what it reads, and what it says. */
struct helper_pipes {
	int in[2], out[2];
};

static int spawn_helper(struct arena *a, const char *name, const char *verb,
                        const struct helper_pipes *p, struct err *e)
{
	const char *argv[] = { arena_printf(a, "docker-credential-%s", name), verb, NULL };

	return proc_spawn(&(struct proc_spawn){ .file = argv[0],
	                                        .argv = argv,
	                                        .fd = { p->in[0], p->out[1], PROC_INHERIT } },
	                  NULL, e);
}

/* docker-credential-NAME get | store | erase: `input` on stdin, an answer on stdout. */
static int run_helper(struct arena *a, const char *name, const char *verb, const char *input,
                      struct slice *out, struct err *e)
{
	_cleanup_close_ int in_r = -1, in_w = -1, out_r = -1, out_w = -1;
	struct helper_pipes p;
	int status;
	pid_t pid;

	if (pipe2(p.in, O_CLOEXEC) < 0)
		return err_errno(e, errno, "create pipe");
	in_r = p.in[0];
	in_w = p.in[1];
	if (pipe2(p.out, O_CLOEXEC) < 0)
		return err_errno(e, errno, "create pipe");
	out_r = p.out[0];
	out_w = p.out[1];
	pid = spawn_helper(a, name, verb, &p, e);
	if (pid < 0) {
		if (e->kind == ERR_NOT_FOUND)
			return err_set(
			        e, ERR_NOT_FOUND,
			        "exec: \"docker-credential-%s\": executable file not found in "
			        "$PATH, out: ``",
			        name);
		return -1;
	}
	fd_close(&in_r);
	fd_close(&out_w);
	/* A helper that reads nothing may be gone already: its answer decides. */
	if (fd_write_all(in_w, input, strlen(input), NULL) < 0)
		err_clear(e);
	fd_close(&in_w);
	if (read_answer(a, out_r, out, e) < 0)
		return -1;
	status = proc_wait(pid, e);
	if (status > 0)
		return err_set(e, ERR_UNKNOWN, "exit status %d, out: `%.*s`", status,
		               (int)MIN(out->len, (size_t)300), out->data);
	return status;
}

/* A helper that fails has no credentials: the registry says what it thinks of that. */
static void helper_credentials(struct arena *a, const char *helper, const char *registry,
                               struct auth_entry *out)
{
	struct helper_answer answer;
	struct err ignored = { 0 };
	struct slice text;

	if (run_helper(a, helper, "get", registry, &text, &ignored) < 0 ||
	    json_decode(a, &helper_answer_type, text, &answer, &ignored) < 0)
		return;
	if (str_eq(answer.username, "<token>"))
		out->identitytoken = answer.secret;
	else
		*out = (struct auth_entry){ .username = answer.username,
			                    .password = answer.secret };
	if (out->username || out->identitytoken)
		out->serveraddress = registry;
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

int credentials_get(struct arena *a, const struct config *c, const char *registry,
                    struct auth_entry *out, struct err *e)
{
	const char *helper = helper_for(c, registry);

	*out = (struct auth_entry){ 0 };
	if (!helper)
		return file_credentials(a, c, registry, out, e);
	helper_credentials(a, helper, registry, out);
	return 0;
}

int credentials_header(struct arena *a, const struct config *c, const struct reference *ref,
                       const char **header, struct err *e)
{
	const char *registry =
	        str_eq(ref->domain, REFERENCE_DEFAULT_DOMAIN) ? CREDENTIALS_HUB : ref->domain;
	struct auth_entry entry;

	if (credentials_get(a, c, registry, &entry, e) < 0)
		return -1;
	*header = base64_encode(a, slice_of(json_text(a, &auth_entry_type, &entry)), BASE64_URL);
	return 0;
}

/* --- keeping and forgetting --- */

/* What "auths" says of a registry: nothing but its name when a helper keeps the secret. */
static const char *entry_text(struct arena *a, const struct auth_entry *entry, bool in_file)
{
	struct auth_entry kept = { 0 };

	if (in_file && !str_empty(entry->identitytoken))
		kept.identitytoken = entry->identitytoken;
	if (in_file)
		kept.auth = base64_encode(
		        a,
		        slice_of(arena_printf(a, "%s:%s", entry->username,
		                              kept.identitytoken ? "" : entry->password)),
		        BASE64_STANDARD);
	return json_text(a, &auth_entry_type, &kept);
}

static bool already_kept(const struct config *c, const char *registry, const char *text,
                         struct arena *a)
{
	for (size_t i = 0; i < c->auths.n; i++)
		if (str_eq(c->auths.v[i].key, registry))
			return str_eq(json_text(a, &auth_entry_type, c->auths.v[i].value), text);
	return false;
}

int credentials_store(struct arena *a, const struct config *c, const char *dir,
                      const char *registry, const struct auth_entry *entry, bool *plain,
                      struct err *e)
{
	const char *helper = helper_for(c, registry);
	const char *text = entry_text(a, entry, !helper);
	bool token = !str_empty(entry->identitytoken);
	struct helper_secret secret = { registry, token ? "<token>" : entry->username,
		                        token ? entry->identitytoken : entry->password };
	struct slice answer;

	*plain = false;
	if (helper && run_helper(a, helper, "store", json_text(a, &helper_secret_type, &secret),
	                         &answer, e) < 0)
		return err_wrap(e, "error storing credentials - err");
	if (already_kept(c, registry, text, a))
		return 0;
	*plain = !helper;
	return config_set_auth(a, dir, registry, text, e);
}

int credentials_erase(struct arena *a, const struct config *c, const char *dir,
                      const char *registry, struct err *e)
{
	const char *helper = helper_for(c, registry);
	struct slice answer;

	if (helper && run_helper(a, helper, "erase", registry, &answer, e) < 0)
		return err_wrap(e, "error erasing credentials - err");
	return config_set_auth(a, dir, registry, NULL, e);
}
