/* Scheduler, I/O priority, execution domain, memory policy. See scheduling.h; words of config.md. */
#include "libcontainer/scheduling.h"

#include <errno.h>
#include <linux/ioprio.h>
#include <linux/mempolicy.h>
#include <linux/sched.h>
#include <linux/sched/types.h>
#include <sys/personality.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "libcontainer/affinity.h"
#include "base/str.h"

struct word {
	const char *text;
	unsigned long value;
};

static const struct word policies[] = {
	{ "SCHED_OTHER", SCHED_NORMAL },
	{ "SCHED_FIFO", SCHED_FIFO },
	{ "SCHED_RR", SCHED_RR },
	{ "SCHED_BATCH", SCHED_BATCH },
	{ "SCHED_ISO", 4 },
	{ "SCHED_IDLE", SCHED_IDLE },
	{ "SCHED_DEADLINE", SCHED_DEADLINE },
};

static const struct word sched_flags[] = {
	{ "SCHED_FLAG_RESET_ON_FORK", SCHED_FLAG_RESET_ON_FORK },
	{ "SCHED_FLAG_RECLAIM", SCHED_FLAG_RECLAIM },
	{ "SCHED_FLAG_DL_OVERRUN", SCHED_FLAG_DL_OVERRUN },
	{ "SCHED_FLAG_KEEP_POLICY", SCHED_FLAG_KEEP_POLICY },
	{ "SCHED_FLAG_KEEP_PARAMS", SCHED_FLAG_KEEP_PARAMS },
	{ "SCHED_FLAG_UTIL_CLAMP_MIN", SCHED_FLAG_UTIL_CLAMP_MIN },
	{ "SCHED_FLAG_UTIL_CLAMP_MAX", SCHED_FLAG_UTIL_CLAMP_MAX },
};

static const struct word io_classes[] = {
	{ "IOPRIO_CLASS_RT", IOPRIO_CLASS_RT },
	{ "IOPRIO_CLASS_BE", IOPRIO_CLASS_BE },
	{ "IOPRIO_CLASS_IDLE", IOPRIO_CLASS_IDLE },
};

static const struct word domains[] = { { "LINUX", PER_LINUX }, { "LINUX32", PER_LINUX32 } };

static const struct word memory_modes[] = {
	{ "MPOL_DEFAULT", MPOL_DEFAULT },  { "MPOL_PREFERRED", MPOL_PREFERRED },
	{ "MPOL_BIND", MPOL_BIND },        { "MPOL_INTERLEAVE", MPOL_INTERLEAVE },
	{ "MPOL_LOCAL", MPOL_LOCAL },      { "MPOL_PREFERRED_MANY", MPOL_PREFERRED_MANY },
	{ "MPOL_WEIGHTED_INTERLEAVE", 6 },
};

static const struct word memory_flags[] = {
	{ "MPOL_F_NUMA_BALANCING", MPOL_F_NUMA_BALANCING },
	{ "MPOL_F_RELATIVE_NODES", MPOL_F_RELATIVE_NODES },
	{ "MPOL_F_STATIC_NODES", MPOL_F_STATIC_NODES },
};

static int lookup(const struct word *table, size_t n, const char *text, unsigned long *out,
                  struct err *e)
{
	for (size_t i = 0; text && i < n; i++) {
		if (strcmp(table[i].text, text) == 0) {
			*out = table[i].value;
			return 0;
		}
	}
	return err_set(e, ERR_INVALID, "\"%s\" is not known", text ? text : "");
}

#define LOOKUP(table, text, out, e) lookup(table, ARRAY_LEN(table), text, out, e)

static int set_scheduler(const struct oci_scheduler *s, struct err *e)
{
	struct sched_attr attr = { .size = sizeof(attr),
		                   .sched_nice = (int)s->nice,
		                   .sched_priority = (unsigned)s->priority,
		                   .sched_runtime = s->runtime,
		                   .sched_deadline = s->deadline,
		                   .sched_period = s->period };
	unsigned long v = 0;

	if (LOOKUP(policies, s->policy, &v, e) < 0)
		return err_wrap(e, "scheduler policy");
	attr.sched_policy = (unsigned)v;
	for (size_t i = 0; i < s->flags.n; i++) {
		if (LOOKUP(sched_flags, s->flags.v[i], &v, e) < 0)
			return err_wrap(e, "scheduler flag");
		attr.sched_flags |= v;
	}
	if (syscall(SYS_sched_setattr, 0, &attr, 0) < 0)
		return err_errno(e, errno, "error setting scheduler");
	return 0;
}

static int set_io_priority(const struct oci_io_priority *p, struct err *e)
{
	unsigned long v = 0;

	if (LOOKUP(io_classes, p->io_class, &v, e) < 0)
		return err_wrap(e, "I/O priority class");
	if (p->priority < 0 || p->priority > 7)
		return err_set(e, ERR_INVALID, "I/O priority must be 0 to 7");
	if (syscall(SYS_ioprio_set, IOPRIO_WHO_PROCESS, 0, IOPRIO_PRIO_VALUE(v, p->priority)) < 0)
		return err_errno(e, errno, "error setting I/O priority");
	return 0;
}

static int set_personality(const struct oci_personality *p, struct err *e)
{
	unsigned long v = 0;

	if (LOOKUP(domains, p->domain, &v, e) < 0)
		return err_wrap(e, "personality");
	if (p->flags.n)
		return err_set(e, ERR_INVALID, "personality flags are not supported");
	if (personality(v) < 0)
		return err_errno(e, errno, "error setting personality");
	return 0;
}

static int set_memory_policy(const struct oci_memory_policy *m, struct err *e)
{
	struct affinity_set nodes = { 0 };
	unsigned long mode = 0, flag = 0;

	if (LOOKUP(memory_modes, m->mode, &mode, e) < 0)
		return err_wrap(e, "invalid memory policy mode");
	for (size_t i = 0; i < m->flags.n; i++) {
		if (LOOKUP(memory_flags, m->flags.v[i], &flag, e) < 0)
			return err_wrap(e, "invalid memory policy flag");
		mode |= flag;
	}
	if (!str_empty(m->nodes) && affinity_parse(m->nodes, &nodes, e) < 0)
		return err_wrap(e, "invalid memory policy nodes");
	if (syscall(SYS_set_mempolicy, mode, str_empty(m->nodes) ? NULL : nodes.bits,
	            str_empty(m->nodes) ? 0 : sizeof(nodes.bits) * 8) < 0)
		return err_errno(e, errno, "error setting memory policy");
	return 0;
}

int scheduling_apply(const struct oci_process *p, const struct oci_linux *l, struct err *e)
{
	if (p->scheduler && set_scheduler(p->scheduler, e) < 0)
		return -1;
	if (p->io_priority && set_io_priority(p->io_priority, e) < 0)
		return -1;
	if (l && l->personality && set_personality(l->personality, e) < 0)
		return -1;
	return l && l->memory_policy ? set_memory_policy(l->memory_policy, e) : 0;
}
