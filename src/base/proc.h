/*
 * Processes: started by a vfork-like clone (the cost does not grow with the parent), watched by
 * pidfd. Between clone and exec the child only makes system calls.
 */
#ifndef BASE_PROC_H
#define BASE_PROC_H

#include <stdbool.h>
#include <sys/types.h>
#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"

struct proc_spawn {
	const char *file;        /* looked up in PATH when it has no slash */
	const char *const *argv; /* NULL-terminated; argv[0] included */
	const char *const *env;  /* NULL-terminated; NULL inherits ours */
	const char *cwd;         /* or NULL */
	int fd[3];       /* stdin, stdout, stderr: a descriptor, PROC_NULL or PROC_INHERIT */
	const int *pass; /* these become 3, 4, ... in the child */
	size_t npass;
	bool new_session;     /* setsid */
	bool new_group;       /* setpgid(0, 0) */
	bool die_with_parent; /* PR_SET_PDEATHSIG SIGKILL; for short-lived helpers only */
};

#define PROC_INHERIT (-1) /* ours */
#define PROC_NULL    (-2) /* /dev/null */

/*
 * Starts a program; returns its pid (the caller reaps it). *pidfd, when not NULL, is owned by the
 * caller. A failed exec is reported here, as an error with the child's errno.
 */
pid_t proc_spawn(const struct proc_spawn *s, int *pidfd, struct err *e) must_check;

/*
 * A vfork-like clone(2): the calling thread waits until the child, which runs fn(arg) on a small
 * stack of its own with our memory, has called execve or _exit. `flags` are added (CLONE_FILES,
 * CLONE_NEWNS, ...). What the child writes to the `size` bytes at arg is there afterwards; nothing
 * else of our memory may it change. fn makes system calls only. Returns the pid; *pidfd as above.
 */
pid_t proc_vfork(int (*fn)(void *), void *arg, size_t size, int flags, int *pidfd, struct err *e)
        must_check;

/*
 * Raises our limit of open descriptors to the hard one, for daemons: each container costs a few.
 * Programs that are spawned afterwards get back the limit that we were started with.
 */
void proc_raise_nofile(void);

/* Waits for the end; returns the exit code, or 128 + signal. */
int proc_wait(pid_t pid, struct err *e) must_check;

/* As proc_wait for at most timeout_ms (-1: for ever), on a pidfd; ERR_DEADLINE when it still runs.
 */
int proc_wait_fd(int pidfd, pid_t pid, int timeout_ms, struct err *e) must_check;

int proc_pidfd(pid_t pid, struct err *e) must_check;
int proc_pidfd_kill(int pidfd, int signo, struct err *e) must_check;

/* Start time in clock ticks since boot from /proc/PID/stat, to tell a pid from its reuse. */
int proc_start_time(pid_t pid, unsigned long long *ticks, struct err *e) must_check;

/* An executable in PATH as an absolute path in the arena, or NULL. */
const char *proc_find(struct arena *a, const char *name);

/* A path relative to the folder of our own executable: "../libexec/lighter/unpack" is a helper's. */
char *proc_beside(struct arena *a, const char *relative);

/* Signal names: "KILL", "SIGKILL", "9", "RTMIN+3" (any case) -> number; 0 when unknown. */
int signal_parse(const char *s);
const char *signal_name(int signo); /* "SIGKILL"; "" when it has no name */

#endif
