/*
 * docker-init: pid 1 of a container that was asked for one. It starts the program, forwards signals
 * to it, reaps what the container leaves behind, and exits with the program's code. The command line
 * and the environment are those of tini, which Docker's engine expects under this name. One thread.
 */
#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>
#include "base/proc.h"
#include "base/str.h"

#define VERSION "tini version 0.19.0 - lighter " LIGHTER_VERSION

/* Exit codes of a shell, which tini has too. */
enum { EXIT_CANNOT_RUN = 126, EXIT_NOT_FOUND = 127 };

struct options {
	int verbosity;          /* 1: what goes wrong, 2: what is done, 3: each signal */
	bool subreaper;         /* -s */
	bool group;             /* -g: signals go to the child's process group */
	bool warn_on_reap;      /* -w */
	int parent_death;       /* -p SIGNAL; 0: none */
	unsigned char fine[32]; /* -e CODE: a bit for each exit code that counts as 0 */
};

static struct options options = { .verbosity = 1 };

static void printf_like(2, 3) say(int level, const char *fmt, ...)
{
	va_list ap;

	if (level > options.verbosity)
		return;
	va_start(ap, fmt);
	fprintf(stderr, "[docker-init (%d)] ", getpid());
	vfprintf(stderr, fmt, ap);
	fputc('\n', stderr);
	va_end(ap);
}

/* ---- the command line ---- */

static void usage(FILE *out)
{
	fprintf(out, VERSION "\n"
	                     "Usage: docker-init [OPTIONS] PROGRAM -- [ARGS] | --version\n\n"
	                     "  --version   show the version\n"
	                     "  -h          show this help\n"
	                     "  -s          register as a subreaper (needed when not pid 1)\n"
	                     "  -p SIGNAL   be sent SIGNAL when the parent dies\n"
	                     "  -v          say more; up to three times\n"
	                     "  -w          warn when processes are reaped\n"
	                     "  -g          send signals to the child's process group\n"
	                     "  -e CODE     report exit code CODE as 0; may be repeated\n"
	                     "  -l          show the licence\n");
}

static int bad_usage(const char *what, const char *arg)
{
	fprintf(stderr, "docker-init: %s %s\n", what, arg);
	usage(stderr);
	return 1;
}

static bool parse_code(const char *text)
{
	uint64_t n;

	if (!str_u64(text, &n) || n > 255)
		return false;
	options.fine[n / 8] |= (unsigned char)(1 << n % 8);
	return true;
}

/* Returns -1 to go on with argv[optind...], else an exit code. */
static int parse(int argc, char **argv)
{
	if (argc == 2 && strcmp(argv[1], "--version") == 0) {
		puts(VERSION);
		return 0;
	}
	for (int c; (c = getopt(argc, argv, "+:hvwglsp:e:")) != -1;) {
		switch (c) {
		case 'h':
			usage(stdout);
			return 0;
		case 'l':
			puts("Apache License 2.0");
			return 0;
		case 'v':
			options.verbosity++;
			break;
		case 'w':
			options.warn_on_reap = true;
			break;
		case 'g':
			options.group = true;
			break;
		case 's':
			options.subreaper = true;
			break;
		case 'p':
			options.parent_death = signal_parse(optarg);
			if (options.parent_death == 0)
				return bad_usage("not a signal:", optarg);
			break;
		case 'e':
			if (!parse_code(optarg))
				return bad_usage("not an exit code:", optarg);
			break;
		default:
			return bad_usage("unknown option or missing value:", argv[optind - 1]);
		}
	}
	return optind < argc ? -1 : bad_usage("no program", "given");
}

static void parse_environment(void)
{
	const char *verbosity = getenv("TINI_VERBOSITY");
	uint64_t n;

	if (getenv("TINI_SUBREAPER"))
		options.subreaper = true;
	if (getenv("TINI_KILL_PROCESS_GROUP"))
		options.group = true;
	if (verbosity && str_u64(verbosity, &n) && n <= 3)
		options.verbosity = (int)n;
}

