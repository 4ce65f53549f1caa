/* The first process of a container, from clone to the user's program. */
#ifndef LIBCONTAINER_INIT_H
#define LIBCONTAINER_INIT_H

#include "libcontainer/container.h"
#include "libcontainer/namespaces.h"
#include "libcontainer/seccomp_filter.h"

struct init {
	struct arena *a;
	const struct oci_spec *spec;
	const struct create_options *options;
	const struct namespaces *ns;
	const struct cgroup *cgroup;
	struct cgroup_doors *doors;
	const struct seccomp_filter *seccomp; /* or NULL */
	const int *sources;                   /* see struct rootfs */
	struct oci_state state;               /* for the hooks that run in here */
	const char *id;
	int sync;        /* our end of the talk (sync.h) */
	int parent_sync; /* the runtime's end: closed first */
	int fifo;        /* O_PATH of exec.fifo */
	int console;     /* connected console socket, or -1 */
};

/* Runs in the clone: a copy of the runtime's memory, no thread but this one. Never returns. */
int init_main(void *init);

/* Tells the runtime why the process cannot become the program, and exits. */
_Noreturn void init_die(int sync, const struct err *e);

#endif
