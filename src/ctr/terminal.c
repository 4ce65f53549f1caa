/* The terminal in raw mode, its size, and signals that go to the process instead of to us. */
#include "ctr/terminal.h"
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <termios.h>
#include <unistd.h>
#include "base/log.h"
#include "proto/tasks.pb-c.h"

static struct termios before;
static sigset_t forwarded;

static void restore(void)
{
	tcsetattr(STDIN_FILENO, TCSADRAIN, &before);
}

int terminal_raw(struct err *e)
{
	struct termios raw;

	if (tcgetattr(STDIN_FILENO, &before) < 0)
		return err_errno(e, errno, "provided file is not a console");
	raw = before;
	cfmakeraw(&raw);
	if (tcsetattr(STDIN_FILENO, TCSANOW, &raw) < 0)
		return err_errno(e, errno, "set the terminal");
	atexit(restore);
	return 0;
}

void terminal_resize(struct ctr *c, const struct ctr_process *p)
{
	Tasks__ResizePtyRequest req = TASKS__RESIZE_PTY_REQUEST__INIT;
	struct err e = { 0 };
	struct winsize size;
	void *resp;

	if (ioctl(STDIN_FILENO, TIOCGWINSZ, &size) < 0)
		return;
	req.container_id = p->id;
	req.exec_id = p->exec;
	pb_set(&req, width, size.ws_col);
	pb_set(&req, height, size.ws_row);
	if (ctr_call(c, RPC_TASKS_RESIZE_PTY, &req, &resp, &e) < 0)
		log_error_of(&e, "resize pty");
}

void terminal_block_signals(bool tty)
{
	static const int to_process[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGUSR1, SIGUSR2 };

	sigemptyset(&forwarded);
	sigaddset(&forwarded, SIGWINCH);
	for (size_t i = 0; i < ARRAY_LEN(to_process) && !tty; i++)
		sigaddset(&forwarded, to_process[i]);
	sigprocmask(SIG_BLOCK, &forwarded, NULL);
	signal(SIGPIPE, SIG_IGN);
}

int terminal_signals(void)
{
	return signalfd(-1, &forwarded, SFD_CLOEXEC | SFD_NONBLOCK);
}
