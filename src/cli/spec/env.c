/* See env.h. */
#include "cli/spec/env.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>

#include "base/file.h"
#include "base/limits.h"

void pairs_to_map(struct arena *a, const struct strs *pairs, struct json_map *out)
{
	for (size_t i = 0; i < pairs->n; i++) {
		size_t n = strcspn(pairs->v[i], "=");

		json_map_set(a, out, arena_strndup(a, pairs->v[i], n),
		             pairs->v[i][n] ? pairs->v[i] + n + 1 : "");
	}
}

static const char *with_value(struct arena *a, const char *name)
{
	const char *value = getenv(name);

	return value ? arena_printf(a, "%s=%s", name, value) : NULL;
}

/* One line of a file: comments and blank lines are skipped. */
static int file_line(struct arena *a, const char *path, char *line, bool env, struct strs *out,
                     struct err *e)
{
	char *eq;
	const char *taken;

	while (isspace((unsigned char)*line))
		line++;
	if (!*line || *line == '#')
		return 0;
	eq = strchr(line, '=');
	for (char *p = line; *p && p != eq; p++)
		if (isspace((unsigned char)*p) && !(p[strspn(p, " \t")] == '\0'))
			return err_set(
			        e, ERR_INVALID,
			        "invalid env file (%s): variable '%.*s' contains whitespaces", path,
			        (int)strcspn(line, "="), line);
	if (eq == line)
		return err_set(e, ERR_INVALID,
		               "invalid env file (%s): no variable name on line '%s'", path, line);
	if (eq || !env) {
		arena_push(a, out, (const char *)line);
		return 0;
	}
	taken = with_value(a, line);
	if (taken)
		arena_push(a, out, taken);
	return 0;
}

static int read_lines(struct arena *a, const char *path, bool env, struct strs *out, struct err *e)
{
	struct slice text;
	char *line;

	if (file_read(a, AT_FDCWD, path, LIMIT_CONFIG_FILE, &text, e) < 0) {
		if (e && e->errnum == ENOENT)
			return err_set(e, ERR_NOT_FOUND, "open %s: no such file or directory",
			               path);
		return -1;
	}
	line = arena_strndup(a, text.data, text.len);
	while (line && *line) {
		char *end = strchr(line, '\n');

		if (end)
			*end = '\0';
		if (end && end > line && end[-1] == '\r')
			end[-1] = '\0';
		if (file_line(a, path, line, env, out, e) < 0)
			return -1;
		line = end ? end + 1 : NULL;
	}
	return 0;
}

int env_collect(struct arena *a, const struct strs *files, const struct strs *single,
                struct strs *out, struct err *e)
{
	for (size_t i = 0; i < files->n; i++)
		if (read_lines(a, files->v[i], true, out, e) < 0)
			return -1;
	for (size_t i = 0; i < single->n; i++) {
		const char *v = single->v[i];
		const char *taken = strchr(v, '=') ? NULL : with_value(a, v);

		arena_push(a, out, taken ? taken : v);
	}
	return 0;
}

int labels_collect(struct arena *a, const struct strs *files, const struct strs *single,
                   struct json_map *out, struct err *e)
{
	struct strs pairs = { 0 };

	for (size_t i = 0; i < files->n; i++)
		if (read_lines(a, files->v[i], false, &pairs, e) < 0)
			return -1;
	pairs_to_map(a, &pairs, out);
	pairs_to_map(a, single, out);
	return 0;
}
