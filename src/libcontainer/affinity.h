/* process.execCPUAffinity: the CPUs of a process of `exec`, before and after it joins its cgroup. */
#ifndef LIBCONTAINER_AFFINITY_H
#define LIBCONTAINER_AFFINITY_H

#include <sys/types.h>
#include "oci/runtime.h"

/* Whatever CPUs the runtime was bound to, the process may use all that its cgroup has. */
void affinity_reset(pid_t pid);

/* `a` may be NULL, and so may what it says. */
int affinity_initial(pid_t pid, const struct oci_cpu_affinity *a, struct err *e) must_check;
int affinity_final(pid_t pid, const struct oci_cpu_affinity *a, struct err *e) must_check;

/* "0-3,7" into a bit set; for tests. */
struct affinity_set {
	unsigned long bits[16];
};
int affinity_parse(const char *text, struct affinity_set *out, struct err *e) must_check;

#endif
