/* Fifos and the loop over them. See io.h. */
#include "ctr/io.h"
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <unistd.h>
#include "ctr/terminal.h"
#include "base/clock.h"
#include "base/fd.h"
#include "base/file.h"
#include "base/log.h"
#include "base/str.h"
#include "proto/tasks.pb-c.h"

#define FIFO_DIR "/run/containerd/fifo"
#define DRAIN_MS 10000
#define CHUNK    32768

/* ---- fifos ---- */

static int make_fifo(struct ctr *c, struct ctr_io *io, const char *name, const char *stream,
                     int flags, const char **path, int *fd, struct err *e)
{
	*path = arena_printf(&c->a, "%s/%s-%s", io->dir, name, stream);
	if (mkfifo(*path, 0700) < 0)
		return err_errno(e, errno, "make fifo %s", *path);
	*fd = open(*path, flags | O_NONBLOCK | O_CLOEXEC);
	return *fd < 0 ? err_errno(e, errno, "open fifo %s", *path) : 0;
}

static int make_fifos(struct ctr *c, const char *name, struct ctr_io *io, struct err *e)
{
	const char *parent = str_empty(c->o.fifo_dir) ? FIFO_DIR : c->o.fifo_dir;
	char *dir = arena_printf(&c->a, "%s/XXXXXX", parent);

	if (dir_make(parent, 0700, e) < 0)
		return -1;
	if (!mkdtemp(dir))
		return err_errno(e, errno, "make a folder in %s", parent);
	io->dir = dir;
	if (make_fifo(c, io, name, "stdin", O_RDWR, &io->in, &io->in_fd, e) < 0 ||
	    make_fifo(c, io, name, "stdout", O_RDONLY, &io->out, &io->out_fd, e) < 0)
		return -1;
	return io->terminal ? 0
	                    : make_fifo(c, io, name, "stderr", O_RDONLY, &io->err, &io->err_fd, e);
}

int ctr_io_open(struct ctr *c, const char *name, struct ctr_io *io, struct err *e)
{
	*io = CTR_IO_NONE;
	io->terminal = c->o.tty;
	io->keep = c->o.detach;
	if (c->o.null_io)
		return 0;
	if (!str_empty(c->o.log_uri)) {
		io->out = io->err = c->o.log_uri;
		return 0;
	}
	return make_fifos(c, name, io, e);
}

