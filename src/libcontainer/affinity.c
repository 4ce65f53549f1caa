/* process.execCPUAffinity. See affinity.h; cpuset(7) "List format". */
#include "libcontainer/affinity.h"

#include <errno.h>
#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "base/str.h"

#define BITS (8 * sizeof(unsigned long))

static int bad(const char *text, struct err *e)
{
	return err_set(e, ERR_INVALID, "invalid CPU list \"%s\"", text);
}

int affinity_parse(const char *text, struct affinity_set *out, struct err *e)
{
	const unsigned long max = sizeof(out->bits) * 8;
	const char *p = text;

	*out = (struct affinity_set){ 0 };
	while (*p) {
		unsigned long from, to;
		char *end;

		from = to = strtoul(p, &end, 10);
		if (end == p || *p == '-' || *p == '+' || *p == ' ')
			return bad(text, e);
		if (*end == '-') {
			p = end + 1;
			to = strtoul(p, &end, 10);
			if (end == p)
				return bad(text, e);
		}
		if (from > to || to >= max || (*end && *end != ','))
			return bad(text, e);
		for (unsigned long i = from; i <= to; i++)
			out->bits[i / BITS] |= 1UL << i % BITS;
		p = end + (*end == ',');
	}
	return 0;
}

static int set(pid_t pid, const char *list, struct err *e)
{
	struct affinity_set cpus;

	if (str_empty(list))
		return 0;
	if (affinity_parse(list, &cpus, e) < 0)
		return -1;
	if (syscall(SYS_sched_setaffinity, pid, sizeof(cpus.bits), cpus.bits) < 0)
		return err_errno(e, errno, "set CPU affinity %s", list);
	return 0;
}

/* The kernel takes what the cpuset allows out of it. Where it refuses, the runtime's CPUs stay. */
void affinity_reset(pid_t pid)
{
	struct affinity_set all;

	memset(&all, 0xff, sizeof(all));
	if (syscall(SYS_sched_setaffinity, pid, sizeof(all.bits), all.bits) < 0)
		errno = 0;
}

int affinity_initial(pid_t pid, const struct oci_cpu_affinity *a, struct err *e)
{
	return a ? set(pid, a->initial, e) : 0;
}

int affinity_final(pid_t pid, const struct oci_cpu_affinity *a, struct err *e)
{
	return a ? set(pid, a->final, e) : 0;
}
