/* The three streams of one process. See io.h. */
#include "shim/io.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/fd.h"
#include "base/file.h"
#include "base/id.h"
#include "base/mem.h"
#include "base/proc.h"
#include "shim/logger.h"
#include "shim/relay.h"

#define PIPE_BYTES (1024 * 1024)

enum { IN, OUT, ERR, STREAMS };

struct io {
	struct loop *loop;
	bool terminal, exited;
	int child[STREAMS]; /* the process's ends, until it is started */
	int hold[STREAMS];  /* the other ends of its fifos */
	int far[STREAMS];   /* where a relay will read or write, until there is one */
	struct relay *relay[STREAMS];
	int master;
	struct logger *logger;
	int console; /* listens */
	char *console_path;
	void (*on_drained)(void *arg);
	void *on_drained_arg;
};

/* ---- opening ---- */

static int open_fd(const char *path, int flags, struct err *e)
{
	int fd = open(path, flags | O_CLOEXEC, 0640);

	return fd < 0 ? err_errno(e, errno, "open %s", path) : fd;
}

static bool is_fifo(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISFIFO(st.st_mode);
}

/* With the other end open, neither end blocks on being opened; the process's is a blocking one. */
static int open_fifo_out(struct io *io, int i, const char *path, struct err *e)
{
	int *end = io->terminal ? &io->far[i] : &io->child[i];

	io->hold[i] = open_fd(path, O_RDONLY | O_NONBLOCK, e);
	if (io->hold[i] < 0)
		return -1;
	*end = open_fd(path, O_WRONLY | (io->terminal ? O_NONBLOCK : 0), e);
	if (*end < 0)
		return -1;
	/* A larger pipe is a courtesy of the kernel: it may refuse. */
	fcntl(io->hold[i], F_SETPIPE_SZ, PIPE_BYTES);
	return 0;
}

static int open_file_out(struct io *io, int i, const char *path, struct err *e)
{
	_cleanup_arena_ struct arena a = { 0 };
	const char *slash = strrchr(path, '/');
	int ends[2];

	if (slash > path && dir_make(arena_strndup(&a, path, (size_t)(slash - path)), 0755, e) < 0)
		return -1;
	io->far[i] = open_fd(path, O_WRONLY | O_CREAT | O_APPEND, e);
	if (io->far[i] < 0 || io->terminal)
		return io->far[i] < 0 ? -1 : 0;
	if (pipe2(ends, O_CLOEXEC) < 0)
		return err_errno(e, errno, "pipe");
	io->child[i] = ends[1];
	if (fd_nonblock(ends[0], true, e) < 0) {
		fd_close(&ends[0]);
		return -1;
	}
	io->relay[i] = relay_new(io->loop, ends[0], take_fd(&io->far[i]), NULL, NULL);
	return 0;
}

static int open_out(struct io *io, int i, const char *uri, struct err *e)
{
	const char *path = str_after(uri, "fifo://");

	if (path || is_fifo(uri))
		return open_fifo_out(io, i, path ? path : uri, e);
	path = str_after(uri, "file://");
	if (path || uri[0] == '/')
		return open_file_out(io, i, path ? path : uri, e);
	return err_set(e, ERR_UNIMPLEMENTED, "log target %s is not supported", uri);
}

/* The shim is reader and writer for a moment, so that nothing blocks and nobody sees an end. */
static int open_in(struct io *io, const char *uri, struct err *e)
{
	const char *path = str_after(uri, "fifo://");
	_cleanup_close_ int both = open_fd(path ? path : uri, O_RDWR | O_NONBLOCK, e);

	if (both < 0)
		return -1;
	if (io->terminal) {
		io->far[IN] = take_fd(&both);
		return 0;
	}
	io->child[IN] = open_fd(path ? path : uri, O_RDONLY, e);
	io->hold[IN] = open_fd(path ? path : uri, O_WRONLY, e);
	return io->child[IN] < 0 || io->hold[IN] < 0 ? -1 : 0;
}

/* One program takes both outputs. */
static int open_logger(struct io *io, const struct io_config *c, const char *uri, struct err *e)
{
	struct logger_config config = { io->loop, c->reaper, uri, c->id, c->ns };
	int out[2];

	io->logger = logger_new(&config, out, e);
	if (!io->logger)
		return -1;
	io->child[ERR] = out[1];
	if (!io->terminal) {
		io->child[OUT] = out[0];
		return 0;
	}
	io->far[OUT] = out[0];
	return fd_nonblock(out[0], true, e);
}

static int open_console(struct io *io, const char *dir, struct err *e)
{
	_cleanup_arena_ struct arena a = { 0 };
	char name[33];

	id_random_hex(name, 8);
	io->console_path = xstrdup(arena_printf(&a, "%s/pty-%s", dir, name));
	io->console = unix_listen(io->console_path, 0600, e);
	return io->console < 0 ? -1 : fd_nonblock(io->console, true, e);
}

/* So that the process may open /dev/stdout again. */
static int give_outputs(struct io *io, const struct io_config *c, struct err *e)
{
	for (int i = OUT; i <= ERR && (c->uid || c->gid); i++)
		if (io->child[i] >= 0 && fchown(io->child[i], c->uid, c->gid) < 0)
			return err_errno(e, errno, "change the owner of an output");
	return 0;
}

