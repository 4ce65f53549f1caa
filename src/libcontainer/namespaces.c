/* Namespaces. See namespaces.h; namespaces(7), clone3(2), setns(2). */
#include "libcontainer/namespaces.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/nsfs.h>
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include "base/fd.h"
#include "base/file.h"
#include "base/proc.h"
#include "base/str.h"

const struct namespace_kind namespace_kinds[NAMESPACE_KINDS] = {
	{ "user", "user", "NEWUSER", CLONE_NEWUSER },
	{ "ipc", "ipc", "NEWIPC", CLONE_NEWIPC },
	{ "uts", "uts", "NEWUTS", CLONE_NEWUTS },
	{ "network", "net", "NEWNET", CLONE_NEWNET },
	{ "pid", "pid", "NEWPID", CLONE_NEWPID },
	{ "mount", "mnt", "NEWNS", CLONE_NEWNS },
	{ "cgroup", "cgroup", "NEWCGROUP", CLONE_NEWCGROUP },
	{ "time", "time", "NEWTIME", CLONE_NEWTIME },
};

void namespaces_close(struct namespaces *ns)
{
	for (size_t i = 0; i < ns->njoin; i++)
		fd_close(&ns->join[i].fd);
	ns->njoin = 0;
}

static const struct oci_namespace *listed(const struct oci_linux *config, const char *type)
{
	for (size_t i = 0; config && i < config->namespaces.n; i++)
		if (str_eq(config->namespaces.v[i].type, type))
			return &config->namespaces.v[i];
	return NULL;
}

static int check(const struct oci_linux *config, struct err *e)
{
	for (size_t i = 0; config && i < config->namespaces.n; i++) {
		const struct oci_namespace *n = &config->namespaces.v[i];
		bool known = false;

		for (size_t k = 0; k < NAMESPACE_KINDS; k++)
			known = known || str_eq(namespace_kinds[k].type, n->type);
		if (!known)
			return err_set(e, ERR_INVALID, "namespace \"%s\" does not exist",
			               n->type ? n->type : "");
		if (listed(config, n->type) != n)
			return err_set(e, ERR_INVALID, "malformed spec file: duplicated ns \"%s\"",
			               n->type);
	}
	return 0;
}

int namespaces_private(const struct oci_linux *config)
{
	int flags = 0;

	for (size_t k = 0; k < NAMESPACE_KINDS; k++)
		if (listed(config, namespace_kinds[k].type))
			flags |= namespace_kinds[k].flag;
	return flags;
}

static int add_join(struct namespaces *ns, const char *path, int flag, struct err *e)
{
	_cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return err_errno(e, errno, "namespace path: lstat %s", path);
	if (ioctl(fd, NS_GET_NSTYPE) != flag)
		return err_set(e, ERR_INVALID,
		               "%s is not a namespace of the type that is asked for", path);
	ns->join[ns->njoin].flag = flag;
	ns->join[ns->njoin++].fd = take_fd(&fd);
	return 0;
}

int namespaces_open(const struct oci_linux *config, struct namespaces *out, struct err *e)
{
	*out = (struct namespaces){ .config = config };
	if (check(config, e) < 0)
		return -1;
	for (size_t k = 0; k < NAMESPACE_KINDS; k++) {
		const struct oci_namespace *n = listed(config, namespace_kinds[k].type);

		if (n && str_empty(n->path))
			out->created |= namespace_kinds[k].flag;
		else if (n && add_join(out, n->path, namespace_kinds[k].flag, e) < 0)
			return -1;
	}
	return 0;
}

int namespaces_of(const struct oci_linux *config, pid_t pid, struct namespaces *out, struct err *e)
{
	char path[64];

	*out = (struct namespaces){ .config = NULL };
	for (size_t k = 0; k < NAMESPACE_KINDS; k++) {
		if (!listed(config, namespace_kinds[k].type))
			continue;
		snprintf(path, sizeof(path), "/proc/%d/ns/%s", pid, namespace_kinds[k].file);
		if (add_join(out, path, namespace_kinds[k].flag, e) < 0)
			return -1;
	}
	return 0;
}

/*
 * A user namespace gives rights over what it owns and takes those over the rest: what can be joined
 * without it comes first, then it, then what was refused.
 */
static int join_all(const struct namespaces *ns, struct err *e)
{
	bool done[NAMESPACE_KINDS] = { false };

	for (size_t i = 0; i < ns->njoin; i++)
		done[i] = ns->join[i].flag != CLONE_NEWUSER &&
		          setns(ns->join[i].fd, ns->join[i].flag) == 0;
	for (size_t i = 0; i < ns->njoin; i++)
		if (!done[i] && setns(ns->join[i].fd, ns->join[i].flag) < 0)
			return err_errno(e, errno, "join namespace");
	return 0;
}

/* A time namespace must be set up before anybody is in it, and belongs to the user namespace then. */
static bool stage_makes_userns(const struct namespaces *ns)
{
	return (ns->created & CLONE_NEWTIME) && (ns->created & CLONE_NEWUSER);
}

