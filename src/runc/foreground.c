/* Attending a process in the foreground. See foreground.h. */
#include "runc/foreground.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>
#include "base/fd.h"

int foreground_begin(struct foreground *f, bool terminal, bool subreaper, struct err *e)
{
	sigset_t all;

	*f = (struct foreground){ .signals = -1, .console = { -1, -1 }, .master = -1 };
	sigfillset(&all);
	if (sigprocmask(SIG_BLOCK, &all, NULL) < 0)
		return err_errno(e, errno, "block signals");
	f->signals = signalfd(-1, &all, SFD_CLOEXEC | SFD_NONBLOCK);
	if (f->signals < 0)
		return err_errno(e, errno, "signalfd");
	if (subreaper && prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) < 0)
		return err_errno(e, errno, "become subreaper");
	if (terminal && socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, f->console) < 0)
		return err_errno(e, errno, "create console socket");
	return 0;
}

void foreground_end(struct foreground *f)
{
	if (f->raw)
		tcsetattr(STDIN_FILENO, TCSANOW, &f->saved);
	fd_close(&f->signals);
	fd_close(&f->console[0]);
	fd_close(&f->console[1]);
	fd_close(&f->master);
}

/* ---- the terminal ---- */

static void copy_size(struct foreground *f)
{
	struct winsize ws;

	if (f->master >= 0 && ioctl(STDIN_FILENO, TIOCGWINSZ, &ws) == 0 &&
	    ioctl(f->master, TIOCSWINSZ, &ws) < 0)
		return; /* the other side has gone */
}

/* Ends of lines are translated by our own terminal: once is enough. */
static void leave_newlines_alone(int master)
{
	struct termios t;

	if (tcgetattr(master, &t) < 0)
		return;
	t.c_oflag &= ~(tcflag_t)ONLCR;
	if (tcsetattr(master, TCSANOW, &t) < 0)
		return;
}

int foreground_take_terminal(struct foreground *f, struct err *e)
{
	struct termios raw;
	size_t n = 0;
	char text[256];

	if (fd_recv(f->console[1], text, sizeof(text), &f->master, 1, &n, e) < 0)
		return -1;
	if (n == 0)
		return err_set(e, ERR_INTERNAL, "no terminal came over the console socket");
	if (tcgetattr(STDIN_FILENO, &f->saved) == 0) {
		raw = f->saved;
		cfmakeraw(&raw);
		f->raw = tcsetattr(STDIN_FILENO, TCSANOW, &raw) == 0;
	}
	leave_newlines_alone(f->master);
	copy_size(f);
	return 0;
}

/* Moves what is there. False at the end of `from`. */
static bool pump(int from, int to)
{
	char buf[16384];
	ssize_t n = read(from, buf, sizeof(buf));

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return true;
	return n > 0 && fd_write_all(to, buf, (size_t)n, NULL) == 0;
}

/* What the process wrote before it ended. */
static void drain(struct foreground *f)
{
	struct pollfd p = { f->master, POLLIN, 0 };

	while (f->master >= 0 && poll(&p, 1, 0) > 0 && (p.revents & POLLIN))
		if (!pump(f->master, STDOUT_FILENO))
			return;
}

/* ---- signals ---- */

/* Reaps all that ended; true with *status when it was `pid`. */
static bool reap(pid_t pid, int *status)
{
	bool found = false;
	int s;

	for (pid_t got; (got = waitpid(-1, &s, WNOHANG)) > 0;) {
		if (got == pid) {
			*status = s;
			found = true;
		}
	}
	return found;
}

static bool on_signal(struct foreground *f, pid_t pid, int *status)
{
	struct signalfd_siginfo si;

	while (read(f->signals, &si, sizeof(si)) == sizeof(si)) {
		if (si.ssi_signo == SIGCHLD) {
			if (reap(pid, status))
				return true;
		} else if (si.ssi_signo == SIGWINCH && f->master >= 0) {
			copy_size(f);
		} else if (si.ssi_signo != SIGURG && si.ssi_signo != SIGPIPE) {
			kill(pid, (int)si.ssi_signo); /* when it is gone, SIGCHLD tells */
		}
	}
	return false;
}

int foreground_attend(struct foreground *f, pid_t pid, struct err *e)
{
	int in = f->master >= 0 ? STDIN_FILENO : -1;
	int status;

	while (!reap(pid, &status)) {
		struct pollfd p[3] = { { f->signals, POLLIN, 0 },
			               { in, POLLIN, 0 },
			               { f->master, POLLIN, 0 } };

		if (poll(p, 3, -1) < 0 && errno != EINTR)
			return err_errno(e, errno, "poll");
		if (p[2].revents && !pump(f->master, STDOUT_FILENO))
			fd_close(&f->master);
		if (p[1].revents && (f->master < 0 || !pump(in, f->master)))
			in = -1;
		if (p[0].revents && on_signal(f, pid, &status))
			break;
	}
	drain(f);
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}
