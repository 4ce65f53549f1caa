/* What a container uses, as io.containerd.cgroups.v1.Metrics or its v2 counterpart. */
#ifndef SHIM_STATS_H
#define SHIM_STATS_H

#include "proto/google.pb-c.h"
#include "shim/cgroup.h"

/* Packed, in the arena. What a controller does not tell is left out. */
Google__Any *cgroup_stats(struct arena *a, const struct cgroup *c, struct err *e) must_check;

/* The two of them (stats_v1.c, stats_v2.c). */
Google__Any *cgroup_stats_v1(struct arena *a, const struct cgroup *c);
Google__Any *cgroup_stats_v2(struct arena *a, const char *dir);

#endif
