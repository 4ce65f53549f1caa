/*
 * The control group of a container: where it is, who is in it, when it runs out of memory.
 * cgroup v1 (a hierarchy a controller) and v2; https://docs.kernel.org/admin-guide/cgroup-v2.html.
 */
#ifndef SHIM_CGROUP_H
#define SHIM_CGROUP_H

#include <stdbool.h>
#include <sys/types.h>
#include "base/arena.h"
#include "base/err.h"

struct cgroup_v1_path {
	const char *controller; /* "memory" */
	const char *path;       /* "/sys/fs/cgroup/memory/docker/ID" */
};

/* Empty (no paths) before the container has one. */
struct cgroup {
	const char *unified; /* v2: its directory; NULL on v1 */
	struct {
		size_t n;
		struct cgroup_v1_path *v;
	} v1;
};

/* Where a process is. The paths live in the arena. */
int cgroup_of(struct arena *a, pid_t pid, struct cgroup *out, struct err *e) must_check;

/* The v1 directory of a controller, or NULL. */
const char *cgroup_dir(const struct cgroup *c, const char *controller);

/* Whether a process is the first of a PID namespace of its own. */
bool pid_is_first(pid_t pid);

struct pids {
	size_t n;
	pid_t *v;
};
/* All processes in it and in the groups below. */
int cgroup_pids(struct arena *a, const struct cgroup *c, struct pids *out, struct err *e)
        must_check;

#endif
