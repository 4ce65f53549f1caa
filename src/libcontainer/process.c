/* From a prepared process to the user's program. See process.h. */
#include "libcontainer/process.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/keyctl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "libcontainer/procfs.h"
#include "libcontainer/program.h"
#include "libcontainer/scheduling.h"
#include "libcontainer/sync.h"
#include "libcontainer/user.h"
#include "base/fd.h"
#include "base/file.h"

int process_check(const struct oci_process *p, struct err *e)
{
	if (!p)
		return err_set(e, ERR_INVALID, "process property must not be empty");
	if (str_empty(p->cwd))
		return err_set(e, ERR_INVALID, "Cwd property must not be empty");
	if (p->cwd[0] != '/')
		return err_set(e, ERR_INVALID, "Cwd must be an absolute path");
	if (p->args.n == 0)
		return err_set(e, ERR_INVALID, "args must not be empty");
	return user_check(p->user, e);
}

/* ---- restrict ---- */

static int set_apparmor(struct process *p, struct err *e)
{
	const char *text;

	if (str_empty(p->config->apparmor_profile))
		return 0;
	text = arena_printf(p->a, "exec %s", p->config->apparmor_profile);
	if (procfs_write(p->proc, "thread-self/attr/apparmor/exec", text, NULL) == 0)
		return 0;
	if (procfs_write(p->proc, "thread-self/attr/exec", text, e) < 0)
		return err_wrap(e, "apply apparmor profile");
	return 0;
}

static int set_selinux(struct process *p, struct err *e)
{
	if (str_empty(p->config->selinux_label))
		return 0;
	if (procfs_write(p->proc, "thread-self/attr/exec", p->config->selinux_label, e) < 0)
		return err_wrap(e, "set process label");
	return 0;
}

