/* What the runtime sets on the new process from outside. See process.h; getrlimit(2), proc(5). */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/resource.h>
#include "libcontainer/process.h"
#include "base/file.h"

static const struct {
	const char *name;
	int resource;
} limits[] = {
	{ "RLIMIT_AS", RLIMIT_AS },
	{ "RLIMIT_CORE", RLIMIT_CORE },
	{ "RLIMIT_CPU", RLIMIT_CPU },
	{ "RLIMIT_DATA", RLIMIT_DATA },
	{ "RLIMIT_FSIZE", RLIMIT_FSIZE },
	{ "RLIMIT_LOCKS", RLIMIT_LOCKS },
	{ "RLIMIT_MEMLOCK", RLIMIT_MEMLOCK },
	{ "RLIMIT_MSGQUEUE", RLIMIT_MSGQUEUE },
	{ "RLIMIT_NICE", RLIMIT_NICE },
	{ "RLIMIT_NOFILE", RLIMIT_NOFILE },
	{ "RLIMIT_NPROC", RLIMIT_NPROC },
	{ "RLIMIT_RSS", RLIMIT_RSS },
	{ "RLIMIT_RTPRIO", RLIMIT_RTPRIO },
	{ "RLIMIT_RTTIME", RLIMIT_RTTIME },
	{ "RLIMIT_SIGPENDING", RLIMIT_SIGPENDING },
	{ "RLIMIT_STACK", RLIMIT_STACK },
};

static int find(const char *name)
{
	for (size_t i = 0; name && i < ARRAY_LEN(limits); i++)
		if (strcmp(limits[i].name, name) == 0)
			return limits[i].resource;
	return -1;
}

int process_set_rlimits(pid_t pid, const struct oci_process *p, struct err *e)
{
	for (size_t i = 0; i < p->rlimits.n; i++) {
		const struct oci_rlimit *l = &p->rlimits.v[i];
		struct rlimit want = { l->soft, l->hard };
		int resource = find(l->type);

		if (resource < 0)
			return err_set(e, ERR_INVALID, "wrong rlimit value: %s",
			               l->type ? l->type : "");
		if (prlimit(pid, (enum __rlimit_resource)resource, &want, NULL) < 0)
			return err_errno(e, errno, "error setting rlimit %s", l->type);
	}
	return 0;
}

int process_set_oom_score(pid_t pid, const struct oci_process *p, struct err *e)
{
	char path[48], text[24];
	int n;

	if (!p->oom_score_adj.set)
		return 0;
	snprintf(path, sizeof(path), "/proc/%d/oom_score_adj", pid);
	n = snprintf(text, sizeof(text), "%d", (int)p->oom_score_adj.value);
	return file_write(AT_FDCWD, path, text, (size_t)n, 0, e);
}
