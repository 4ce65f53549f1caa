/* Containers as metadata, for those inside the daemon who need one (tasks). */
#ifndef CONTAINERD_CONTAINERS_H
#define CONTAINERD_CONTAINERS_H

#include "containerd/daemon.h"
#include "proto/containers.pb-c.h"

/* NULL and ERR_NOT_FOUND when there is none. */
Containers__Container *container_find(struct daemon *d, struct arena *a, const char *ns,
                                      const char *id, struct err *e) must_check;

#endif
