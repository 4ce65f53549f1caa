/*
 * One output of a process: fifo -> pending file -> log and clients.
 *
 * The bytes are spliced from the fifo to the end of the pending file, where they are safe from a
 * kill: the file's size says how many there are, the record how many of them are in the log. Clients
 * get bytes as they come, the log gets whole lines. Without a log, bytes are read and sent.
 */
#include "engine/stdio/stdio_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/fd.h"

#define SPLICE_BYTES (1024 * 1024)

static const char *const pending_names[OUTPUTS] = { "stdout.pending", "stderr.pending" };

static void deliver(struct stream *s, const char *p, size_t n)
{
	struct stdio_config *config = &s->io->config;

	if (config->on_output && n)
		config->on_output(config->arg, p, n);
	for (struct client *c = s->io->clients, *next; c && n; c = next) {
		next = client_next(c);
		client_send(c, s->which, p, n);
	}
}

/* Sends what of the block clients have not seen: it starts at `at` in the pending file. */
static void deliver_new(struct stream *s, const char *block, uint64_t at, size_t n)
{
	uint64_t end = at + n;

	if (s->delivered >= end)
		return;
	if (s->delivered < at)
		s->delivered = at;
	deliver(s, block + (s->delivered - at), (size_t)(end - s->delivered));
	s->delivered = end;
}

/* An empty pending file starts anew; the size is lowered first: see record.c and open_pending. */
static void reset_pending(struct stream *s)
{
	struct record *r = &s->io->record;

	if (r->now.formatted[s->which] != s->size || s->size < PENDING_RESET)
		return;
	if (ftruncate(s->pending, 0) < 0)
		return;
	s->size = s->delivered = 0;
	r->now.formatted[s->which] = 0;
	record_commit(r);
}

static uint64_t pending_limit(const struct stdio *io)
{
	return io->config.buffer > 0 ? (uint64_t)io->config.buffer : PENDING_LIMIT;
}

/* Before an entry is written to a log that has its size. */
static void rotate(struct stdio *io)
{
	if (!log_file_rotate(&io->log, io->record.now.log_len))
		return;
	io->record.now.log_len = 0;
	record_commit(&io->record);
	stdio_logged(io, true);
}

/* Entries into the log, then both offsets in one commit. False when the disk is full. */
static bool log_block(struct stream *s, size_t used)
{
	struct stdio *io = s->io;
	struct record_slot *now = &io->record.now;

	if (log_file_write(&io->log, now->log_len, &io->pump->text, NULL) < 0) {
		if (s->size - now->formatted[s->which] <= pending_limit(io))
			return false;
		buf_reset(&io->pump->text); /* dropped: a full disk must not stop the process */
	}
	now->log_len += io->pump->text.len;
	now->formatted[s->which] += used;
	record_commit(&io->record);
	stdio_logged(io, false);
	return true;
}

/* One block of the pending file. False when there is nothing more to do at the moment. */
static bool consume_block(struct stream *s, bool final)
{
	struct pump *p = s->io->pump;
	uint64_t at = s->io->record.now.formatted[s->which];
	size_t want = (size_t)MIN(s->size - at, sizeof(p->block)), used;
	ssize_t n = want ? pread(s->pending, p->block, want, (off_t)at) : 0;

	if (n <= 0)
		return false;
	deliver_new(s, p->block, at, (size_t)n);
	rotate(s->io);
	buf_reset(&p->text);
	used = log_file_format(&s->io->log, &p->text, s->io->record.now.log_len, s->which, p->block,
	                       (size_t)n, final && at + (size_t)n == s->size);
	if (used == 0)
		return false;
	if (!log_block(s, used)) {
		stdio_retry_later(s->io);
		return false;
	}
	return true;
}

static void consume(struct stream *s, bool final)
{
	while (consume_block(s, final))
		;
	reset_pending(s);
}

