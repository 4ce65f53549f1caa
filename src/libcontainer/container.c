/* A container that exists: loading, status, state. See container.h. */
#include "libcontainer/container.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "base/fd.h"
#include "base/file.h"
#include "base/limits.h"

static const char *const status_names[] = {
	[CONTAINER_CREATING] = "creating", [CONTAINER_CREATED] = "created",
	[CONTAINER_RUNNING] = "running",   [CONTAINER_PAUSED] = "paused",
	[CONTAINER_STOPPED] = "stopped",
};

const char *container_status_name(enum container_status s)
{
	return status_names[s];
}

void container_close(struct container *c)
{
	fd_close(&c->dir);
}

/* Letters, digits and _+-. ; nothing that means a directory. */
int container_check_id(const char *id, struct err *e)
{
	bool good = *id && strlen(id) <= 1024 && !str_eq(id, ".") && !str_eq(id, "..");

	for (const char *p = id; *p; p++)
		good = good && (isalnum((unsigned char)*p) || strchr("_+-.", *p));
	return good ? 0 : err_set(e, ERR_INVALID, "invalid container ID format");
}

static int missing(struct err *e)
{
	return err_set(e, ERR_NOT_FOUND, "container does not exist");
}

int container_load(struct arena *a, const char *root, const char *id, struct container *out,
                   struct err *e)
{
	*out = (struct container){ .a = a, .root = root, .id = arena_strdup(a, id), .dir = -1 };
	if (str_empty(id))
		return err_set(e, ERR_INVALID, "container id cannot be empty");
	if (container_check_id(id, e) < 0)
		return -1;
	out->dir = open(path_join(a, root, id), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (out->dir < 0)
		return errno == ENOENT ? missing(e) : err_errno(e, errno, "open state of %s", id);
	if (state_read(a, out->dir, &out->state, e) < 0)
		return e && e->errnum == ENOENT ? missing(e) : -1;
	cgroup_from_paths(a, &out->state.cgroup_paths, &out->cgroup);
	return 0;
}

/* proc_pid_stat(5): state (3rd field) and start time (22nd). */
static bool process_lives(pid_t pid, uint64_t start)
{
	_cleanup_arena_ struct arena a = { 0 };
	unsigned long long ticks;
	struct slice text;
	const char *p;
	char state;

	if (pid <= 0 || file_read(&a, AT_FDCWD, arena_printf(&a, "/proc/%d/stat", pid),
	                          LIMIT_SMALL_FILE, &text, NULL) < 0)
		return false;
	p = strrchr(text.data, ')');
	if (!p || sscanf(p + 1,
	                 " %c %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s "
	                 "%*s %*s %llu",
	                 &state, &ticks) != 2)
		return false;
	return state != 'Z' && state != 'X' && ticks == start;
}

enum container_status container_status(const struct container *c)
{
	if (c->state.pid == 0)
		return c->state.own->creating ? CONTAINER_CREATING : CONTAINER_STOPPED;
	if (!process_lives((pid_t)c->state.pid, c->state.start))
		return CONTAINER_STOPPED;
	if (c->state.own->creating)
		return CONTAINER_CREATING;
	if (faccessat(c->dir, STATE_FIFO, F_OK, 0) == 0)
		return CONTAINER_CREATED;
	return cgroup_frozen(&c->cgroup) ? CONTAINER_PAUSED : CONTAINER_RUNNING;
}

void container_oci_state(const struct container *c, const char *status, pid_t pid,
                         struct oci_state *out)
{
	*out = (struct oci_state){
		.oci_version = c->state.config->version,
		.id = c->id,
		.status = status,
		.pid = pid,
		.bundle = c->state.own->bundle,
		.annotations = c->state.own->annotations,
	};
}

int container_spec(const struct container *c, struct oci_spec *out, struct err *e)
{
	struct slice text;

	if (file_read(c->a, c->dir, STATE_SPEC, LIMIT_CONFIG_FILE, &text, e) < 0)
		return -1;
	return json_decode(c->a, &oci_spec_type, text, out, e);
}

int container_pause(struct container *c, struct err *e)
{
	enum container_status s = container_status(c);

	if (s != CONTAINER_RUNNING && s != CONTAINER_CREATED)
		return err_set(e, ERR_PRECONDITION, "container not running: %s",
		               container_status_name(s));
	return cgroup_freeze(&c->cgroup, true, e);
}

int container_resume(struct container *c, struct err *e)
{
	if (container_status(c) != CONTAINER_PAUSED)
		return err_set(e, ERR_PRECONDITION, "container not paused");
	return cgroup_freeze(&c->cgroup, false, e);
}
