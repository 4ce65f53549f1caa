/* linux.sysctl: kernel parameters of the container's own namespaces. */
#ifndef LIBCONTAINER_SYSCTL_H
#define LIBCONTAINER_SYSCTL_H

#include "base/json.h"

/* Only what belongs to a private namespace (CLONE_NEW* flags) may be set. */
int sysctl_check(const struct json_map *sysctl, int private, const char *hostname, struct err *e)
        must_check;

int sysctl_write(int proc, const struct json_map *sysctl, struct err *e) must_check;

#endif