/* ---- the child ---- */

/* Job control: the child's group is in the foreground, so that Ctrl-C reaches it and not us. */
static void isolate(void)
{
	if (setpgid(0, 0) < 0)
		_exit(1);
	if (tcsetpgrp(STDIN_FILENO, getpgrp()) < 0 && errno != ENOTTY && errno != ENXIO &&
	    errno != EBADF && errno != EPERM)
		_exit(1);
}

static _Noreturn void run_child(char **argv, const sigset_t *mask)
{
	struct sigaction dfl = { .sa_handler = SIG_DFL };
	int error;

	isolate();
	sigaction(SIGTTIN, &dfl, NULL);
	sigaction(SIGTTOU, &dfl, NULL);
	sigprocmask(SIG_SETMASK, mask, NULL);
	execvp(argv[0], argv);
	error = errno;
	say(0, "exec %s failed: %s", argv[0], strerror(error));
	_exit(error == ENOENT ? EXIT_NOT_FOUND : error == EACCES ? EXIT_CANNOT_RUN : 1);
}

/* ---- the loop ---- */

/* Signals that tell about ourselves; all others are the child's. */
static void block_signals(sigset_t *ours, sigset_t *before)
{
	static const int left[] = { SIGFPE,  SIGILL, SIGSEGV, SIGBUS, SIGABRT,
		                    SIGTRAP, SIGSYS, SIGTTIN, SIGTTOU };
	struct sigaction ignore = { .sa_handler = SIG_IGN };

	sigfillset(ours);
	for (size_t i = 0; i < ARRAY_LEN(left); i++)
		sigdelset(ours, left[i]);
	sigprocmask(SIG_SETMASK, ours, before);
	/* So that handing over the terminal does not stop us. */
	sigaction(SIGTTIN, &ignore, NULL);
	sigaction(SIGTTOU, &ignore, NULL);
}

static int code_of(int status)
{
	int code = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);

	return options.fine[code / 8] & 1 << code % 8 ? 0 : code;
}

/* Reaps all that ended. The child's exit code, or -1 while it runs. */
static int reap(pid_t child)
{
	int status, code = -1;

	for (pid_t pid; (pid = waitpid(-1, &status, WNOHANG)) > 0;) {
		if (pid == child)
			code = code_of(status);
		else
			say(options.warn_on_reap ? 1 : 2, "reaped process %d", pid);
	}
	return code;
}

static int attend(pid_t child, const sigset_t *ours)
{
	for (;;) {
		siginfo_t info;
		int signo = sigwaitinfo(ours, &info), code;

		if (signo > 0 && signo != SIGCHLD) {
			say(3, "passing signal %d on", signo);
			if (kill(options.group ? -child : child, signo) < 0 && errno != ESRCH)
				say(1, "cannot pass signal %d on: %s", signo, strerror(errno));
		}
		code = reap(child);
		if (code >= 0)
			return code;
	}
}

static void set_up(void)
{
	if (options.parent_death && prctl(PR_SET_PDEATHSIG, options.parent_death) < 0)
		say(1, "cannot ask for a signal at the parent's death: %s", strerror(errno));
	if (options.subreaper && prctl(PR_SET_CHILD_SUBREAPER, 1) < 0)
		say(1, "cannot become a subreaper: %s", strerror(errno));
	if (getpid() != 1 && !options.subreaper)
		say(1, "neither pid 1 nor a subreaper (-s): orphans will not be reaped");
}

int main(int argc, char **argv)
{
	sigset_t ours, before;
	pid_t child;
	int code = parse(argc, argv);

	if (code >= 0)
		return code;
	parse_environment();
	set_up();
	block_signals(&ours, &before);
	child = fork();
	if (child < 0) {
		say(0, "fork failed: %s", strerror(errno));
		return 1;
	}
	if (child == 0)
		run_child(argv + optind, &before);
	say(2, "started %s as process %d", argv[optind], child);
	return attend(child, &ours);
}
