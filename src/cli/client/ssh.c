/* See ssh.h. The child ends when its end of the socket pair is closed; init reaps it after us. */
#include "cli/client/ssh.h"

#include <errno.h>
#include <sys/socket.h>

#include "base/fd.h"
#include "base/proc.h"

/* The parts of an address; members are NULL where it has none. */
struct target {
	const char *user, *host, *port, *path;
};

static int parse(struct arena *a, const char *address, struct target *out, struct err *e)
{
	const char *rest = str_after(address, "ssh://"), *at, *colon;
	size_t n = strcspn(rest, "/");

	*out = (struct target){ .path = rest[n] && rest[n + 1] ? rest + n : NULL };
	rest = arena_strndup(a, rest, n);
	at = strrchr(rest, '@');
	if (at) {
		out->user = arena_strndup(a, rest, (size_t)(at - rest));
		rest = at + 1;
	}
	colon = strrchr(rest, ':');
	if (colon && !strchr(colon, ']')) {
		out->port = colon + 1;
		rest = arena_strndup(a, rest, (size_t)(colon - rest));
	}
	out->host = *rest == '[' ? arena_strndup(a, rest + 1, strcspn(rest + 1, "]")) : rest;
	/* Nothing of it may become an option of ssh. */
	if (str_empty(out->host) || out->host[0] == '-' || (out->user && out->user[0] == '-'))
		return err_set(e, ERR_INVALID, "invalid SSH URL: %s", address);
	return 0;
}

static struct strs command(struct arena *a, const struct target *t)
{
	struct strs argv = { 0 };
	const struct {
		const char *word, *value; /* both, when the value is there */
	} options[] = { { "-l", t->user }, { "-p", t->port }, { "-o", "ConnectTimeout=30" } };

	arena_push(a, &argv, "ssh");
	for (size_t i = 0; i < ARRAY_LEN(options); i++) {
		if (!options[i].value)
			continue;
		arena_push(a, &argv, options[i].word);
		arena_push(a, &argv, options[i].value);
	}
	arena_push(a, &argv, "-T");
	arena_push(a, &argv, "--");
	arena_push(a, &argv, t->host);
	arena_push(a, &argv, "docker");
	if (t->path) {
		arena_push(a, &argv, "--host");
		arena_push(a, &argv, (const char *)arena_printf(a, "unix://%s", t->path));
	}
	arena_push(a, &argv, "system");
	arena_push(a, &argv, "dial-stdio");
	arena_push(a, &argv, (const char *)NULL);
	return argv;
}

struct http_conn *ssh_dial(const char *address, struct err *e)
{
	_cleanup_arena_ struct arena a = { 0 };
	_cleanup_close_ int ours = -1, theirs = -1;
	struct target t;
	struct strs argv;
	int pair[2];

	if (parse(&a, address, &t, e) < 0)
		return NULL;
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0) {
		err_errno(e, errno, "create socket pair");
		return NULL;
	}
	ours = pair[0];
	theirs = pair[1];
	argv = command(&a, &t);
	if (proc_spawn(&(struct proc_spawn){ .file = "ssh",
	                                     .argv = argv.v,
	                                     .fd = { theirs, theirs, PROC_INHERIT },
	                                     .new_session = true },
	               NULL, e) < 0)
		return NULL;
	return http_conn_new(take_fd(&ours));
}
