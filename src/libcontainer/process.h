/*
 * From a prepared process to the user's program: what the init of a container and a process of
 * `exec` have in common. All of it runs in that process, single-threaded, inside the container.
 *
 *     process_restrict    scheduling, labels, no_new_privs
 *     (the runtime sets rlimits)
 *     process_become      descriptors, capabilities, user, cwd, PATH; seccomp: before the
 *                         capabilities go, or as late as possible with no_new_privs
 *     process_exec        execve
 */
#ifndef LIBCONTAINER_PROCESS_H
#define LIBCONTAINER_PROCESS_H

#include "libcontainer/capabilities.h"
#include "libcontainer/seccomp_filter.h"
#include "oci/runtime.h"
#include "base/arena.h"
#include "base/err.h"

struct process {
	struct arena *a;
	const struct oci_process *config;
	const struct oci_linux *linux;        /* of the container; or NULL */
	const struct seccomp_filter *seccomp; /* NULL: none */
	int proc;                             /* our procfs (procfs.h); borrowed */
	int sync;          /* to the runtime (sync.h), until process_become is done */
	unsigned keep_fds; /* 3 .. 3 + keep_fds - 1 go to the program */
	struct capabilities caps;
	int fifo;         /* where init waits for its start; -1 for exec */
	const char *path; /* of the program, once looked up */
	const char **env; /* NULL-terminated */
};

/* uid, gid, args, cwd and the like make sense. */
int process_check(const struct oci_process *p, struct err *e) must_check;

int process_restrict(struct process *p, struct err *e) must_check;
int process_become(struct process *p, struct err *e) must_check;
/* On failure it says so on stderr, which is the user's by now, and exits with 255, as runc does. */
_Noreturn void process_exec(struct process *p);

/* A new session keyring "_ses.ID", so that the host's keys are out of sight. keyrings(7). */
int process_join_keyring(const char *id, struct err *e) must_check;

/* By the runtime, from outside: rlimits of another process. */
int process_set_rlimits(pid_t pid, const struct oci_process *p, struct err *e) must_check;
/* The OOM killer's preference; before the process is in a user namespace's power. */
int process_set_oom_score(pid_t pid, const struct oci_process *p, struct err *e) must_check;

#endif
