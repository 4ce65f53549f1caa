/* See host_check.h. */
#include "engine/daemon/host_check.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include "base/file.h"
#include "base/limits.h"
#include "engine/daemon/flags_internal.h"
#include "engine/spec/spec.h"
#include "engine/daemon/system.h"

#define MEMORY_MIN    (6 * (int64_t)MIB)
#define CPU_MIN_US    1000
#define CPU_MAX_US    1000000
#define NANO_CPUS     1000000000LL
#define OOM_SCORE_MAX 1000

/* ---- modes ---- */

struct mode_rule {
	const char *words[4];
	bool may_share; /* "container:NAME" */
	const char *complaint;
	size_t offset; /* in struct api_host_config */
};

#define RULE(member, complaint, may_share, ...)                                                 \
	{                                                                                       \
		{ __VA_ARGS__ }, may_share, complaint, offsetof(struct api_host_config, member) \
	}
static const struct mode_rule modes[] = {
	RULE(ipc_mode, "invalid IPC mode: %s", true, "none", "private", "shareable", "host"),
	RULE(pid_mode, "invalid PID mode: %s", true, "host"),
	RULE(uts_mode, "invalid UTS mode: %s", false, "host"),
	RULE(cgroupns_mode, "invalid cgroup namespace mode: %s", false, "host", "private"),
	RULE(userns_mode, "invalid USER mode: %s", false, "host"),
	RULE(isolation, "invalid isolation '%s' on linux", false, "default"),
};

static int check_mode(const struct mode_rule *r, const struct api_host_config *h, struct err *e)
{
	const char *given = *(const char *const *)((const char *)h + r->offset), *name;

	if (str_empty(given))
		return 0;
	for (size_t i = 0; i < ARRAY_LEN(r->words); i++)
		if (str_eq(given, r->words[i]))
			return 0;
	name = r->may_share ? str_after(given, "container:") : NULL;
	return !str_empty(name) ? 0 : err_set(e, ERR_INVALID, r->complaint, given);
}

/* ---- limits ---- */

static int check_memory(const struct api_host_config *h, struct err *e)
{
	if (h->memory_reservation < 0 ||
	    (h->memory_reservation > 0 && h->memory_reservation < MEMORY_MIN))
		return err_set(e, ERR_INVALID, "Minimum memory reservation allowed is 6MB");
	if (h->memory > 0 && h->memory_reservation > h->memory)
		return err_set(e, ERR_INVALID,
		               "Minimum memory limit can not be less than memory reservation "
		               "limit, see usage");
	return 0;
}

/* "0-3,5": numbers and ranges; *highest is the largest. */
static bool parse_set(const char *s, uint64_t *highest)
{
	for (*highest = 0; *s;) {
		size_t n = strcspn(s, ",");
		uint64_t low, high;
		char word[24], *dash;

		if (n == 0 || n >= sizeof(word))
			return false;
		str_copy(word, n + 1, s);
		dash = strchr(word, '-');
		if (dash)
			*dash = '\0';
		if (!str_u64(word, &low) || !str_u64(dash ? dash + 1 : word, &high) || high < low)
			return false;
		*highest = MAX(*highest, high);
		s += n + (s[n] == ',');
	}
	return true;
}

/* What the machine has, as the kernel writes it: "0-1". */
static int check_set(const char *given, const char *what, const char *words, const char *path,
                     struct err *e)
{
	_cleanup_arena_ struct arena a = { 0 };
	uint64_t wanted, there;
	struct slice text;
	char *available;

	if (str_empty(given))
		return 0;
	if (!parse_set(given, &wanted))
		return err_set(e, ERR_INVALID, "Invalid value %s for cpuset %s", given, what);
	if (file_read(&a, AT_FDCWD, path, LIMIT_SMALL_FILE, &text, NULL) < 0)
		return 0; /* a kernel without it: the cgroup will tell */
	available = arena_strndup(&a, text.data, strcspn(text.data, "\n"));
	if (parse_set(available, &there) && wanted > there)
		return err_set(e, ERR_INVALID,
		               "Requested %s are not available - requested %s, available: %s",
		               words, given, available);
	return 0;
}

static int check_cpus(const struct api_host_config *h, struct err *e)
{
	int64_t n = system_cpus();

	if (h->nano_cpus < 0 || h->nano_cpus > n * NANO_CPUS)
		return err_set(e, ERR_INVALID,
		               "Range of CPUs is from 0.01 to %lld.00, as there are only %lld CPUs "
		               "available",
		               (long long)n, (long long)n);
	if (h->cpu_period && (h->cpu_period < CPU_MIN_US || h->cpu_period > CPU_MAX_US))
		return err_set(e, ERR_INVALID,
		               "CPU cfs period can not be less than 1ms (i.e. 1000) or larger "
		               "than 1s (i.e. 1000000)");
	if (h->cpu_quota > 0 && h->cpu_quota < CPU_MIN_US)
		return err_set(e, ERR_INVALID,
		               "CPU cfs quota can not be less than 1ms (i.e. 1000)");
	if (check_set(h->cpuset_cpus, "cpus", "CPUs", "/sys/devices/system/cpu/online", e) < 0)
		return -1;
	return check_set(h->cpuset_mems, "mems", "memory nodes", "/sys/devices/system/node/online",
	                 e);
}