static int open_streams(struct io *io, const struct io_config *c, struct err *e)
{
	const char *program = c->out ? str_after(c->out, "binary://") : NULL;

	if (!str_empty(c->in) && open_in(io, c->in, e) < 0)
		return -1;
	if (program && open_logger(io, c, program, e) < 0)
		return -1;
	if (!program && !str_empty(c->out) && open_out(io, OUT, c->out, e) < 0)
		return -1;
	if (!program && !str_empty(c->err) && !c->terminal && open_out(io, ERR, c->err, e) < 0)
		return -1;
	if (give_outputs(io, c, e) < 0)
		return -1;
	return c->terminal ? open_console(io, c->socket_dir, e) : 0;
}

struct io *io_new(struct loop *l, const struct io_config *c, struct err *e)
{
	struct io *io = xnew(struct io);

	io->loop = l;
	io->terminal = c->terminal;
	io->master = io->console = -1;
	for (int i = 0; i < STREAMS; i++)
		io->child[i] = io->hold[i] = io->far[i] = -1;
	if (open_streams(io, c, e) < 0) {
		io_free(io);
		return NULL;
	}
	return io;
}

static void close_console(struct io *io)
{
	fd_close(&io->console);
	if (io->console_path)
		unlink(io->console_path);
	free(take_ptr(io->console_path));
}

void io_free(struct io *io)
{
	if (!io)
		return;
	for (int i = 0; i < STREAMS; i++) {
		relay_free(io->relay[i]);
		fd_close(&io->child[i]);
		fd_close(&io->hold[i]);
		fd_close(&io->far[i]);
	}
	if (io->logger)
		logger_close(io->logger);
	fd_close(&io->master);
	close_console(io);
	free(io);
}

void io_when_ready(struct io *io, void (*fn)(void *arg, const struct err *e), void *arg)
{
	if (io->logger)
		logger_wait(io->logger, fn, arg);
	else
		fn(arg, NULL);
}

/* ---- starting ---- */

int io_child(const struct io *io, int i)
{
	return io->child[i] < 0 ? PROC_NULL : io->child[i];
}

const char *io_console_socket(const struct io *io)
{
	return io->console_path;
}

static void on_relay_ended(void *arg)
{
	struct io *io = arg;

	relay_free(take_ptr(io->relay[OUT]));
	if (io->on_drained)
		io->on_drained(io->on_drained_arg);
}

/* The runtime has connected and sent before it ended, so nothing here waits. */
static int receive_master(struct io *io, struct err *e)
{
	_cleanup_close_ int conn = accept4(io->console, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	char name[256];
	size_t n = 0;

	if (conn < 0)
		return err_errno(e, errno, "the runtime sent no terminal");
	if (fd_recv(conn, name, sizeof(name), &io->master, 1, &n, e) < 0)
		return -1;
	if (n == 0)
		return err_set(e, ERR_INTERNAL, "the runtime sent no terminal");
	return fd_nonblock(io->master, true, e);
}

/* A relay's own descriptor of the master: both directions are watched apart. */
static int copy_master(const struct io *io, struct err *e)
{
	int fd = fcntl(io->master, F_DUPFD_CLOEXEC, 3);

	return fd < 0 ? err_errno(e, errno, "duplicate terminal") : fd;
}

static int start_terminal(struct io *io, struct err *e)
{
	_cleanup_close_ int in = -1;
	_cleanup_close_ int out = -1;

	if (receive_master(io, e) < 0 || (in = copy_master(io, e)) < 0 ||
	    (out = copy_master(io, e)) < 0)
		return -1;
	close_console(io);
	if (io->far[OUT] >= 0)
		io->relay[OUT] = relay_new(io->loop, take_fd(&out), take_fd(&io->far[OUT]),
		                           on_relay_ended, io);
	if (io->far[IN] >= 0)
		io->relay[IN] =
		        relay_new(io->loop, take_fd(&io->far[IN]), take_fd(&in), NULL, NULL);
	return 0;
}

int io_started(struct io *io, struct err *e)
{
	for (int i = 0; i < STREAMS; i++)
		fd_close(&io->child[i]);
	if (io->terminal && start_terminal(io, e) < 0)
		return err_wrap(e, "terminal");
	if (io->exited)
		io_exited(io);
	return 0;
}

/* ---- life and end ---- */

int io_resize(struct io *io, unsigned width, unsigned height, struct err *e)
{
	struct winsize size = { .ws_row = (unsigned short)height, .ws_col = (unsigned short)width };

	if (io->master < 0)
		return 0;
	if (ioctl(io->master, TIOCSWINSZ, &size) < 0)
		return err_errno(e, errno, "resize terminal");
	return 0;
}

void io_close_stdin(struct io *io)
{
	fd_close(&io->hold[IN]);
	if (io->relay[IN])
		relay_finish(io->relay[IN], RELAY_UNTIL_EMPTY);
}

size_t io_pending(const struct io *io)
{
	size_t sum = 0;
	int n;

	for (int i = OUT; i <= ERR; i++)
		if (io->hold[i] >= 0 && ioctl(io->hold[i], FIONREAD, &n) == 0)
			sum += (size_t)n;
	return sum;
}

void io_exited(struct io *io)
{
	io->exited = true;
	fd_close(&io->hold[IN]);
	relay_free(take_ptr(io->relay[IN]));
	if (io->terminal && io->relay[OUT])
		relay_finish(io->relay[OUT], RELAY_UNTIL_HANGUP);
}

bool io_drained(struct io *io, void (*fn)(void *arg), void *arg)
{
	if (!io->terminal || !io->relay[OUT])
		return true;
	io->on_drained = fn;
	io->on_drained_arg = arg;
	return false;
}
