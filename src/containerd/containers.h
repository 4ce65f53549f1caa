/* Containers as metadata, for those inside the daemon who need one (tasks). */
#ifndef CONTAINERD_CONTAINERS_H
#define CONTAINERD_CONTAINERS_H

#include "containerd/daemon.h"
#include "proto/containers.pb-c.h"

/* NULL and ERR_NOT_FOUND when there is none. */
Containers__Container *container_find(struct daemon *d, struct arena *a, const char *ns,
                                      const char *id, struct err *e) must_check;

/* Valid ids, labels, a runtime, a specification. */
int container_check(const Containers__Container *c, struct err *e) must_check;

/*
 * Takes from `from` what the mask names; without a mask all that may change, and what may not must
 * be the same. The result is checked.
 */
int container_merge(struct arena *a, Containers__Container *to, const Containers__Container *from,
                    const Google__FieldMask *mask, struct err *e) must_check;

#endif
