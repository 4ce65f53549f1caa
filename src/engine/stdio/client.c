/*
 * Attached clients: a hijacked connection that hears the outputs and may type. What it cannot take
 * at once waits in its buffer; more than PUMP_CLIENT_LAG of that pauses the process's outputs.
 */
#include "engine/stdio/stdio_internal.h"

#include <errno.h>
#include <linux/sockios.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>
#include "base/fd.h"
#include "base/mem.h"
#include "http/websocket.h"

#define FRAME_HEADER 8
#define HOLD_MS      1 /* between two looks whether the head of the answer was read */
#define HOLD_LOOKS   1000

struct client {
	struct client *next, *prev;
	struct stdio *io;
	struct stdio_client want;
	struct detach_keys keys;
	struct loop_source *source;
	struct ws_reader ws;
	struct buf greeting; /* what is left of it; goes before `out` */
	struct buf out;
	unsigned looks; /* that found the head unread; HOLD_LOOKS: output flows */
	struct loop_source *hold;
	bool finishing, input_ended;
	uint32_t events;
};

static void watch(struct client *c);

bool stdio_flush(int fd, struct buf *out)
{
	while (out->len) {
		ssize_t n = send(fd, out->data, out->len, MSG_NOSIGNAL | MSG_DONTWAIT);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return errno == EAGAIN;
		buf_drop(out, (size_t)n);
	}
	return true;
}

void client_end(struct client *c, enum stdio_end why)
{
	struct stdio *io = c->io;
	struct stdio_client want = c->want;

	LIST_REMOVE(&io->clients, c);
	loop_remove(c->source);
	loop_remove(c->hold);
	buf_free(&c->greeting);
	buf_free(&c->out);
	free(c);
	close(want.fd);
	if (want.on_end)
		want.on_end(want.arg, why);
	for (int i = 0; i < OUTPUTS; i++)
		stream_throttle(&io->stream[i]);
	stdio_check_gone(io);
}

/* ---- sending ---- */

static void proceed(struct client *c);

static void on_hold_over(void *arg)
{
	struct client *c = arg;

	c->hold = NULL;
	proceed(c);
}

/*
 * Output waits until the client has read the head of the answer: docker-py, and so docker-compose, throws
 * away what comes in the same piece. SIOCOUTQ: what the peer has not read (unix) or acknowledged (TCP).
 */
static bool is_held(struct client *c)
{
	int unread = 0;

	if (c->hold)
		return true;
	if (c->looks == HOLD_LOOKS || c->out.len == 0)
		return false;
	if (ioctl(c->want.fd, SIOCOUTQ, &unread) < 0 || unread == 0) {
		c->looks = HOLD_LOOKS;
		return false;
	}
	c->looks++;
	c->hold = loop_timer(c->io->pump->loop, HOLD_MS, on_hold_over, c);
	return true;
}

static bool flush(struct client *c)
{
	if (!stdio_flush(c->want.fd, &c->greeting))
		return false;
	return c->greeting.len > 0 || is_held(c) || stdio_flush(c->want.fd, &c->out);
}

/* After a change: send, go on, or end. */
static void proceed(struct client *c)
{
	if (!flush(c))
		client_end(c, STDIO_END_GONE);
	else if (c->finishing && c->out.len == 0 && c->greeting.len == 0)
		client_end(c, STDIO_END_DRAINED);
	else
		watch(c);
}

static bool is_ws(const struct client *c)
{
	return c->want.wire == STDIO_WS_TEXT || c->want.wire == STDIO_WS_BINARY;
}

static void add_ws(struct client *c, const void *p, size_t n)
{
	ws_frame(&c->out, c->want.wire == STDIO_WS_TEXT ? WS_TEXT : WS_BINARY, n);
	buf_add(&c->out, p, n);
}

static void add_mux(struct client *c, enum output which, const void *p, size_t n)
{
	unsigned char header[FRAME_HEADER] = { which == OUTPUT_STDOUT ? 1 : 2,
		                               0,
		                               0,
		                               0,
		                               (unsigned char)(n >> 24),
		                               (unsigned char)(n >> 16),
		                               (unsigned char)(n >> 8),
		                               (unsigned char)n };

	buf_add(&c->out, header, sizeof(header));
	buf_add(&c->out, p, n);
}

