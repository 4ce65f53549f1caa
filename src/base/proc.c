/* Processes. See proc.h. */
#include "base/proc.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/limits.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include "base/fd.h"
#include "base/file.h"
#include "base/limits.h"

extern char **environ;

const char *proc_find(struct arena *a, const char *name)
{
	const char *p = getenv("PATH");

	if (strchr(name, '/'))
		return access(name, X_OK) == 0 ? arena_strdup(a, name) : NULL;
	p = p ? p : "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
	while (*p) {
		size_t n = strcspn(p, ":");
		char *path = arena_printf(a, "%.*s/%s", (int)n, p, name);

		if (n > 0 && access(path, X_OK) == 0)
			return path;
		p += n + (p[n] == ':');
	}
	return NULL;
}

char *proc_beside(struct arena *a, const char *relative)
{
	char *exe = arena_alloc(a, PATH_MAX), *slash;

	if (readlink("/proc/self/exe", exe, PATH_MAX - 1) < 0)
		return arena_strdup(a, relative);
	slash = strrchr(exe, '/');
	return path_clean(
	        a, arena_printf(a, "%.*s/%s", slash ? (int)(slash - exe) : 0, exe, relative));
}

/* What spawned programs get back; valid once it was raised. */
static struct rlimit nofile_before;
static bool nofile_raised;

void proc_raise_nofile(void)
{
	struct rlimit r;

	if (nofile_raised || getrlimit(RLIMIT_NOFILE, &r) < 0)
		return;
	nofile_before = r;
	r.rlim_cur = r.rlim_max;
	nofile_raised = setrlimit(RLIMIT_NOFILE, &r) == 0; /* if not, then it is what it is */
}

/* What the child needs, in memory that it shares with the waiting parent. */
struct child {
	const struct proc_spawn *s;
	const char *path;
	int src[3]; /* what becomes 0, 1, 2; -1 keeps ours */
	int *moved; /* copies of s->pass above all targets */
	pid_t parent;
	int error;
};

no_asan static int move_fds(struct child *c)
{
	int first_free = 3 + (int)c->s->npass;

	for (int i = 0; i < 3; i++)
		if (c->src[i] >= 0 && c->src[i] < first_free &&
		    (c->src[i] = fcntl(c->src[i], F_DUPFD_CLOEXEC, first_free)) < 0)
			return -1;
	for (size_t i = 0; i < c->s->npass; i++)
		if ((c->moved[i] = fcntl(c->s->pass[i], F_DUPFD_CLOEXEC, first_free)) < 0)
			return -1;
	for (int i = 0; i < 3; i++)
		if (c->src[i] >= 0 && dup2(c->src[i], i) < 0)
			return -1;
	for (size_t i = 0; i < c->s->npass; i++)
		if (dup2(c->moved[i], 3 + (int)i) < 0)
			return -1;
	return 0;
}

no_asan static void reset_signals(void)
{
	struct sigaction dfl = { .sa_handler = SIG_DFL }, now;

	for (int i = 1; i < NSIG; i++)
		if (sigaction(i, NULL, &now) == 0 && now.sa_handler != SIG_DFL)
			sigaction(i, &dfl, NULL);
}

/* A parent that was killed just before we asked is not told of: then we are somebody else's already. */
no_asan static int die_with_parent(const struct child *c)
{
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0)
		return -1;
	if (getppid() != c->parent)
		kill(getpid(), SIGKILL);
	return 0;
}

no_asan static int child_main(void *arg)
{
	struct child *c = arg;
	const struct proc_spawn *s = c->s;
	sigset_t none;

	reset_signals();
	if (nofile_raised)
		setrlimit(RLIMIT_NOFILE, &nofile_before);
	if ((s->new_session && setsid() < 0) || (s->new_group && setpgid(0, 0) < 0) ||
	    (s->die_with_parent && die_with_parent(c) < 0) || move_fds(c) < 0 ||
	    (s->cwd && chdir(s->cwd) < 0))
		goto out;
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	execve(c->path, (char *const *)s->argv, s->env ? (char *const *)s->env : environ);
out:
	c->error = errno;
	_exit(127);
}

/* ---- a child that shares our memory ---- */

#define CHILD_STACK (64 * KIB)

