/*
 * Cgroups of a container: where they are, made, limited, joined, frozen, removed.
 *
 * On a v1 or hybrid host there is one directory per hierarchy (and one in the v2 hierarchy, where
 * it is mounted as /sys/fs/cgroup/unified); on a v2 host there is one directory. Which of the two
 * the host is decides a table of operations. Kernel: admin-guide/cgroup-v1, cgroup-v2.rst.
 */
#ifndef LIBCONTAINER_CGROUP_H
#define LIBCONTAINER_CGROUP_H

#include <stdbool.h>
#include <sys/types.h>
#include "oci/runtime.h"
#include "base/arena.h"
#include "base/err.h"

struct cgroup_dir {
	const char *controller; /* "memory", "cpu", "name=systemd"; "" for v2 */
	const char *path;       /* absolute; several controllers may share one */
	bool first; /* the first row with this path: what acts on directories uses these */
};

struct cgroup {
	bool v2;
	size_t n;
	struct cgroup_dir *v;
};

struct cgroup_pids {
	size_t n;
	pid_t *v;
};

/* Is the host's /sys/fs/cgroup the v2 hierarchy? */
bool cgroup_host_is_v2(void);

/*
 * Where the cgroups of a container are to be. `path` is linux.cgroupsPath: absolute means below the
 * mounts, relative means below our own cgroup; NULL or "" means `id`, relative.
 */
int cgroup_plan(struct arena *a, const char *path, const char *id, struct cgroup *out,
                struct err *e) must_check;

/* The same from what state.json holds: controller -> path. And back. */
void cgroup_from_paths(struct arena *a, const struct json_map *paths, struct cgroup *out);
void cgroup_to_paths(struct arena *a, const struct cgroup *cg, struct json_map *out);

/* The directory of a controller, or NULL. On v2 it is the same for all. */
const char *cgroup_path(const struct cgroup *cg, const char *controller);

int cgroup_create(const struct cgroup *cg, struct err *e) must_check;

/*
 * How a process that is about to be cloned gets into the cgroup: clone3 puts it into the v2
 * directory, and it puts itself into each v1 directory by writing to `tasks`. A process without
 * other threads that moves itself is moved at once; moving another by its pid takes the kernel's
 * lock against every fork and exec, which waits for an RCU grace period (5 to 15 ms).
 */
#define CGROUP_DOORS_MAX 24
struct cgroup_doors {
	int into; /* for CLONE_INTO_CGROUP, or -1 */
	size_t n;
	int tasks[CGROUP_DOORS_MAX];
};
#define CGROUP_DOORS_CLOSED \
	{                   \
		.into = -1  \
	}

/* Fills `out`, which the caller closes whatever is returned. */
int cgroup_doors_open(const struct cgroup *cg, struct cgroup_doors *out, struct err *e) must_check;
void cgroup_doors_close(struct cgroup_doors *d);

/* In the clone, before it has a second thread. */
int cgroup_doors_enter(const struct cgroup_doors *d, struct err *e) must_check;

/* Applies what `r` says and leaves the rest. `devices`: the rules for devices too (at create). */
int cgroup_set(const struct cgroup *cg, const struct oci_resources *r, bool devices, struct err *e)
        must_check;

int cgroup_freeze(const struct cgroup *cg, bool on, struct err *e) must_check;
bool cgroup_frozen(const struct cgroup *cg);

/* All processes, those of nested cgroups too. No cgroup is no processes. */
int cgroup_list(struct arena *a, const struct cgroup *cg, struct cgroup_pids *out, struct err *e)
        must_check;

/* Signals all processes until none is left that has not got it. */
int cgroup_signal(const struct cgroup *cg, int signo, struct err *e) must_check;

/* Removes the directories with those nested in them; kills who is still in, and waits a little. */
int cgroup_remove(const struct cgroup *cg, struct err *e) must_check;

#endif
