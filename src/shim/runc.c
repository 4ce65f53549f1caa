/* The OCI runtime by its command line. See runc.h. */
#include "shim/runc.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>
#include "base/file.h"
#include "base/json.h"
#include "base/limits.h"
#include "base/mem.h"
#include "base/proc.h"

#define MAX_ARGS 32

struct job {
	struct reaper *reaper;
	char *log; /* the runtime's log of this command */
	const char *what;
	void (*done)(void *arg, const struct err *e);
	void *arg;
};

/* ---- why a command failed: the last error line of its log ---- */

#define LOG_LINE(F) F(STR, level, "level", 0) F(STR, msg, "msg", 0)
JSON_STRUCT(log_line, LOG_LINE)
JSON_TYPE(log_line, LOG_LINE)

static const char *last_error(struct arena *a, const char *path)
{
	const char *found = NULL, *p, *end;
	struct slice text;

	if (file_read(a, AT_FDCWD, path, LIMIT_CONFIG_FILE, &text, NULL) < 0)
		return NULL;
	for (p = text.data; p < text.data + text.len; p = end + 1) {
		struct log_line line;
		struct slice json;

		end = memchr(p, '\n', (size_t)(text.data + text.len - p));
		if (!end)
			end = text.data + text.len;
		json = (struct slice){ p, (size_t)(end - p) };
		if (json_decode(a, &log_line_type, json, &line, NULL) == 0 &&
		    str_eq(line.level, "error"))
			found = line.msg;
	}
	return found;
}

static void explain(const struct job *j, uint32_t status, struct err *e)
{
	_cleanup_arena_ struct arena a = { 0 };
	const char *msg = last_error(&a, j->log);

	if (msg)
		err_set(e, ERR_UNKNOWN, "%s: %s", j->what, msg);
	else
		err_set(e, ERR_UNKNOWN, "%s: runc did not terminate successfully: exit status %u",
		        j->what, status);
}

/* ---- starting ---- */

static char *log_path(const struct runc *r)
{
	static unsigned count;
	char name[4096];

	if ((size_t)snprintf(name, sizeof(name), "%s/log-%u.json", r->bundle, count++) >=
	    sizeof(name))
		return NULL;
	return xstrdup(name);
}

static void add_args(const char **argv, const struct runc *r, const char *log,
                     const struct runc_command *c)
{
	size_t n = 0;

	argv[n++] = r->binary;
	argv[n++] = "--root";
	argv[n++] = r->root;
	argv[n++] = "--log";
	argv[n++] = log;
	argv[n++] = "--log-format";
	argv[n++] = "json";
	if (r->systemd_cgroup)
		argv[n++] = "--systemd-cgroup";
	for (size_t i = 0; c->args[i] && n < MAX_ARGS - 1; i++)
		argv[n++] = c->args[i];
	argv[n] = NULL;
}

static void job_free(struct job *j)
{
	if (j->log)
		unlink(j->log);
	free(j->log);
	free(j);
}

/* Returns the pid and *out, owned by the caller. */
static pid_t spawn(const struct runc *r, const struct runc_command *c, struct job **out,
                   struct err *e)
{
	const char *argv[MAX_ARGS];
	struct proc_spawn s = {
		.file = r->binary,
		.argv = argv,
		.cwd = r->bundle,
		.fd = { c->fd[0], c->fd[1], c->fd[2] },
		.pass = &r->hold,
		.npass = r->hold >= 0,
		.die_with_parent = true,
	};
	struct job *j = xnew(struct job);
	pid_t pid;

	*j = (struct job){ r->reaper, log_path(r), c->what, c->done, c->arg };
	if (!j->log) {
		job_free(j);
		return err_set(e, ERR_INVALID, "%s: path too long", r->bundle);
	}
	add_args(argv, r, j->log, c);
	pid = proc_spawn(&s, NULL, e);
	if (pid < 0) {
		job_free(j);
		return err_wrap(e, "%s", c->what);
	}
	*out = j;
	return pid;
}

static void on_end(void *arg, unused_arg pid_t pid, uint32_t status, unused_arg int64_t when)
{
	struct job *j = arg;
	struct err e = { 0 };

	if (status != 0)
		explain(j, status, &e);
	j->done(j->arg, status != 0 ? &e : NULL);
	reaper_release(j->reaper);
	job_free(j);
}

int runc_run(const struct runc *r, const struct runc_command *c, struct err *e)
{
	struct job *j;
	pid_t pid = spawn(r, c, &j, e);

	if (pid < 0)
		return -1;
	reaper_keep(r->reaper);
	reaper_watch(r->reaper, pid, on_end, j);
	return 0;
}

int runc_wait(const struct runc *r, const struct runc_command *c, struct err *e)
{
	struct job *j;
	pid_t pid = spawn(r, c, &j, e);
	int status;

	if (pid < 0)
		return -1;
	status = proc_wait(pid, e);
	if (status > 0)
		explain(j, (uint32_t)status, e);
	job_free(j);
	return status == 0 ? 0 : -1;
}