/*
 * ThreadSanitizer's record of a thread cannot be shared by two processes: under it the child gets a
 * copy of our memory, and `arg` lies in a page that both have.
 */
#ifdef __SANITIZE_THREAD__
#define CHILD_MEMORY 0
#define STACK_SHARED MAP_SHARED
#else
#define CHILD_MEMORY CLONE_VM
#define STACK_SHARED MAP_PRIVATE
#endif

pid_t proc_vfork(int (*fn)(void *), void *arg, size_t size, int flags, int *pidfd, struct err *e)
{
	char *stack = mmap(NULL, CHILD_STACK, PROT_READ | PROT_WRITE,
	                   STACK_SHARED | MAP_ANONYMOUS | MAP_STACK, -1, 0);
	_cleanup_close_ int pfd = -1;
	sigset_t all, before;
	pid_t pid;
	int saved;

	if (stack == MAP_FAILED)
		return err_errno(e, errno, "allocate a stack");
	memcpy(stack, arg, size);
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	pid = clone(fn, stack + CHILD_STACK,
	            CHILD_MEMORY | CLONE_VFORK | CLONE_PIDFD | SIGCHLD | flags, stack, &pfd);
	saved = errno;
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	memcpy(arg, stack, size);
	munmap(stack, CHILD_STACK);
	if (pid < 0)
		return err_errno(e, saved, "clone");
	if (pidfd)
		*pidfd = take_fd(&pfd);
	return pid;
}

/* ---- a program ---- */

static pid_t start_program(struct child *c, int *pidfd, struct err *e)
{
	_cleanup_close_ int pfd = -1;
	pid_t pid = proc_vfork(child_main, c, sizeof(*c), 0, &pfd, e);

	if (pid < 0)
		return err_wrap(e, "start %s", c->path);
	if (c->error) {
		waitpid(pid, NULL, 0);
		return err_errno(e, c->error, "start %s", c->path);
	}
	if (pidfd)
		*pidfd = take_fd(&pfd);
	return pid;
}

pid_t proc_spawn(const struct proc_spawn *s, int *pidfd, struct err *e)
{
	_cleanup_arena_ struct arena a = { 0 };
	_cleanup_close_ int null = -1;
	struct child c = { .s = s, .path = proc_find(&a, s->file), .parent = getpid() };

	if (!c.path) {
		err_set(e, ERR_NOT_FOUND, "%s: executable file not found in $PATH", s->file);
		return -1;
	}
	for (int i = 0; i < 3; i++) {
		if (s->fd[i] == PROC_NULL && null < 0 &&
		    (null = open("/dev/null", O_RDWR | O_CLOEXEC)) < 0)
			return err_errno(e, errno, "open /dev/null");
		c.src[i] = s->fd[i] == PROC_NULL ? null : s->fd[i];
	}
	c.moved = arena_array(&a, int, s->npass + 1);
	return start_program(&c, pidfd, e);
}