int ctr_io_adopt(const struct ctr_process *p, struct ctr_io *io, struct err *e)
{
	*io = CTR_IO_NONE;
	io->terminal = p->terminal;
	if (!str_empty(p->in))
		io->in_fd = open(p->in, O_RDWR | O_NONBLOCK | O_CLOEXEC);
	if (!str_empty(p->out))
		io->out_fd = open(p->out, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	if (!str_empty(p->err) && !p->terminal)
		io->err_fd = open(p->err, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	return io->out_fd < 0 ? err_errno(e, errno, "open the output of task %s", p->id) : 0;
}

void ctr_io_close(struct ctr_io *io)
{
	struct err e = { 0 };

	fd_close(&io->in_fd);
	fd_close(&io->out_fd);
	fd_close(&io->err_fd);
	if (io->dir && !io->keep && tree_remove(AT_FDCWD, io->dir, &e) < 0)
		log_warn_of(&e, "remove %s", io->dir);
	io->dir = NULL;
}

/* ---- the loop ---- */

struct carry {
	struct ctr *c;
	struct ctr_io *io;
	const struct ctr_process *p;
	char typed[CHUNK]; /* taken from stdin, not yet in the fifo */
	size_t from, to;
	bool stdin_open;
};

enum { CARRY_STDIN, CARRY_FIFO, CARRY_OUT, CARRY_ERR, CARRY_SIGNAL, CARRY_EXIT, CARRY_FDS };

/* True while there may be more. */
static bool pass_on(int *fd, int to)
{
	char chunk[CHUNK];
	ssize_t n;

	while ((n = read(*fd, chunk, sizeof(chunk))) > 0)
		if (fd_write_all(to, chunk, (size_t)n, NULL) < 0)
			break;
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return true;
	fd_close(fd);
	return false;
}

static void end_of_stdin(struct carry *k)
{
	Tasks__CloseIORequest req = TASKS__CLOSE_IOREQUEST__INIT;
	struct err e = { 0 };
	void *resp;

	fd_close(&k->io->in_fd);
	req.container_id = k->p->id;
	req.exec_id = k->p->exec;
	pb_set(&req, stdin, true);
	if (ctr_call(k->c, RPC_TASKS_CLOSE_IO, &req, &resp, &e) < 0)
		log_debug("close stdin: %s", e.text);
}

static void read_stdin(struct carry *k)
{
	ssize_t n = read(STDIN_FILENO, k->typed, sizeof(k->typed));

	k->from = 0;
	k->to = n > 0 ? (size_t)n : 0;
	if (n == 0 || (n < 0 && errno != EINTR && errno != EAGAIN)) {
		k->stdin_open = false;
		end_of_stdin(k);
	}
}

static void write_typed(struct carry *k)
{
	ssize_t n = write(k->io->in_fd, k->typed + k->from, k->to - k->from);

	if (n > 0)
		k->from += (size_t)n;
	else if (n < 0 && errno != EAGAIN && errno != EINTR)
		k->from = k->to;
}

static void on_signal(struct carry *k, int fd)
{
	struct signalfd_siginfo info;
	struct err e = { 0 };

	if (read(fd, &info, sizeof(info)) != sizeof(info))
		return;
	if (info.ssi_signo == SIGWINCH) {
		if (k->io->terminal)
			terminal_resize(k->c, k->p);
	} else if (ctr_process_kill(k->c, k->p, (int)info.ssi_signo, false, &e) < 0) {
		log_error_of(&e, "forward signal %u", info.ssi_signo);
	}
}

static void fill_polls(const struct carry *k, int signals, int exit_fd, struct pollfd v[CARRY_FDS])
{
	bool pending = k->from < k->to;

	v[CARRY_STDIN] =
	        (struct pollfd){ k->stdin_open && !pending ? STDIN_FILENO : -1, POLLIN, 0 };
	v[CARRY_FIFO] = (struct pollfd){ pending ? k->io->in_fd : -1, POLLOUT, 0 };
	v[CARRY_OUT] = (struct pollfd){ k->io->out_fd, POLLIN, 0 };
	v[CARRY_ERR] = (struct pollfd){ k->io->err_fd, POLLIN, 0 };
	v[CARRY_SIGNAL] = (struct pollfd){ signals, POLLIN, 0 };
	v[CARRY_EXIT] = (struct pollfd){ exit_fd, POLLIN, 0 };
}

/* One round; true when the process has ended. */
static bool serve(struct carry *k, const struct pollfd v[CARRY_FDS])
{
	if (v[CARRY_STDIN].revents)
		read_stdin(k);
	if (v[CARRY_FIFO].revents)
		write_typed(k);
	if (v[CARRY_OUT].revents)
		pass_on(&k->io->out_fd, STDOUT_FILENO);
	if (v[CARRY_ERR].revents)
		pass_on(&k->io->err_fd, STDERR_FILENO);
	if (v[CARRY_SIGNAL].revents)
		on_signal(k, v[CARRY_SIGNAL].fd);
	return v[CARRY_EXIT].revents;
}

/* What the process said last is still on its way for a moment. */
static void drain(struct carry *k)
{
	int64_t end = clock_mono_ms() + DRAIN_MS;
	struct pollfd v[CARRY_FDS];

	k->stdin_open = false;
	k->from = k->to;
	while ((k->io->out_fd >= 0 || k->io->err_fd >= 0) && clock_mono_ms() < end) {
		fill_polls(k, -1, -1, v);
		if (poll(v, CARRY_FDS, 100) > 0)
			serve(k, v);
	}
}

int ctr_io_carry(struct ctr *c, struct ctr_io *io, const struct ctr_process *p,
                 struct ctr_waiter *w, struct err *e)
{
	struct carry k = { .c = c, .io = io, .p = p, .stdin_open = io->in_fd >= 0 };
	_cleanup_close_ int signals = terminal_signals();
	struct pollfd v[CARRY_FDS];
	bool ended = false;

	if (io->terminal)
		terminal_resize(c, p);
	while (!ended) {
		fill_polls(&k, signals, ctr_waiter_fd(w), v);
		if (poll(v, CARRY_FDS, -1) > 0)
			ended = serve(&k, v);
	}
	drain(&k);
	return ctr_waiter_result(w, e);
}
