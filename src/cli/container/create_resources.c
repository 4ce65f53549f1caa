/* Limits and capabilities of a new container. */
#include "cli/container/create_parts.h"

#include <ctype.h>
#include <strings.h>
#include "cli/spec/ulimit.h"

int create_resources(struct arena *a, const struct call *call, struct api_create *out,
                     struct err *e)
{
	const struct create_options *o = call->options;
	struct api_host_config *h = out->host_config;

	h->cpu_shares = o->cpu_shares;
	h->nano_cpus = o->cpus;
	h->cpu_period = o->cpu_period;
	h->cpu_quota = o->cpu_quota;
	h->cpu_realtime_period = o->cpu_rt_period;
	h->cpu_realtime_runtime = o->cpu_rt_runtime;
	h->cpuset_cpus = o->cpuset_cpus;
	h->cpuset_mems = o->cpuset_mems;
	h->cpu_count = o->cpu_count;
	h->cpu_percent = o->cpu_percent;
	h->memory = o->memory;
	h->memory_reservation = o->memory_reservation;
	h->memory_swap = o->memory_swap;
	h->memory_swappiness = (struct json_opt_i64){ true, o->memory_swappiness };
	h->oom_kill_disable = (struct json_opt_bool){ true, o->oom_kill_disable };
	h->pids_limit = (struct json_opt_i64){ true, o->pids_limit };
	h->blkio_weight = (uint64_t)o->blkio_weight;
	h->io_maximum_iops = o->io_maxiops;
	h->io_maximum_bandwidth = o->io_maxbandwidth;
	h->cgroup_parent = o->cgroup_parent;
	h->shm_size = o->shm_size;
	if (o->memory_swappiness < -1 || o->memory_swappiness > 100)
		return err_set(e, ERR_INVALID,
		               "invalid value: %lld. Valid memory swappiness range is 0-100",
		               (long long)o->memory_swappiness);
	for (size_t i = 0; i < o->ulimit.n; i++) {
		struct api_ulimit u;

		if (ulimit_parse(a, o->ulimit.v[i], &u, e) < 0)
			return -1;
		arena_push(a, &h->ulimits, u);
	}
	return 0;
}

static int by_text(const void *x, const void *y)
{
	return strcmp(*(const char *const *)x, *(const char *const *)y);
}

struct strs create_capabilities(struct arena *a, const struct strs *names)
{
	struct strs all = { 0 }, out = { 0 };

	for (size_t i = 0; i < names->n; i++) {
		char *cap = arena_printf(a, "%s%s",
		                         str_ieq(names->v[i], "all") ||
		                                         strncasecmp(names->v[i], "CAP_", 4) == 0
		                                 ? ""
		                                 : "CAP_",
		                         names->v[i]);

		for (char *p = cap; *p; p++)
			*p = (char)toupper((unsigned char)*p);
		arena_push(a, &all, (const char *)cap);
	}
	if (all.n > 1)
		qsort(all.v, all.n, sizeof(*all.v), by_text);
	for (size_t i = 0; i < all.n; i++)
		if (!i || !str_eq(all.v[i], all.v[i - 1]))
			arena_push(a, &out, all.v[i]);
	return out;
}
