/*
 * `docker logs -f`: a reader of the log that waits at its end. It lives in the pump's thread, reads a
 * bounded piece at a time, and holds no more than one piece that the client has not taken.
 */
#include "engine/stdio/stdio_internal.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>
#include "base/mem.h"

struct follower {
	struct follower *next, *prev;
	struct stdio *io;
	struct log_reader reader;
	struct buf out;
	int fd;
	struct loop_source *source, *again;
	uint32_t events;
	bool said_last; /* the last chunk is queued */
	void (*on_end)(void *arg, enum stdio_end why);
	void *arg;
};

void follower_end(struct follower *f, enum stdio_end why)
{
	void (*on_end)(void *, enum stdio_end) = f->on_end;
	void *arg = f->arg;
	struct stdio *io = f->io;

	LIST_REMOVE(&io->followers, f);
	loop_remove(f->source);
	loop_remove(f->again);
	log_reader_close(&f->reader);
	buf_free(&f->out);
	close(f->fd);
	free(f);
	if (on_end)
		on_end(arg, why);
	stdio_check_gone(io);
}

struct follower *follower_next(const struct follower *f)
{
	return f->next;
}

/* Puts a chunk's head and tail around what was added behind `start`. */
static void add_chunk(struct follower *f, const struct buf *piece)
{
	if (piece->len == 0)
		return;
	if (f->reader.q.chunked)
		buf_printf(&f->out, "%zx\r\n", piece->len);
	buf_add(&f->out, piece->data, piece->len);
	if (f->reader.q.chunked)
		buf_adds(&f->out, "\r\n");
}

/* One piece of the log. True when there is more. */
static bool read_piece(struct follower *f)
{
	_cleanup_buf_ struct buf piece = { 0 };
	bool more;

	do
		more = log_reader_next(&f->reader, &piece);
	while (more && piece.len < BLOCK_BYTES);
	add_chunk(f, &piece);
	return more;
}

static void on_again(void *arg)
{
	struct follower *f = arg;

	f->again = NULL;
	follower_poke(f);
}

static void watch(struct follower *f)
{
	uint32_t events = EPOLLRDHUP | (f->out.len ? EPOLLOUT : 0);

	if (events == f->events)
		return;
	f->events = events;
	(void)!loop_modify(f->source, events, NULL);
}

/* Nothing more will come: the query or the process has ended. */
static bool is_over(const struct follower *f)
{
	return f->reader.over || f->io->drained;
}

void follower_poke(struct follower *f)
{
	bool more = true;

	while (f->out.len == 0 && more) {
		more = read_piece(f);
		if (!more && is_over(f) && !f->said_last) {
			f->said_last = true;
			if (f->reader.q.chunked)
				buf_adds(&f->out, "0\r\n\r\n");
		}
		if (!stdio_flush(f->fd, &f->out)) {
			follower_end(f, STDIO_END_GONE);
			return;
		}
		/* Other containers want their turn as well. */
		if (more && f->out.len == 0) {
			if (!f->again)
				f->again = loop_timer(f->io->pump->loop, 0, on_again, f);
			return;
		}
	}
	if (f->said_last && f->out.len == 0)
		follower_end(f, STDIO_END_DRAINED);
	else
		watch(f);
}

void follower_moved(struct follower *f)
{
	log_reader_rotated(&f->reader);
}

static void on_event(void *arg, unused_arg int fd, uint32_t events)
{
	struct follower *f = arg;

	if ((events & (EPOLLHUP | EPOLLERR | EPOLLRDHUP)) || !stdio_flush(f->fd, &f->out))
		follower_end(f, STDIO_END_GONE);
	else
		follower_poke(f);
}

struct follow_call {
	struct stdio *s;
	struct log_reader reader; /* the follower's when result is 0 */
	unsigned tries;
	int fd;
	void (*on_end)(void *arg, enum stdio_end why);
	void *arg;
	struct err *e;
	int result; /* 1: the log was rotated since the reader was opened */
};

static void start(void *arg)
{
	struct follow_call *call = arg;
	struct follower *f;

	if (!log_reader_is_current(&call->reader, call->s->log.fd) && call->tries > 0) {
		call->result = 1;
		return;
	}
	f = xnew(struct follower);
	f->io = call->s;
	f->fd = call->fd;
	f->reader = call->reader;
	f->on_end = call->on_end;
	f->arg = call->arg;
	f->events = EPOLLRDHUP;
	f->source = loop_add(call->s->pump->loop, f->fd, EPOLLRDHUP, on_event, f, call->e);
	if (!f->source) {
		call->result = -1;
		free(f);
		return;
	}
	call->result = 0;
	LIST_ADD(&call->s->followers, f);
	follower_poke(f);
}

/* The reader is opened here, not in the pump: compressed parts take their time. */
static int try_to_start(struct follow_call *call, const struct log_query *q)
{
	struct stdio *s = call->s;

	if (log_reader_open(&call->reader, s->config.driver, s->config.log_path, q, call->e) < 0)
		return -1;
	pump_call(s->pump, start, call);
	if (call->result != 0)
		log_reader_close(&call->reader);
	return call->result;
}

int log_follow(struct stdio *s, const struct log_query *q, int fd,
               void (*on_end)(void *arg, enum stdio_end why), void *arg, struct err *e)
{
	struct follow_call call = {
		.s = s, .tries = LOG_READER_TRIES, .fd = fd, .on_end = on_end, .arg = arg, .e = e
	};
	int r;

	if (!s->logged)
		return err_set(e, ERR_UNIMPLEMENTED,
		               "configured logging driver does not support reading");
	while ((r = try_to_start(&call, q)) > 0)
		call.tries--;
	return r;
}
