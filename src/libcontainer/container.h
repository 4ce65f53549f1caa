/*
 * Containers: the life cycle of the runtime specification (docs/lifecycle.md).
 *
 *     container_create   creating -> created   everything is prepared, init waits at the exec fifo
 *     container_start    created -> running    init runs the program
 *     (the program ends)             stopped
 *     container_delete                         everything that create made is gone
 *
 * A container is a directory ROOT/ID with state.json (state.h). Nothing of it lives in a daemon: any
 * process may load it. Calls on one container from several processes at once are safe, not ordered.
 */
#ifndef LIBCONTAINER_CONTAINER_H
#define LIBCONTAINER_CONTAINER_H

#include <sys/types.h>
#include "libcontainer/cgroup.h"
#include "libcontainer/state.h"
#include "oci/runtime.h"
#include "base/arena.h"
#include "base/err.h"

enum container_status {
	CONTAINER_CREATING,
	CONTAINER_CREATED,
	CONTAINER_RUNNING,
	CONTAINER_PAUSED,
	CONTAINER_STOPPED,
};
const char *container_status_name(enum container_status s);

struct container {
	struct arena *a;  /* all of the following lives there */
	const char *root; /* "/run/runc" */
	const char *id;
	int dir; /* ROOT/ID; owned */
	struct state state;
	struct cgroup cgroup;
};

#define _cleanup_container_ cleanup_with(container_close)
void container_close(struct container *c);

/* ---- create ---- */

struct create_options {
	const char *bundle;         /* absolute; the caller's cwd must be there */
	const char *console_socket; /* path, or NULL */
	int console_fd;             /* a connected socket in its place, or -1 */
	const char *pidfd_socket;   /* path, or NULL */
	const char *pid_file;       /* path, or NULL */
	bool no_pivot, no_new_keyring, systemd_cgroup;
	unsigned keep_fds; /* descriptors 3.. for the program */
};

/* On failure nothing is left. `out` is to be closed by the caller in either case. */
int container_create(struct arena *a, const char *root, const char *id, const struct oci_spec *spec,
                     struct slice spec_text, const struct create_options *o, struct container *out,
                     struct err *e) must_check;

/* Reads and checks BUNDLE/config.json; `text` gets its bytes. root.path becomes absolute. */
int container_read_spec(struct arena *a, const char *bundle, struct oci_spec *out,
                        struct slice *text, struct err *e) must_check;

/* The same without the file: decodes and checks all that can be checked without looking around. */
int container_parse_spec(struct arena *a, struct slice text, struct oci_spec *out, struct err *e)
        must_check;

int container_check_id(const char *id, struct err *e) must_check;

/* ---- the rest of its life ---- */

int container_load(struct arena *a, const char *root, const char *id, struct container *out,
                   struct err *e) must_check;
enum container_status container_status(const struct container *c);

int container_start(struct container *c, struct err *e) must_check;

/* `all`: every process of its cgroup. */
int container_signal(struct container *c, int signo, bool all, struct err *e) must_check;

int container_pause(struct container *c, struct err *e) must_check;
int container_resume(struct container *c, struct err *e) must_check;

/*
 * Removes a stopped or created container, any when `force`: kills, runs poststop hooks, removes
 * cgroups and state. The error of a poststop hook is a warning.
 */
int container_delete(struct container *c, bool force, struct err *e) must_check;

/* What hooks and `runc state` read. */
void container_oci_state(const struct container *c, const char *status, pid_t pid,
                         struct oci_state *out);

/* The configuration as it was at create. */
int container_spec(const struct container *c, struct oci_spec *out, struct err *e) must_check;

/* ---- further processes ---- */

struct exec_options {
	const struct oci_process *process;
	const char *console_socket;
	int console_fd;
	const char *pidfd_socket;
	const char *pid_file;
	bool ignore_paused;
	unsigned keep_fds;
	const struct strs *cgroups; /* "[controller:]path" below the container's; or NULL */
};

/* Returns the pid of a new child of ours that has executed the program; *pidfd is the caller's. */
pid_t container_exec(struct container *c, const struct exec_options *o, int *pidfd, struct err *e)
        must_check;

#endif