int proc_wait(pid_t pid, struct err *e)
{
	int status;

	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return err_errno(e, errno, "wait for process %d", pid);
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

int proc_wait_fd(int pidfd, pid_t pid, int timeout_ms, struct err *e)
{
	struct pollfd p = { .fd = pidfd, .events = POLLIN };
	int r;

	do
		r = poll(&p, 1, timeout_ms);
	while (r < 0 && errno == EINTR);
	if (r < 0)
		return err_errno(e, errno, "wait for process %d", pid);
	if (r == 0)
		return err_set(e, ERR_DEADLINE, "process %d still runs after %d ms", pid,
		               timeout_ms);
	return proc_wait(pid, e);
}

int proc_pidfd(pid_t pid, struct err *e)
{
	int fd = (int)syscall(SYS_pidfd_open, pid, 0);

	return fd < 0 ? err_errno(e, errno, "process %d", pid) : fd;
}

int proc_pidfd_kill(int pidfd, int signo, struct err *e)
{
	if (syscall(SYS_pidfd_send_signal, pidfd, signo, NULL, 0) < 0)
		return err_errno(e, errno, "send signal %d", signo);
	return 0;
}

int proc_start_time(pid_t pid, unsigned long long *ticks, struct err *e)
{
	_cleanup_arena_ struct arena a = { 0 };
	struct slice text;
	const char *p;

	if (file_read(&a, AT_FDCWD, arena_printf(&a, "/proc/%d/stat", pid), LIMIT_SMALL_FILE, &text,
	              e) < 0)
		return -1;
	/* Field 22; the second field may hold anything, but ends at the last ')'. proc_pid_stat(5).
	 */
	p = strrchr(text.data, ')');
	for (int field = 2; p && field < 22; field++)
		p = strchr(p + 1, ' ');
	if (!p || sscanf(p, " %llu", ticks) != 1)
		return err_set(e, ERR_INTERNAL, "/proc/%d/stat: no start time", pid);
	return 0;
}

static const char *const signal_names[] = {
	[SIGHUP] = "HUP",   [SIGINT] = "INT",       [SIGQUIT] = "QUIT", [SIGILL] = "ILL",
	[SIGTRAP] = "TRAP", [SIGABRT] = "ABRT",     [SIGBUS] = "BUS",   [SIGFPE] = "FPE",
	[SIGKILL] = "KILL", [SIGUSR1] = "USR1",     [SIGSEGV] = "SEGV", [SIGUSR2] = "USR2",
	[SIGPIPE] = "PIPE", [SIGALRM] = "ALRM",     [SIGTERM] = "TERM", [SIGSTKFLT] = "STKFLT",
	[SIGCHLD] = "CHLD", [SIGCONT] = "CONT",     [SIGSTOP] = "STOP", [SIGTSTP] = "TSTP",
	[SIGTTIN] = "TTIN", [SIGTTOU] = "TTOU",     [SIGURG] = "URG",   [SIGXCPU] = "XCPU",
	[SIGXFSZ] = "XFSZ", [SIGVTALRM] = "VTALRM", [SIGPROF] = "PROF", [SIGWINCH] = "WINCH",
	[SIGIO] = "IO",     [SIGPWR] = "PWR",       [SIGSYS] = "SYS",
};

/* The kernel's range, not the C library's: glibc keeps two real-time signals for itself. */
#define KERNEL_RTMIN 34
#define KERNEL_RTMAX 64

static int realtime_parse(const char *s)
{
	uint64_t n = 0;

	if (strncasecmp(s, "RTMIN", 5) == 0 &&
	    (s[5] == '\0' || (s[5] == '+' && str_u64(s + 6, &n))) && n <= 30)
		return KERNEL_RTMIN + (int)n;
	if (strncasecmp(s, "RTMAX", 5) == 0 &&
	    (s[5] == '\0' || (s[5] == '-' && str_u64(s + 6, &n))) && n <= 30)
		return KERNEL_RTMAX - (int)n;
	return 0;
}

int signal_parse(const char *s)
{
	uint64_t n;

	if (str_u64(s, &n))
		return n >= 1 && n <= KERNEL_RTMAX ? (int)n : 0;
	if (strncasecmp(s, "SIG", 3) == 0)
		s += 3;
	for (size_t i = 1; i < ARRAY_LEN(signal_names); i++)
		if (signal_names[i] && strcasecmp(signal_names[i], s) == 0)
			return (int)i;
	if (strcasecmp(s, "IOT") == 0)
		return SIGABRT;
	if (strcasecmp(s, "CLD") == 0)
		return SIGCHLD;
	if (strcasecmp(s, "POLL") == 0)
		return SIGIO;
	return realtime_parse(s);
}

const char *signal_name(int signo)
{
	static const char *const full[] = {
#define S(n) [SIG##n] = "SIG" #n
		S(HUP),  S(INT),    S(QUIT), S(ILL),   S(TRAP), S(ABRT), S(BUS),  S(FPE),
		S(KILL), S(USR1),   S(SEGV), S(USR2),  S(PIPE), S(ALRM), S(TERM), S(STKFLT),
		S(CHLD), S(CONT),   S(STOP), S(TSTP),  S(TTIN), S(TTOU), S(URG),  S(XCPU),
		S(XFSZ), S(VTALRM), S(PROF), S(WINCH), S(IO),   S(PWR),  S(SYS),
#undef S
	};

	if (signo < 1 || (size_t)signo >= ARRAY_LEN(full) || !full[signo])
		return "";
	return full[signo];
}
