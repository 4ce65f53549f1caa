/*
 * Namespaces: which are new, which are joined, and the one clone that makes a process in them.
 *
 * New namespaces come with clone3(2) itself. Namespaces with a path are joined by the new process,
 * unless that is impossible there (PID, user and time namespaces act on children only, and who has
 * entered a new user namespace may not join what the old one owns): then a short-lived stage
 * process joins, clones with CLONE_PARENT and is gone. Either way the new process is our child.
 */
#ifndef LIBCONTAINER_NAMESPACES_H
#define LIBCONTAINER_NAMESPACES_H

#include <stdbool.h>
#include <sys/types.h>
#include "oci/runtime.h"
#include "base/err.h"

#ifndef CLONE_NEWTIME
#define CLONE_NEWTIME 0x00000080
#endif

#define NAMESPACE_KINDS 8

struct namespace_kind {
	const char *type;  /* config.json: "network" */
	const char *file;  /* /proc/PID/ns/net */
	const char *state; /* runc's state.json: "NEWNET" */
	int flag;          /* CLONE_NEWNET */
};
extern const struct namespace_kind namespace_kinds[NAMESPACE_KINDS];

struct namespaces {
	int created; /* CLONE_NEW* flags of the new ones */
	struct {
		int flag, fd;
	} join[NAMESPACE_KINDS]; /* fds owned */
	size_t njoin;
	const struct oci_linux *config; /* time offsets; borrowed */
};

#define _cleanup_namespaces_ cleanup_with(namespaces_close)
void namespaces_close(struct namespaces *ns);

/* From linux.namespaces: opens and checks the paths. Duplicates and unknown types are errors. */
int namespaces_open(const struct oci_linux *config, struct namespaces *out, struct err *e)
        must_check;

/* All that `config` lists, as they are in process `pid`. */
int namespaces_of(const struct oci_linux *config, pid_t pid, struct namespaces *out, struct err *e)
        must_check;

/* The flags of what the container does not share with the host. */
int namespaces_private(const struct oci_linux *config);

/*
 * Clones. The child runs fn(arg) with the namespaces of `ns` (but a new cgroup namespace, which it
 * unshares itself once it is in its cgroup) and exits with the result. `cgroup_fd`: a cgroup v2
 * directory to be born in, or -1. *pidfd is owned by the caller.
 */
pid_t namespaces_clone(const struct namespaces *ns, int cgroup_fd, int (*fn)(void *), void *arg,
                       int *pidfd, struct err *e) must_check;

/* The child's first call: joins what it has to join itself. */
int namespaces_enter(const struct namespaces *ns, struct err *e) must_check;

#endif
