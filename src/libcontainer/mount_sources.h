/*
 * Sources of bind mounts that the runtime opens itself, because the container's process could not:
 * below a user namespace it may lack the right to reach them, and maps of ids need a privileged hand.
 */
#ifndef LIBCONTAINER_MOUNT_SOURCES_H
#define LIBCONTAINER_MOUNT_SOURCES_H

#include "oci/runtime.h"

/* One detached tree per mount of the configuration; -1 where init opens the source. fds owned. */
struct mount_sources {
	size_t n;
	int *fd;
};

/* `userns`: the container has a user namespace of its own. */
int mount_sources_open(struct arena *a, const struct oci_spec *spec, bool userns,
                       struct mount_sources *out, struct err *e) must_check;

void mount_sources_close(struct mount_sources *s);

#endif
