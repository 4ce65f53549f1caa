/*
 * The three streams of one process.
 *
 * A fifo is handed to the process itself: it gets one end, and the shim keeps the other end open
 * without ever using it. So an output has a reader as long as we live: whoever reads the fifo (an
 * engine, ctr) may die and come back without the process seeing EPIPE and without a byte lost in the
 * pipe, and still sees end-of-file when the process has ended. An input has a writer until CloseIO.
 * No bytes pass through the shim.
 *
 * They do pass through relays for a terminal (the master is ours) and for log files, file://PATH,
 * which are never handed to a process: it could rewrite its own log. binary://PATH is a program that
 * takes the output (logger.h).
 */
#ifndef SHIM_IO_H
#define SHIM_IO_H

#include <stdbool.h>
#include <sys/types.h>
#include "base/err.h"
#include "base/loop.h"

struct io;

struct io_config {
	const char *in, *out, *err; /* paths of fifos or URIs; NULL or "" is /dev/null */
	bool terminal;
	uid_t uid; /* the outputs' owner, unless root: a user namespace's root */
	gid_t gid;
	const char *socket_dir; /* for console sockets */
	struct reaper *reaper;  /* for a logging program, with the container's id and namespace */
	const char *id, *ns;
};

struct io *io_new(struct loop *l, const struct io_config *c, struct err *e) must_check;
void io_free(struct io *io); /* NULL is fine */

/*
 * fn is called once everything is there to be used: now, or when a logging program says so. After a
 * failure (e is not NULL) the process must not be started.
 */
void io_when_ready(struct io *io, void (*fn)(void *arg, const struct err *e), void *arg);

/* What the runtime gets as stdin, stdout and stderr, as struct proc_spawn has it. */
int io_child(const struct io *io, int i);
/* Where the runtime shall send the terminal's master; NULL without a terminal. */
const char *io_console_socket(const struct io *io);

/* The runtime has made the process: our copies of its ends go, a terminal's master has come. */
int io_started(struct io *io, struct err *e) must_check;

int io_resize(struct io *io, unsigned width, unsigned height, struct err *e) must_check;
void io_close_stdin(struct io *io);

/* Bytes of output in its fifos that nobody has read yet. */
size_t io_pending(const struct io *io);

/* The process is gone. */
void io_exited(struct io *io);
/* True when the relays have delivered everything; else fn is called when they have. */
bool io_drained(struct io *io, void (*fn)(void *arg), void *arg);

#endif