int process_restrict(struct process *p, struct err *e)
{
	if (scheduling_apply(p->config, p->linux, e) < 0 || set_apparmor(p, e) < 0 ||
	    set_selinux(p, e) < 0)
		return -1;
	if (p->config->no_new_privileges && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return err_errno(e, errno, "set no_new_privs");
	return 0;
}

/* ---- become ---- */

static const char *env_get(const struct strs *env, const char *name)
{
	const char *found = NULL;
	size_t n = strlen(name);

	for (size_t i = 0; i < env->n; i++)
		if (strncmp(env->v[i], name, n) == 0 && env->v[i][n] == '=')
			found = env->v[i] + n + 1;
	return found;
}

static bool same_name(const char *a, const char *b)
{
	size_t n = strcspn(a, "=");

	return n == strcspn(b, "=") && memcmp(a, b, n) == 0;
}

/* What is set again later counts for nothing, and neither does an empty HOME. */
static bool is_overridden(const struct strs *env, size_t i)
{
	if (strcmp(env->v[i], "HOME=") == 0)
		return true;
	for (size_t k = i + 1; k < env->n; k++)
		if (same_name(env->v[i], env->v[k]))
			return true;
	return false;
}

/* Each variable once, HOME always. */
static void make_env(struct process *p)
{
	const struct strs *env = &p->config->env;
	uint64_t uid = p->config->user ? p->config->user->uid : 0;
	size_t n = 0;

	p->env = arena_array(p->a, const char *, env->n + 2);
	for (size_t i = 0; i < env->n; i++)
		if (!is_overridden(env, i))
			p->env[n++] = env->v[i];
	if (str_empty(env_get(env, "HOME")))
		p->env[n++] = arena_printf(p->a, "HOME=%s", user_home(p->a, uid));
}

static void sort(int *v, size_t n)
{
	for (size_t i = 1; i < n; i++)
		for (size_t k = i; k > 0 && v[k - 1] > v[k]; k--) {
			int t = v[k];

			v[k] = v[k - 1];
			v[k - 1] = t;
		}
}

/*
 * Nothing that our caller left open, and of ours only what is still needed, stays open: the program
 * gets none of it anyway (close-on-exec), but init may wait for its start for a long time.
 */
static int close_fds(struct process *p, struct err *e)
{
	int needed[] = { p->proc, p->sync, p->fifo };
	unsigned from = 3 + p->keep_fds;

	sort(needed, ARRAY_LEN(needed));
	for (size_t i = 0; i < ARRAY_LEN(needed); i++) {
		unsigned fd = (unsigned)needed[i];

		if (needed[i] < 0 || fd < from)
			continue;
		if (fd > from && syscall(SYS_close_range, from, fd - 1, 0) < 0)
			return err_errno(e, errno, "close descriptors");
		from = fd + 1;
	}
	if (syscall(SYS_close_range, from, ~0U, 0) < 0)
		return err_errno(e, errno, "close descriptors");
	return 0;
}

/*
 * A directory descriptor of the host that is still open must not become the cwd (CVE-2024-21626):
 * the kernel then says "(unreachable)" or nothing.
 */
static int check_cwd(struct err *e)
{
	char path[PATH_MAX];

	if (syscall(SYS_getcwd, path, sizeof(path)) < 0 || path[0] != '/')
		return err_set(
		        e, ERR_PERMISSION,
		        "current working directory is outside of container mount namespace root "
		        "-- possible container breakout detected");
	return 0;
}

/* As root first: the user may lack the right to search a directory on the way, or root may. */
static int enter_cwd(struct process *p, bool again, bool *done, struct err *e)
{
	if (*done || chdir(p->config->cwd) == 0)
		*done = true;
	else if (again || (errno != EACCES && errno != EPERM))
		return err_errno(e, errno, "chdir to cwd (\"%s\") set in config.json failed",
		                 p->config->cwd);
	return *done ? check_cwd(e) : 0;
}

/* A listener goes to the runtime at once: nobody answers before that. */
static int install_seccomp(struct process *p, struct err *e)
{
	int fd = seccomp_install(p->seccomp, e), rc;

	if (fd < 0 || !p->seccomp->notifies)
		return fd;
	rc = sync_send_fd(p->sync, SYNC_LISTENER, fd, e);
	fd_close(&fd);
	return rc;
}

/* Without no_new_privs only the privileged may install a filter: before capabilities go. */
static int seccomp_early(struct process *p, struct err *e)
{
	return p->seccomp && !p->config->no_new_privileges ? install_seccomp(p, e) : 0;
}

/* With it, as late as possible; but hooks are under it, and the runtime still takes a listener. */
static int seccomp_late(struct process *p, struct err *e)
{
	return p->seccomp && p->config->no_new_privileges ? install_seccomp(p, e) : 0;
}

int process_become(struct process *p, struct err *e)
{
	const struct oci_user *u = p->config->user;
	bool there = false;

	make_env(p);
	if (close_fds(p, e) < 0 || seccomp_early(p, e) < 0 || enter_cwd(p, false, &there, e) < 0 ||
	    capabilities_bound(&p->caps, e) < 0 || user_own_stdio(u, e) < 0 ||
	    user_become(u, e) < 0 || enter_cwd(p, true, &there, e) < 0 ||
	    capabilities_apply(&p->caps, e) < 0)
		return -1;
	p->path = program_find(p->a, p->config->args.v[0], env_get(&p->config->env, "PATH"), e);
	return p->path ? seccomp_late(p, e) : -1;
}

/* ---- exec ---- */

static void reset_signals(void)
{
	struct sigaction dfl = { .sa_handler = SIG_DFL };
	sigset_t none;

	for (int i = 1; i < NSIG; i++)
		sigaction(i, &dfl, NULL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

void process_exec(struct process *p)
{
	const struct strs *args = &p->config->args;
	const char **argv = arena_array(p->a, const char *, args->n + 1);
	struct err e = { 0 };

	for (size_t i = 0; i < args->n; i++)
		argv[i] = args->v[i];
	reset_signals();
	execve(p->path, (char *const *)argv, (char *const *)p->env);
	err_errno(&e, errno, "exec %s", p->path);
	dprintf(STDERR_FILENO, "%s\n", e.text);
	_exit(255);
}

/* ---- the rest ---- */

#define KEY_SEARCH 0x080000 /* KEY_USR_SEARCH: the user may search for the ring, beyond its owner */

int process_join_keyring(const char *id, struct err *e)
{
	char name[300];
	long ring, perm;

	snprintf(name, sizeof(name), "_ses.%s", id);
	ring = syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, name);
	if (ring < 0)
		return errno == ENOSYS ? 0 : err_errno(e, errno, "unable to join session keyring");
	perm = 0x3f3f0000 | KEY_SEARCH;
	if (syscall(SYS_keyctl, KEYCTL_SETPERM, ring, perm) < 0 && errno != EACCES)
		return err_errno(e, errno, "unable to mod keyring permissions");
	return 0;
}
