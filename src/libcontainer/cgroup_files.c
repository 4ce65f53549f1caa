/* Files of cgroups: reading, writing, the plain knobs, /proc/self/cgroup. See cgroup_internal.h. */
#include "libcontainer/cgroup_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <unistd.h>
#include "base/fd.h"
#include "base/file.h"
#include "base/limits.h"

int cgroup_write(const char *path, const char *file, const char *text, struct err *e)
{
	char name[PATH_MAX];
	_cleanup_close_ int fd = -1;
	size_t n = strlen(text);

	if (snprintf(name, sizeof(name), "%s/%s", path, file) >= (int)sizeof(name))
		return err_set(e, ERR_INVALID, "cgroup path %s is too long", path);
	fd = open(name, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return err_errno(e, errno, "open %s", name);
	if (write(fd, text, n) != (ssize_t)n)
		return err_errno(e, errno, "failed to write \"%s\" to %s", text, name);
	return 0;
}

int cgroup_write_i64(const char *path, const char *file, int64_t value, struct err *e)
{
	char text[32];

	snprintf(text, sizeof(text), "%" PRId64, value);
	return cgroup_write(path, file, text, e);
}

int cgroup_write_device(const char *path, const char *file, int64_t major, int64_t minor,
                        uint64_t value, struct err *e)
{
	char text[96];

	snprintf(text, sizeof(text), "%" PRId64 ":%" PRId64 " %" PRIu64, major, minor, value);
	return cgroup_write(path, file, text, e);
}

const char *cgroup_read(struct arena *a, const char *path, const char *file)
{
	struct slice text;
	char *s;

	if (file_read(a, AT_FDCWD, path_join(a, path, file), LIMIT_CONFIG_FILE, &text, NULL) < 0)
		return NULL;
	s = arena_strndup(a, text.data, text.len);
	if (text.len && s[text.len - 1] == '\n')
		s[text.len - 1] = '\0';
	return s;
}

/* Lines are "ID:controller,controller:/path"; v2 has no controllers. cgroups(7). */
const char *cgroup_own(struct arena *a, const char *self, const char *controller)
{
	size_t n = strlen(controller);

	for (const char *line = self; line && *line; line = strchr(line, '\n')) {
		const char *list, *end;

		line += *line == '\n';
		list = strchr(line, ':');
		end = list ? strchr(list + 1, ':') : NULL;
		if (!end)
			continue;
		for (const char *p = list + 1; p <= end; p += strcspn(p, ",:") + 1)
			if (strncmp(p, controller, n) == 0 && (p[n] == ',' || p[n] == ':'))
				return arena_strndup(a, end + 1, strcspn(end + 1, "\n"));
	}
	return NULL;
}

const char *cgroup_mount_root(struct arena *a, const char *mountinfo, const char *mount)
{
	char root[256], point[256];

	for (const char *line = mountinfo; line && *line; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (sscanf(line, "%*d %*d %*s %255s %255s", root, point) == 2 &&
		    strcmp(point, mount) == 0)
			return arena_strdup(a, root);
	}
	return "/";
}

static const void *part_of(const struct oci_resources *r, int part)
{
	switch (part) {
	case KNOB_MEMORY:
		return r->memory;
	case KNOB_CPU:
		return r->cpu;
	case KNOB_PIDS:
		return r->pids;
	case KNOB_BLOCK_IO:
		return r->block_io;
	default:
		return r->network;
	}
}

/* The member as text; false when it is not set. */
static bool knob_text(const struct cgroup_knob *k, const void *part, char *dst, size_t size)
{
	const void *p = (const char *)part + k->offset;

	switch (k->kind) {
	case JSON_OPT_I64: {
		const struct json_opt_i64 *v = p;

		return v->set && snprintf(dst, size, "%" PRId64, v->value) > 0;
	}
	case JSON_OPT_U64: {
		const struct json_opt_u64 *v = p;

		return v->set && snprintf(dst, size, "%" PRIu64, v->value) > 0;
	}
	case JSON_OPT_BOOL: {
		const struct json_opt_bool *v = p;

		return v->set && snprintf(dst, size, "%d", v->value) > 0;
	}
	default: {
		const char *s = *(const char *const *)p;

		return !str_empty(s) && str_copy(dst, size, s);
	}
	}
}

int cgroup_set_knobs(const struct cgroup *cg, const struct cgroup_knob *knobs, size_t n,
                     const struct oci_resources *r, struct err *e)
{
	char text[4096];

	for (size_t i = 0; i < n; i++) {
		const void *part = part_of(r, knobs[i].part);
		const char *path = cgroup_path(cg, knobs[i].controller);

		if (!part || !knob_text(&knobs[i], part, text, sizeof(text)))
			continue;
		if (!path)
			return err_set(e, ERR_UNAVAILABLE, "cgroup controller %s is not available",
			               knobs[i].controller);
		if (cgroup_write(path, knobs[i].file, text, e) < 0)
			return -1;
	}
	return 0;
}

int cgroup_set_pids(const char *path, const struct oci_pids *p, struct err *e)
{
	if (!path || !p->limit.set)
		return 0;
	if (p->limit.value < 0)
		return cgroup_write(path, "pids.max", "max", e);
	return cgroup_write_i64(path, "pids.max", p->limit.value ? p->limit.value : 1, e);
}