/* Moves what the fifo holds. Returns bytes, 0 when it is empty. */
static ssize_t take(struct stream *s)
{
	struct pump *p = s->io->pump;
	loff_t end = (loff_t)s->size;
	ssize_t n;

	if (s->pending >= 0) {
		n = splice(s->fifo, NULL, s->pending, &end, SPLICE_BYTES,
		           SPLICE_F_MOVE | SPLICE_F_NONBLOCK);
		if (n > 0)
			s->size += (uint64_t)n;
		return n > 0 ? n : 0;
	}
	n = read(s->fifo, p->block, sizeof(p->block));
	if (n > 0)
		deliver(s, p->block, (size_t)n);
	return n > 0 ? n : 0;
}

static bool is_empty(const struct stream *s)
{
	int n = 0;

	return ioctl(s->fifo, FIONREAD, &n) < 0 || n == 0;
}

static void end(struct stream *s)
{
	loop_remove(s->source);
	s->source = NULL;
	fd_close(&s->fifo);
}

void stream_pump(struct stream *s)
{
	if (s->fifo < 0)
		return;
	if (!s->paused)
		take(s);
	if (s->pending >= 0)
		consume(s, false);
	stream_throttle(s);
	if (!s->io->exited || !is_empty(s))
		return;
	if (s->pending >= 0) {
		consume(s, true);
		if (s->io->record.now.formatted[s->which] < s->size)
			return; /* the disk is full: the retry comes back here */
	}
	end(s);
	stdio_check_drained(s->io);
}

static void on_readable(void *arg, unused_arg int fd, unused_arg uint32_t events)
{
	stream_pump(arg);
}

void stream_throttle(struct stream *s)
{
	bool pause = false;

	if (s->fifo < 0)
		return;
	for (const struct client *c = s->io->clients; c && !pause; c = client_next(c))
		pause = client_lags(c);
	if (s->pending >= 0 &&
	    s->size - s->io->record.now.formatted[s->which] > pending_limit(s->io))
		pause = true;
	if (pause == s->paused)
		return;
	s->paused = pause;
	(void)!loop_modify(s->source, pause ? 0 : EPOLLIN, NULL);
}

/* A shorter file than the record says was started anew just before a kill. */
static int open_pending(struct stream *s, struct err *e)
{
	uint64_t *formatted = &s->io->record.now.formatted[s->which];
	struct stat st;

	s->pending = openat(s->io->state_dir, pending_names[s->which],
	                    O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (s->pending < 0 || fstat(s->pending, &st) < 0)
		return err_errno(e, errno, "open %s", pending_names[s->which]);
	s->size = s->delivered = (uint64_t)st.st_size;
	if (*formatted > s->size)
		*formatted = 0;
	return 0;
}

/* O_RDWR: a fifo without writers would be at its end, and be reported as such for ever. */
static int open_fifo(const char *path, struct err *e)
{
	struct stat st;
	int fd;

	if (mkfifo(path, 0700) < 0 && errno != EEXIST)
		return err_errno(e, errno, "make fifo %s", path);
	fd = open(path, O_RDWR | O_NONBLOCK | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0 || fstat(fd, &st) < 0)
		return err_errno(e, errno, "open fifo %s", path);
	if (!S_ISFIFO(st.st_mode)) {
		fd_close(&fd);
		return err_set(e, ERR_INVALID, "%s is not a fifo", path);
	}
	return fd;
}

int stream_open(struct stream *s, struct stdio *io, enum output which, const char *path,
                struct err *e)
{
	*s = (struct stream){ .io = io, .which = which, .fifo = -1, .pending = -1 };
	if (!path)
		return 0;
	s->fifo = open_fifo(path, e);
	if (s->fifo < 0 || (io->logged && open_pending(s, e) < 0))
		return -1;
	s->source = loop_add(io->pump->loop, s->fifo, EPOLLIN, on_readable, s, e);
	return s->source ? 0 : -1;
}

void stream_close(struct stream *s)
{
	end(s);
	fd_close(&s->pending);
}