void client_send(struct client *c, enum output which, const void *p, size_t n)
{
	if (!(which == OUTPUT_STDOUT ? c->want.out : c->want.err) || c->finishing)
		return;
	if (is_ws(c))
		add_ws(c, p, n);
	else if (c->want.wire == STDIO_MUX)
		add_mux(c, which, p, n);
	else
		buf_add(&c->out, p, n);
	proceed(c);
}

void client_replay(struct client *c, struct log_reader *r)
{
	_cleanup_buf_ struct buf block = { 0 };
	bool more = true;

	while (more) {
		more = log_reader_next(r, is_ws(c) ? &block : &c->out);
		if (block.len)
			add_ws(c, block.data, block.len);
		buf_reset(&block);
	}
}

bool client_lags(const struct client *c)
{
	return c->out.len > PUMP_CLIENT_LAG;
}

struct client *client_next(const struct client *c)
{
	return c->next;
}

void client_resume(struct client *c)
{
	watch(c);
}

void client_begin(struct client *c)
{
	proceed(c);
}

void client_finish(struct client *c)
{
	if (is_ws(c) && !c->finishing)
		ws_close_frame(&c->out, WS_NORMAL);
	c->finishing = true;
	proceed(c);
}

/* ---- what it types ---- */

/* False when it has detached, and is freed. */
static bool typed(struct client *c, const void *p, size_t n)
{
	_cleanup_buf_ struct buf clean = { 0 };
	bool detach;

	if (!c->want.in)
		return true;
	detach = detach_keys_filter(&c->keys, p, n, &clean);
	input_write(&c->io->in, clean.data, clean.len);
	if (detach)
		client_end(c, STDIO_END_DETACHED);
	return !detach;
}

static void input_over(struct client *c)
{
	c->input_ended = true;
	if (c->keys.matched)
		input_write(&c->io->in, c->keys.seq, c->keys.matched);
	if (c->want.in && c->want.close_stdin)
		input_end(&c->io->in);
}

/* A closing frame, or none at all: nothing comes after the answer. */
static bool hear_ws(struct client *c, const void *p, size_t n)
{
	_cleanup_buf_ struct buf data = { 0 };
	bool more = ws_read(&c->ws, p, n, &data, &c->out);

	if (data.len && !typed(c, data.data, data.len))
		return false;
	if (!more && !c->finishing) {
		input_over(c);
		c->finishing = true;
	}
	return true;
}

bool client_hear(struct client *c, const void *p, size_t n)
{
	return is_ws(c) ? hear_ws(c, p, n) : typed(c, p, n);
}

static bool read_input(struct client *c)
{
	ssize_t n = recv(c->want.fd, c->io->pump->block, sizeof(c->io->pump->block), MSG_DONTWAIT);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return true;
	if (n <= 0) {
		input_over(c);
		return true;
	}
	return client_hear(c, c->io->pump->block, (size_t)n);
}

static void on_event(void *arg, unused_arg int fd, uint32_t events)
{
	struct client *c = arg;
	struct stdio *io = c->io;

	if ((events & EPOLLIN) && !c->input_ended && !read_input(c))
		return;
	/* Both directions are down: nobody is there to hear the rest. */
	if (events & (EPOLLHUP | EPOLLERR)) {
		if (!c->input_ended)
			input_over(c);
		client_end(c, STDIO_END_GONE);
		return;
	}
	proceed(c);
	for (int i = 0; i < OUTPUTS; i++)
		stream_throttle(&io->stream[i]);
}

static void watch(struct client *c)
{
	bool waits = c->greeting.len || (c->out.len && !c->hold);
	uint32_t events = waits ? EPOLLOUT : 0;

	if (!c->input_ended && !input_full(&c->io->in))
		events |= EPOLLIN;
	if (events == c->events)
		return;
	c->events = events;
	(void)!loop_modify(c->source, events, NULL);
}

struct client *client_new(struct stdio *io, const struct stdio_client *want, struct err *e)
{
	struct client *c = xalloc(sizeof(*c));

	c->io = io;
	c->want = *want;
	c->want.detach_keys = NULL;
	c->want.early = c->want.greeting = NULL;
	c->events = EPOLLIN;
	if (detach_keys_parse(want->detach_keys, &c->keys, e) < 0 ||
	    (want->in && input_open(&io->in, e) < 0) ||
	    !(c->source = loop_add(io->pump->loop, want->fd, EPOLLIN, on_event, c, e))) {
		free(c);
		return NULL;
	}
	buf_add(&c->greeting, want->greeting, want->greeting_len);
	LIST_ADD(&io->clients, c);
	return c;
}
