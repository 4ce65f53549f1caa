/* The user of a process: ids, groups, home directory. Names are looked up in the container only. */
#ifndef LIBCONTAINER_USER_H
#define LIBCONTAINER_USER_H

#include "oci/runtime.h"

/* Becomes the user; umask too. Capabilities survive when PR_SET_KEEPCAPS is on. */
int user_become(const struct oci_user *u, struct err *e) must_check;

/* Gives stdin, stdout and stderr to the user, so that /dev/stdout can be opened again. */
int user_own_stdio(const struct oci_user *u, struct err *e) must_check;

/* The home directory from /etc/passwd of the root we are in; "/" when it does not say. */
const char *user_home(struct arena *a, uint64_t uid);

/* uid, gid, umask and groups are numbers of 32 bits. */
int user_check(const struct oci_user *u, struct err *e) must_check;

#endif
