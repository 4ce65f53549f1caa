/*
 * Network namespaces that live as files: EXEC_ROOT/netns/<12 hex>, a bind mount of the namespace.
 *
 * A namespace belongs to a thread, so whatever must be done inside one is done by a thread that
 * ends with the call. Sockets stay in the namespace in which they were opened.
 */
#ifndef LIBNETWORK_NETNS_H
#define LIBNETWORK_NETNS_H

#include <stdbool.h>
#include "base/err.h"

/* Makes a namespace without IPv6 and its file; *nl (may be NULL) is a NETLINK_ROUTE socket in it. */
int netns_create(const char *path, int *nl, struct err *e) must_check;

/* The namespace of that file, which must be one. ERR_NOT_FOUND when it is not (any more). */
int netns_open(const char *path, struct err *e) must_check;

/* A NETLINK_ROUTE socket in the namespace. */
int netns_netlink(int netns, struct err *e) must_check;

/* Lets go of it: the kernel takes it down once no process is in it. Nothing there is fine. */
int netns_drop(const char *path, struct err *e) must_check;

#endif
