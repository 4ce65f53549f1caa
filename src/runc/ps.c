/* runc ps: the processes of a container, as pids or through the host's ps(1). */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>
#include "runc/command.h"
#include "base/fd.h"
#include "base/limits.h"
#include "base/proc.h"

struct options {
	const char *format;
};

static void print_json(const struct cgroup_pids *pids)
{
	printf("[");
	for (size_t i = 0; i < pids->n; i++)
		printf("%s%d", i ? "," : "", pids->v[i]);
	printf("]\n");
}

/* What ps prints, at most LIMIT_CONFIG_FILE bytes. */
static int read_ps(const struct call *call, struct buf *out, struct err *e)
{
	const char **argv = arena_array(call->a, const char *, call->args.n + 2);
	struct proc_spawn s = { .file = "ps", .argv = argv };
	_cleanup_close_ int in = -1, end = -1;
	int fd[2], code;
	ssize_t n;
	pid_t pid;

	argv[0] = "ps";
	argv[1] = "-ef";
	for (size_t i = 1; i < call->args.n; i++)
		argv[i] = call->args.v[i];
	if (pipe2(fd, O_CLOEXEC) < 0)
		return err_errno(e, errno, "create pipe");
	in = fd[0];
	end = fd[1];
	s.fd[0] = PROC_NULL;
	s.fd[1] = end;
	s.fd[2] = PROC_INHERIT;
	pid = proc_spawn(&s, NULL, e);
	if (pid < 0)
		return -1;
	fd_close(&end);
	do {
		buf_reserve(out, 65536);
		n = read(in, out->data + out->len, 65535);
		out->len += n > 0 ? (size_t)n : 0;
	} while (n > 0 && out->len < LIMIT_CONFIG_FILE);
	fd_close(&in);
	buf_addc(out, '\n');
	code = proc_wait(pid, e);
	if (code > 0)
		return err_set(e, ERR_UNKNOWN, "ps exited with %d", code);
	return code;
}

/* The place of the PID column in the title line, or -1. */
static int pid_column(const char *line, size_t len)
{
	int column = 0;

	for (size_t i = 0; i < len;) {
		size_t from = i;

		while (i < len && line[i] != ' ')
			i++;
		if (i > from && i - from == 3 && memcmp(line + from, "PID", 3) == 0)
			return column;
		column += i > from;
		while (i < len && line[i] == ' ')
			i++;
	}
	return -1;
}

static pid_t pid_in(const char *line, size_t len, int column)
{
	size_t i = 0;

	for (int c = -1;;) {
		while (i < len && line[i] == ' ')
			i++;
		if (i >= len)
			return 0;
		if (++c == column)
			return (pid_t)strtol(line + i, NULL, 10);
		while (i < len && line[i] != ' ')
			i++;
	}
}

static bool contains(const struct cgroup_pids *pids, pid_t pid)
{
	for (size_t i = 0; i < pids->n; i++)
		if (pids->v[i] == pid)
			return true;
	return false;
}

static int print_table(const struct call *call, const struct cgroup_pids *pids, struct err *e)
{
	_cleanup_buf_ struct buf text = { 0 };
	int column = -1;

	if (read_ps(call, &text, e) < 0)
		return -1;
	for (const char *line = buf_cstr(&text); *line; line += strcspn(line, "\n") + 1) {
		size_t len = strcspn(line, "\n");

		if (line == text.data) {
			column = pid_column(line, len);
			if (column < 0)
				return err_set(e, ERR_INVALID,
				               "couldn't find PID field in ps output");
		}
		if (len && (line == text.data || contains(pids, pid_in(line, len, column))))
			printf("%.*s\n", (int)len, line);
	}
	return 0;
}

static int run(const struct call *call, struct err *e)
{
	_cleanup_container_ struct container c = { .dir = -1 };
	const struct options *o = call->options;
	struct cgroup_pids pids;

	if (call_load(call, &c, e) < 0 || cgroup_list(call->a, &c.cgroup, &pids, e) < 0)
		return -1;
	if (!o->format || str_eq(o->format, "table"))
		return print_table(call, &pids, e);
	if (!str_eq(o->format, "json"))
		return err_set(e, ERR_INVALID, "invalid format option");
	print_json(&pids);
	return 0;
}

static const struct flag flags[] = {
	{ "format", "f", FLAG_STRING, offsetof(struct options, format),
	  "select one of: table(default) or json", false },
};

const struct command cmd_ps = {
	.name = "ps",
	.args = "<container-id> [ps options]",
	.summary = "ps displays the processes running inside a container",
	.flags = FLAGS(flags),
	.options_size = sizeof(struct options),
	.min_args = 1,
	.max_args = -1,
	.stop = true,
	.run = run,
};
