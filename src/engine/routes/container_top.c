/*
 * GET /containers/{id}/top: the host's ps, its lines of the container's processes. As with Docker the
 * client may name the arguments of ps; the column PID must be among them.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>
#include "base/fd.h"
#include "base/proc.h"
#include "engine/routes/container.h"
#include "engine/ctrd/ctrd.h"

#define MAX_OUTPUT (4 * 1024 * 1024)
#define MAX_ARGS   32

/* ---- running ps ---- */

static int read_all(int fd, struct buf *out, struct err *e)
{
	char block[8192];
	ssize_t n;

	while ((n = fd_read_full(fd, block, sizeof(block), e)) > 0) {
		buf_add(out, block, (size_t)n);
		if (out->len > MAX_OUTPUT)
			return err_set(e, ERR_EXHAUSTED, "ps prints too much");
	}
	return n < 0 ? -1 : 0;
}

static int run_ps(struct arena *a, const char *args, struct buf *out, struct err *e)
{
	const char *argv[MAX_ARGS + 2] = { "ps" };
	char *words = arena_strdup(a, args), *save = NULL;
	_cleanup_close_ int in = -1, in_end = -1;
	struct proc_spawn spawn = { .file = "ps", .argv = argv };
	int fds[2], n = 1, code;
	pid_t pid;

	for (char *w = strtok_r(words, " \t", &save); w && n <= MAX_ARGS;
	     w = strtok_r(NULL, " \t", &save))
		argv[n++] = w;
	if (pipe2(fds, O_CLOEXEC) < 0)
		return err_set(e, ERR_EXHAUSTED, "run ps: no descriptors left");
	in = fds[0];
	in_end = fds[1];
	spawn.fd[0] = PROC_NULL;
	spawn.fd[1] = spawn.fd[2] = in_end;
	pid = proc_spawn(&spawn, NULL, e);
	fd_close(&in_end);
	if (pid < 0)
		return err_wrap(e, "error running ps");
	if (read_all(in, out, e) < 0)
		return -1;
	fd_close(&in);
	code = proc_wait(pid, e);
	if (code == 0)
		return 0;
	return code < 0 ? -1
	                : err_set(e, ERR_INVALID, "error running ps: exit status %d: %.200s", code,
	                          buf_cstr(out));
}

/* ---- reading its table ---- */

struct words {
	size_t n;
	struct slice *v;
};

/* The words of a line; the last of `max` takes the rest (a command with its arguments). */
static struct words split(struct arena *a, struct slice line, size_t max)
{
	struct words out = { 0 };
	const char *p = line.data, *end = line.data + line.len;

	while (p < end) {
		struct slice w;

		while (p < end && (*p == ' ' || *p == '\t'))
			p++;
		if (p == end)
			break;
		w.data = p;
		if (max && out.n + 1 == max)
			p = end;
		while (p < end && *p != ' ' && *p != '\t')
			p++;
		w.len = (size_t)(p - w.data);
		arena_push(a, &out, w);
	}
	return out;
}

static void add_row(struct buf *b, const struct words *w)
{
	buf_addc(b, '[');
	for (size_t i = 0; i < w->n; i++) {
		if (i)
			buf_addc(b, ',');
		json_quote(b, w->v[i]);
	}
	buf_addc(b, ']');
}

static bool is_ours(struct arena *a, struct slice pid, const struct json_i64s *pids)
{
	int64_t n;

	if (!str_i64(arena_strndup(a, pid.data, pid.len), &n))
		return false;
	for (size_t i = 0; i < pids->n; i++)
		if (pids->v[i] == n)
			return true;
	return false;
}

static struct slice next_line(const char **p)
{
	struct slice line = { *p, strcspn(*p, "\n") };

	*p += line.len + ((*p)[line.len] == '\n');
	return line;
}

static int make_table(struct arena *a, const char *text, const struct json_i64s *pids,
                      struct buf *b, struct err *e)
{
	struct words titles = split(a, next_line(&text), 0);
	size_t column = 0;
	bool first = true;

	while (column < titles.n && !slice_eq(titles.v[column], "PID"))
		column++;
	if (column == titles.n)
		return err_set(e, ERR_INVALID, "couldn't find PID field in ps output");
	buf_adds(b, "{\"Processes\":[");
	while (*text) {
		struct words row = split(a, next_line(&text), titles.n);

		if (row.n <= column || !is_ours(a, row.v[column], pids))
			continue;
		if (!first)
			buf_addc(b, ',');
		first = false;
		add_row(b, &row);
	}
	buf_adds(b, "],\"Titles\":");
	add_row(b, &titles);
	buf_adds(b, "}\n");
	return 0;
}

int api_container_top(struct api_call *c, struct err *e)
{
	_cleanup_container_ struct container *box = api_container(c, e);
	_cleanup_buf_ struct buf text = { 0 }, json = { 0 };
	const char *args = api_query(c, "ps_args");
	struct container_state s;
	struct json_i64s pids;

	if (!box)
		return -1;
	container_await_start(box);
	container_get_state(box, &s);
	if (!container_is_running(&s))
		return err_set(e, ERR_PRECONDITION, "container %s is not running", box->id);
	if (ctrd_task_pids(c->engine, box->id, c->arena, &pids, e) < 0 ||
	    run_ps(c->arena, *args ? args : "-ef", &text, e) < 0 ||
	    make_table(c->arena, buf_cstr(&text), &pids, &json, e) < 0)
		return -1;
	container_event(box, "top", NULL);
	return api_answer_json(c, 200, (struct slice){ json.data, json.len });
}
