/*
 * A bind whose propagation is shared or slave asks something of the host: the mount that its source
 * lies on must pass events on. Refused here, in Docker's words, rather than half working.
 * /proc/self/mountinfo: proc_pid_mountinfo(5); optional fields "shared:N" and "master:N".
 */
#include "engine/spec/spec.h"

#include <fcntl.h>
#include <stdlib.h>
#include "base/file.h"
#include "base/limits.h"

struct host_mount {
	const char *point;
	bool shared, slave;
};

/* "\040" -> " ": blanks and such are octal there. */
static char *unescape(struct arena *a, struct slice s)
{
	char *out = arena_alloc(a, s.len + 1), *w = out;

	for (size_t i = 0; i < s.len; i++) {
		if (s.data[i] == '\\' && i + 3 < s.len) {
			char octal[4] = { s.data[i + 1], s.data[i + 2], s.data[i + 3], '\0' };

			*w++ = (char)strtol(octal, NULL, 8);
			i += 3;
			continue;
		}
		*w++ = s.data[i];
	}
	*w = '\0';
	return out;
}

static struct slice next_field(const char **line)
{
	struct slice s = { *line, strcspn(*line, " \n") };

	*line += s.len + ((*line)[s.len] == ' ');
	return s;
}

/* Fields: id, parent, device, root, mount point, options, optional ones, "-" ... */
static struct host_mount parse(struct arena *a, const char *line)
{
	struct host_mount m = { 0 };
	struct slice field;

	for (int i = 0; i < 4; i++)
		(void)next_field(&line);
	m.point = unescape(a, next_field(&line));
	(void)next_field(&line);
	for (field = next_field(&line); field.len && !slice_eq(field, "-");
	     field = next_field(&line)) {
		m.shared |= strncmp(field.data, "shared:", MIN(field.len, 7)) == 0;
		m.slave |= strncmp(field.data, "master:", MIN(field.len, 7)) == 0;
	}
	return m;
}

static bool is_below(const char *path, const char *point)
{
	const char *rest = str_eq(point, "/") ? path : str_after(path, point);

	return rest && (*rest == '/' || !*rest);
}

/* The mount that holds the path: the deepest, and of those the one made last. */
static struct host_mount find_mount(struct arena *a, const char *text, const char *path)
{
	struct host_mount best = { .point = "/" };

	for (const char *line = text; *line;) {
		struct host_mount m = parse(a, line);

		if (is_below(path, m.point) && strlen(m.point) >= strlen(best.point))
			best = m;
		line += strcspn(line, "\n");
		line += *line == '\n';
	}
	return best;
}

int spec_propagation_check(struct arena *a, const char *mountinfo, const char *source,
                           const char *propagation, struct err *e)
{
	bool shared = str_ends(propagation, "shared"), slave = str_ends(propagation, "slave");
	struct host_mount m;

	if (!shared && !slave)
		return 0;
	m = find_mount(a, mountinfo, source);
	if (m.shared || (slave && m.slave))
		return 0;
	return err_set(e, ERR_INVALID, "path %s is mounted on %s but it is not a shared%s mount",
	               source, m.point, slave ? " or slave" : "");
}

int spec_propagation(struct arena *a, const struct mount_point *p, struct err *e)
{
	struct slice text;
	char *real;
	int r;

	if (!str_ends(p->propagation ?: "", "shared") && !str_ends(p->propagation ?: "", "slave"))
		return 0;
	if (file_read(a, AT_FDCWD, "/proc/self/mountinfo", LIMIT_CONFIG_FILE, &text, e) < 0)
		return -1;
	real = realpath(p->source, NULL);
	r = spec_propagation_check(a, text.data, real ? real : p->source, p->propagation, e);
	free(real);
	return r;
}
