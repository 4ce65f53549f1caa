/*
 * The stdin of a process: bytes of attached clients into its fifo. The fifo is opened when the first
 * client that types attaches; the shim holds it too, so that neither our coming nor our going is an
 * end of file. The end of input is: everything written, our end closed, then Tasks.CloseIO.
 */
#include "engine/stdio/stdio_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/fd.h"

#define WAITING_LIMIT (64 * 1024)

void input_init(struct input *in, struct stdio *io, const char *path)
{
	*in = (struct input){ .io = io, .fd = -1, .path = path ? strdup(path) : NULL };
}

static void on_writable(void *arg, int fd, uint32_t events);

int input_open(struct input *in, struct err *e)
{
	if (in->fd >= 0 || !in->path || in->closed)
		return 0;
	in->fd = open(in->path, O_RDWR | O_NONBLOCK | O_CLOEXEC | O_NOFOLLOW);
	if (in->fd < 0)
		return err_errno(e, errno, "open fifo %s", in->path);
	in->source = loop_add(in->io->pump->loop, in->fd, 0, on_writable, in, e);
	return in->source ? 0 : -1;
}

bool input_full(const struct input *in)
{
	return in->waiting.len >= WAITING_LIMIT;
}

static void close_fifo(struct input *in)
{
	loop_remove(in->source);
	in->source = NULL;
	fd_close(&in->fd);
}

void input_finish(struct input *in)
{
	struct stdio_config *c = &in->io->config;

	if (!in->closing || in->closed || in->waiting.len || !in->io->started)
		return;
	close_fifo(in);
	in->closed = true;
	if (c->on_stdin_closed)
		c->on_stdin_closed(c->arg);
}

static void flush(struct input *in)
{
	bool was_full = input_full(in);

	while (in->fd >= 0 && in->waiting.len) {
		ssize_t n = write(in->fd, in->waiting.data, in->waiting.len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			break;
		buf_drop(&in->waiting, (size_t)n);
	}
	if (in->source)
		(void)!loop_modify(in->source, in->waiting.len ? EPOLLOUT : 0, NULL);
	if (was_full && !input_full(in))
		for (struct client *c = in->io->clients; c; c = client_next(c))
			client_resume(c);
	input_finish(in);
}

static void on_writable(void *arg, unused_arg int fd, unused_arg uint32_t events)
{
	flush(arg);
}

void input_write(struct input *in, const void *p, size_t n)
{
	if (in->fd < 0 || in->closing)
		return; /* nobody reads it any more: as a terminal that is gone */
	buf_add(&in->waiting, p, n);
	flush(in);
}

void input_end(struct input *in)
{
	in->closing = true;
	input_finish(in);
}

void input_free(struct input *in)
{
	close_fifo(in);
	buf_free(&in->waiting);
	free(in->path);
	in->path = NULL;
}