int host_check_limits(const struct api_host_config *h, struct err *e)
{
	return check_memory(h, e) < 0 || check_cpus(h, e) < 0 ? -1 : 0;
}

void host_discard(struct arena *a, size_t *weight_devices, struct strs *warnings)
{
	if (*weight_devices == 0 || system_cgroup_v2() ||
	    path_exists("/sys/fs/cgroup/blkio/blkio.weight_device"))
		return;
	*weight_devices = 0;
	arena_push(a, warnings,
	           "Your kernel does not support Block I/O weight_device or the cgroup is not "
	           "mounted. Weight-device discarded.");
}

int host_check_restart(const struct api_host_config *h, struct err *e)
{
	static const char *const known[] = { "no", "always", "unless-stopped", "on-failure" };
	const struct api_restart_policy *p = h->restart_policy;
	bool found = false;

	for (size_t i = 0; i < ARRAY_LEN(known); i++)
		found |= str_eq(p->name, known[i]);
	if (!found)
		return err_set(e, ERR_INVALID,
		               "invalid restart policy: unknown policy '%s'; use one of 'no', "
		               "'always', 'on-failure', or 'unless-stopped'",
		               p->name);
	if (p->maximum_retry_count < 0)
		return err_set(e, ERR_INVALID,
		               "invalid restart policy: maximum retry count cannot be negative");
	if (p->maximum_retry_count > 0 && !str_eq(p->name, "on-failure"))
		return err_set(e, ERR_INVALID,
		               "invalid restart policy: maximum retry count can only be used with "
		               "'on-failure'");
	if (h->auto_remove && !str_eq(p->name, "no"))
		return err_set(e, ERR_INVALID,
		               "can't create 'AutoRemove' container with restart policy");
	return 0;
}

/* ---- names and addresses ---- */

static int check_extra_host(const char *s, struct err *e)
{
	const char *colon = strchr(s, ':');
	struct err ignored;

	if (!colon || colon == s)
		return err_set(e, ERR_INVALID, "bad format for add-host: \"%s\"", s);
	if (str_eq(colon + 1, "host-gateway") || check_ip(colon + 1, &ignored) == 0)
		return 0;
	return err_set(e, ERR_INVALID, "invalid IP address in add-host: \"%s\"", colon + 1);
}

static int check_names(const struct api_host_config *h, struct err *e)
{
	for (size_t i = 0; i < h->extra_hosts.n; i++)
		if (check_extra_host(h->extra_hosts.v[i], e) < 0)
			return -1;
	for (size_t i = 0; i < h->dns.n; i++)
		if (check_ip(h->dns.v[i], e) < 0)
			return err_wrap(e, "dns");
	return 0;
}

/* ---- mounts ---- */

static int check_tmpfs(struct arena *a, const struct api_host_config *h, struct err *e)
{
	static const char *const known[] = {
		"ro",          "rw",
		"suid",        "nosuid",
		"dev",         "nodev",
		"exec",        "noexec",
		"sync",        "async",
		"dirsync",     "remount",
		"mand",        "nomand",
		"atime",       "noatime",
		"diratime",    "nodiratime",
		"relatime",    "norelatime",
		"strictatime", "nostrictatime",
		"private",     "rprivate",
		"shared",      "rshared",
		"slave",       "rslave",
		"unbindable",  "runbindable",
		"size",        "mode",
		"uid",         "gid",
		"nr_inodes",   "nr_blocks",
		"mpol",        "bind",
		"rbind",
	};

	for (size_t i = 0; i < h->tmpfs.n; i++) {
		for (const char *s = h->tmpfs.v[i].value; s && *s;) {
			size_t n = strcspn(s, ","), name = strcspn(s, ",=");
			bool found = false;

			for (size_t k = 0; k < ARRAY_LEN(known); k++)
				found |= slice_eq((struct slice){ s, name }, known[k]);
			if (!found)
				return err_set(e, ERR_INVALID, "invalid tmpfs option [\"%s\"]",
				               arena_strndup(a, s, n));
			s += n + (s[n] == ',');
		}
	}
	return 0;
}

/* A path below the root of all cgroups, and not above it. */
static int check_cgroup_parent(struct arena *a, const char *parent, struct err *e)
{
	const char *whole = arena_printf(a, "/%s/", parent ? parent : "");

	if (strstr(whole, "/../"))
		return err_set(e, ERR_INVALID, "invalid cgroup parent: %s", parent);
	return 0;
}

/* ---- all ---- */

int host_check(struct arena *a, const struct api_host_config *h, struct err *e)
{
	for (size_t i = 0; i < ARRAY_LEN(modes); i++)
		if (check_mode(&modes[i], h, e) < 0)
			return -1;
	for (size_t i = 0; i < h->ulimits.n; i++)
		if (ulimit_check(&h->ulimits.v[i], e) < 0)
			return -1;
	if (h->oom_score_adj < -OOM_SCORE_MAX || h->oom_score_adj > OOM_SCORE_MAX)
		return err_set(e, ERR_INVALID,
		               "Invalid value %lld, range for oom score adj is [-1000, 1000]",
		               (long long)h->oom_score_adj);
	if (host_check_limits(h, e) < 0 || host_check_restart(h, e) < 0 || check_names(h, e) < 0 ||
	    check_tmpfs(a, h, e) < 0 || check_cgroup_parent(a, h->cgroup_parent, e) < 0)
		return -1;
	return spec_security_check(&h->security_opt, e);
}
