/* Hooks. See hooks.h; runtime-spec config.md "POSIX-platform Hooks". */
#include "libcontainer/hooks.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include "base/clock.h"
#include "base/fd.h"
#include "base/proc.h"

#define OUTPUT_SIZE 160 /* of each stream; the rest of what a hook writes is read and dropped */

/* One running hook and what it says. */
struct run {
	pid_t pid;
	int pidfd, in, out[2]; /* our ends; out: stdout, stderr */
	struct {
		char text[OUTPUT_SIZE];
		size_t n;
	} said[2];
};

static void run_cleanup(struct run *r)
{
	fd_close(&r->in);
	fd_close(&r->out[0]);
	fd_close(&r->out[1]);
	fd_close(&r->pidfd);
}

static const char *const *null_terminated(struct arena *a, const struct strs *list)
{
	const char **v = arena_array(a, const char *, list->n + 1);

	for (size_t i = 0; i < list->n; i++)
		v[i] = list->v[i];
	return v;
}

static int start(struct arena *a, const struct oci_hook *hook, struct run *r, struct err *e)
{
	int pipes[3][2] = { { -1, -1 }, { -1, -1 }, { -1, -1 } };
	struct strs self = { 1, (const char **)&hook->path };
	struct proc_spawn s = {
		.file = hook->path,
		.argv = null_terminated(a, hook->args.n ? &hook->args : &self),
		.env = hook->env.v ? null_terminated(a, &hook->env) : NULL,
	};
	int rc = 0;

	for (int i = 0; i < 3 && rc == 0; i++)
		if (pipe2(pipes[i], O_CLOEXEC) < 0)
			rc = err_errno(e, errno, "create pipe");
	s.fd[0] = pipes[0][0];
	s.fd[1] = pipes[1][1];
	s.fd[2] = pipes[2][1];
	if (rc == 0 && (r->pid = proc_spawn(&s, &r->pidfd, e)) < 0)
		rc = -1;
	r->in = pipes[0][1];
	r->out[0] = pipes[1][0];
	r->out[1] = pipes[2][0];
	for (int i = 0; i < 3; i++)
		fd_close(&s.fd[i]);
	return rc;
}

/* The state is smaller than a pipe's buffer unless annotations are huge; a hook need not read it. */
static void feed(struct run *r, const char *text)
{
	struct sigaction ignore = { .sa_handler = SIG_IGN }, before;

	sigaction(SIGPIPE, &ignore, &before);
	if (fd_nonblock(r->in, true, NULL) < 0 || fd_write_all(r->in, text, strlen(text), NULL) < 0)
		fd_close(&r->in);
	sigaction(SIGPIPE, &before, NULL);
	fd_close(&r->in);
}

static void hear(struct run *r, int i)
{
	char drop[4096];
	size_t room = OUTPUT_SIZE - 1 - r->said[i].n;
	ssize_t n = read(r->out[i], room ? r->said[i].text + r->said[i].n : drop,
	                 room ? room : sizeof(drop));

	if (n <= 0)
		fd_close(&r->out[i]);
	else if (room)
		r->said[i].n += (size_t)n;
}

/* Until the hook's end (its children may keep the pipes open) or the deadline. */
static int attend(struct run *r, const struct json_opt_i64 *timeout, struct err *e)
{
	int64_t deadline = timeout->set ? clock_mono_ms() + timeout->value * 1000 : -1;

	for (;;) {
		struct pollfd p[3] = { { r->pidfd, POLLIN, 0 },
			               { r->out[0], POLLIN, 0 },
			               { r->out[1], POLLIN, 0 } };
		int64_t left = deadline < 0 ? -1 : MAX(deadline - clock_mono_ms(), 0);
		int n = poll(p, 3, left > INT32_MAX ? INT32_MAX : (int)left);

		if (n < 0 && errno != EINTR)
			return err_errno(e, errno, "wait for hook");
		if (n == 0) {
			kill(r->pid, SIGKILL);
			waitpid(r->pid, NULL, 0);
			return err_set(e, ERR_DEADLINE,
			               "hook ran past specified timeout of %lld.0s",
			               (long long)timeout->value);
		}
		for (int i = 0; n > 0 && i < 2; i++)
			if (p[1 + i].revents)
				hear(r, i);
		if (n > 0 && p[0].revents && !p[1].revents && !p[2].revents)
			return 0;
	}
}

static int finish(struct run *r, struct err *e)
{
	char how[64];
	int status;

	if (waitpid(r->pid, &status, 0) < 0)
		return err_errno(e, errno, "wait for hook");
	if (status == 0)
		return 0;
	if (WIFSIGNALED(status))
		snprintf(how, sizeof(how), "signal: %s", strsignal(WTERMSIG(status)));
	else
		snprintf(how, sizeof(how), "exit status %d", WEXITSTATUS(status));
	return err_set(e, ERR_UNKNOWN, "%s, stdout: %s, stderr: %s", how, r->said[0].text,
	               r->said[1].text);
}

static int run_one(const struct oci_hook *hook, const char *state, struct err *e)
{
	_cleanup_arena_ struct arena a = { 0 };
	cleanup_with(run_cleanup) struct run r = { .pidfd = -1, .in = -1, .out = { -1, -1 } };

	if (access(hook->path, X_OK) < 0)
		return err_errno(e, errno, "fork/exec %s", hook->path);
	if (start(&a, hook, &r, e) < 0)
		return -1;
	feed(&r, state);
	return attend(&r, &hook->timeout, e) < 0 ? -1 : finish(&r, e);
}

int hooks_run(const char *kind, size_t n, const struct oci_hook *hooks,
              const struct oci_state *state, struct err *e)
{
	_cleanup_buf_ struct buf text = { 0 };

	if (n == 0)
		return 0;
	json_encode(&text, &oci_state_type, state);
	for (size_t i = 0; i < n; i++)
		if (run_one(&hooks[i], text.data, e) < 0)
			return err_wrap(e, "error running %s hook #%zu", kind, i);
	return 0;
}

static int check_list(size_t n, const struct oci_hook *v, struct err *e)
{
	for (size_t i = 0; i < n; i++) {
		if (!v[i].path || v[i].path[0] != '/')
			return err_set(e, ERR_INVALID, "hook path %s is not absolute",
			               v[i].path ? v[i].path : "");
		if (v[i].timeout.set && v[i].timeout.value <= 0)
			return err_set(e, ERR_INVALID, "hook %s: timeout must be positive",
			               v[i].path);
	}
	return 0;
}

int hooks_check(const struct oci_hooks *h, struct err *e)
{
	if (!h)
		return 0;
	if (check_list(h->prestart.n, h->prestart.v, e) < 0 ||
	    check_list(h->create_runtime.n, h->create_runtime.v, e) < 0 ||
	    check_list(h->create_container.n, h->create_container.v, e) < 0 ||
	    check_list(h->start_container.n, h->start_container.v, e) < 0 ||
	    check_list(h->poststart.n, h->poststart.v, e) < 0)
		return -1;
	return check_list(h->poststop.n, h->poststop.v, e);
}