/* What clone3 makes: a new cgroup namespace is unshared later, a new time namespace by the stage. */
static uint64_t clone_flags(const struct namespaces *ns)
{
	int not_now = CLONE_NEWCGROUP | CLONE_NEWTIME;

	not_now |= stage_makes_userns(ns) ? CLONE_NEWUSER : 0;
	return (unsigned)ns->created & ~(unsigned)not_now;
}

static bool needs_stage(const struct namespaces *ns)
{
	int late = CLONE_NEWPID | CLONE_NEWUSER | CLONE_NEWTIME;

	for (size_t i = 0; i < ns->njoin; i++)
		if ((ns->join[i].flag & late) || (ns->created & CLONE_NEWUSER))
			return true;
	return ns->created & CLONE_NEWTIME;
}

struct clone_args_pack {
	const struct namespaces *ns;
	int cgroup_fd;
	int (*fn)(void *);
	void *arg;
};

static pid_t do_clone(const struct clone_args_pack *p, uint64_t extra, int *pidfd)
{
	struct clone_args args = {
		.flags = clone_flags(p->ns) | extra,
		.exit_signal = extra & CLONE_PARENT ? 0 : SIGCHLD,
		.pidfd = (uintptr_t)pidfd,
	};
	pid_t pid;

	if (p->cgroup_fd >= 0) {
		args.flags |= CLONE_INTO_CGROUP;
		args.cgroup = (unsigned)p->cgroup_fd;
	}
	pid = (pid_t)syscall(SYS_clone3, &args, sizeof(args));
	if (pid == 0)
		_exit(p->fn(p->arg));
	return pid;
}

/* time_namespaces(7): offsets are set before the first process enters. */
static int new_time(const struct oci_linux *config, struct err *e)
{
	_cleanup_buf_ struct buf b = { 0 };

	if (unshare(CLONE_NEWTIME) < 0)
		return err_errno(e, errno, "create time namespace");
	for (size_t i = 0; i < config->time_offsets.n; i++)
		buf_printf(&b, "%s %lld %llu\n", config->time_offsets.v[i].key,
		           (long long)config->time_offsets.v[i].value->secs,
		           (unsigned long long)config->time_offsets.v[i].value->nanosecs);
	if (b.len == 0)
		return 0;
	return file_write(AT_FDCWD, "/proc/self/timens_offsets", b.data, b.len, 0, e);
}

static int make_early(const struct namespaces *ns, struct err *e)
{
	if (stage_makes_userns(ns) && unshare(CLONE_NEWUSER) < 0)
		return err_errno(e, errno, "create user namespace");
	return ns->created & CLONE_NEWTIME ? new_time(ns->config, e) : 0;
}

struct stage_result {
	pid_t pid;
	struct err err;
};

static int stage_main(const struct clone_args_pack *p, int out)
{
	struct stage_result r = { .pid = -1 };

	if (join_all(p->ns, &r.err) == 0 && make_early(p->ns, &r.err) == 0) {
		r.pid = do_clone(p, CLONE_PARENT, NULL);
		if (r.pid < 0)
			err_errno(&r.err, errno, "clone");
	}
	return write(out, &r, sizeof(r)) == sizeof(r) ? 0 : 1;
}

static pid_t stage_clone(const struct clone_args_pack *p, int *pidfd, struct err *e)
{
	_cleanup_close_ int in = -1, out = -1;
	struct stage_result r = { .pid = -1 };
	int fd[2];
	pid_t stage;

	if (pipe2(fd, O_CLOEXEC) < 0)
		return err_errno(e, errno, "create pipe");
	in = fd[0];
	out = fd[1];
	stage = fork();
	if (stage < 0)
		return err_errno(e, errno, "fork");
	if (stage == 0)
		_exit(stage_main(p, out));
	fd_close(&out);
	if (fd_read_full(in, &r, sizeof(r), e) != sizeof(r))
		err_set(&r.err, ERR_INTERNAL, "the process that joins namespaces died");
	waitpid(stage, NULL, 0);
	if (r.pid < 0) {
		if (e)
			*e = r.err;
		return -1;
	}
	*pidfd = proc_pidfd(r.pid, e);
	return *pidfd < 0 ? -1 : r.pid;
}

int namespaces_enter(const struct namespaces *ns, struct err *e)
{
	return needs_stage(ns) ? 0 : join_all(ns, e);
}

pid_t namespaces_clone(const struct namespaces *ns, int cgroup_fd, int (*fn)(void *), void *arg,
                       int *pidfd, struct err *e)
{
	struct clone_args_pack p = { ns, cgroup_fd, fn, arg };
	pid_t pid;

	if (needs_stage(ns))
		return stage_clone(&p, pidfd, e);
	pid = do_clone(&p, CLONE_PIDFD, pidfd);
	return pid < 0 ? err_errno(e, errno, "clone") : pid;
}
