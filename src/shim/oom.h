/* Tells when a container runs out of memory: cgroup v1's notification, or v2's memory.events. */
#ifndef SHIM_OOM_H
#define SHIM_OOM_H

#include "base/loop.h"
#include "shim/cgroup.h"

struct oom;

/* NULL when the kernel cannot tell. fn is called in the loop, or from inside oom_check. */
struct oom *oom_watch(struct loop *l, const struct cgroup *c, void (*fn)(void *arg), void *arg);

/* Calls fn now if something has happened that the loop has not come to yet. NULL is fine. */
void oom_check(struct oom *o);
void oom_free(struct oom *o);

#endif
