/*
 * Attending a process in the foreground (`run` and `exec` without --detach): its terminal is
 * connected to ours, our signals are forwarded to it, orphans that come to us are reaped, and its
 * exit code becomes ours.
 */
#ifndef RUNC_FOREGROUND_H
#define RUNC_FOREGROUND_H

#include <signal.h>
#include <stdbool.h>
#include <sys/types.h>
#include <termios.h>
#include "base/err.h"

struct foreground {
	int signals;    /* signalfd; owned */
	int console[2]; /* the process's end and ours of a console socket pair; owned */
	int master;     /* the terminal's master, once received; owned */
	bool raw;       /* our terminal is in raw mode: `saved` is what it was */
	struct termios saved;
};

#define _cleanup_foreground_ cleanup_with(foreground_end)

/* Before the process exists: signals are kept from now on. `terminal`: makes console[]. */
int foreground_begin(struct foreground *f, bool terminal, bool subreaper, struct err *e) must_check;

/* Takes the terminal's master, which the process has sent. */
int foreground_take_terminal(struct foreground *f, struct err *e) must_check;

/* Until `pid`, our child, ends. Returns its exit code, or 128 + signal. */
int foreground_attend(struct foreground *f, pid_t pid, struct err *e) must_check;

void foreground_end(struct foreground *f);

#endif
