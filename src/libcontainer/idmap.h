/* Maps of a user namespace: /proc/PID/uid_map and gid_map, written by the runtime. */
#ifndef LIBCONTAINER_IDMAP_H
#define LIBCONTAINER_IDMAP_H

#include <sys/types.h>
#include "oci/runtime.h"
#include "base/err.h"

/* For a process in a new user namespace. Who may not write them uses newuidmap(1), newgidmap(1). */
int idmap_write(pid_t pid, const struct oci_linux *l, struct err *e) must_check;

/* The host's id of id 0 inside; 0 without a map. */
uint64_t idmap_root(size_t n, const struct oci_id_mapping *maps);

int idmap_check(const struct oci_linux *l, int private, struct err *e) must_check;

#endif
