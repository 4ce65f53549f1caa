/* Usage of a container, whichever version of control groups there is. See stats.h. */
#include "shim/stats.h"

Google__Any *cgroup_stats(struct arena *a, const struct cgroup *c, struct err *e)
{
	if (c->unified)
		return cgroup_stats_v2(a, c->unified);
	if (c->v1.n)
		return cgroup_stats_v1(a, c);
	err_set(e, ERR_UNAVAILABLE, "the container's control group is not known");
	return NULL;
}
