/*
 * See stream.h. Two semaphores count the ring's free and filled slots; each slot belongs to the
 * reader's thread while it is free and to the caller while it is filled. A slot of 0 bytes is the
 * end, with the error, if there was one, in `failed`.
 */
#include "helpers/unpack/stream.h"

#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/fd.h"
#include "base/limits.h"
#include "base/mem.h"
#include "helpers/unpack/decompress.h"

#define SLOTS     8
#define SLOT_SIZE (128 * KIB)
#define READ_SIZE (128 * KIB)

struct slot {
	size_t n;
	unsigned char data[SLOT_SIZE];
};

struct stream {
	int fd;
	const char *compression;
	const struct decompress_format *format;
	void *state;
	unsigned char input[READ_SIZE];
	struct window w;
	bool eof; /* of fd */
	struct digester digester;
	struct err failed;

	pthread_t thread;
	sem_t free, filled;
	atomic_bool stop;
	size_t head, tail; /* next slot to fill (thread), to hand out (caller) */
	bool lent;         /* the caller holds a slot */
	struct slot slots[SLOTS];
};

static void wait_for(sem_t *s)
{
	while (sem_wait(s) < 0)
		;
}

/* Refills the input when it is used up. */
static int refill(struct stream *s, struct err *e)
{
	ssize_t n;

	if (s->w.nin > 0 || s->eof)
		return 0;
	do {
		n = read(s->fd, s->input, sizeof(s->input));
	} while (n < 0 && errno == EINTR);
	if (n < 0)
		return err_errno(e, errno, "read layer");
	s->eof = n == 0;
	s->w.in = s->input;
	s->w.nin = (size_t)n;
	return 0;
}

static int choose_format(struct stream *s, struct err *e)
{
	ssize_t n = fd_read_full(s->fd, s->input, DECOMPRESS_PEEK, e);

	if (n < 0)
		return -1;
	s->w.in = s->input;
	s->w.nin = (size_t)n;
	s->format = decompress_find(s->compression, s->input, (size_t)n);
	s->state = s->format->start();
	return 0;
}

/* Fills one slot; it stays empty only at the end of the stream. */
static int fill(struct stream *s, struct slot *slot, struct err *e)
{
	s->w.out = slot->data;
	s->w.nout = SLOT_SIZE;
	while (s->w.nout > 0) {
		size_t nin, nout = s->w.nout;

		if (refill(s, e) < 0)
			return -1;
		nin = s->w.nin;
		if (s->format->step(s->state, &s->w, e) < 0)
			return -1;
		if (s->w.nin == nin && s->w.nout == nout && (s->eof || nin > 0))
			break;
	}
	slot->n = SLOT_SIZE - s->w.nout;
	if (slot->n == 0 && (s->w.nin > 0 || !s->format->at_end(s->state)))
		return err_set(e, ERR_DATA_LOSS, "%s: unexpected end of data", s->format->name);
	digester_add(&s->digester, slot->data, slot->n);
	return 0;
}

static void *reader(void *arg)
{
	struct stream *s = arg;
	size_t n = 1;

	while (n > 0) {
		struct slot *slot = &s->slots[s->head];

		wait_for(&s->free);
		if (atomic_load(&s->stop))
			return NULL;
		if ((!s->format && choose_format(s, &s->failed) < 0) ||
		    fill(s, slot, &s->failed) < 0)
			slot->n = 0;
		n = slot->n;
		s->head = (s->head + 1) % SLOTS;
		sem_post(&s->filled);
	}
	return NULL;
}

struct stream *stream_new(int fd, const char *compression, struct err *e)
{
	struct stream *s = xalloc(sizeof(*s));
	int code;

	s->fd = fd;
	s->compression = compression;
	digester_init(&s->digester);
	sem_init(&s->free, 0, SLOTS);
	sem_init(&s->filled, 0, 0);
	code = pthread_create(&s->thread, NULL, reader, s);
	if (code != 0) {
		free(s);
		(void)err_errno(e, code, "start reader");
		return NULL;
	}
	return s;
}

void stream_free(struct stream *s)
{
	if (!s)
		return;
	atomic_store(&s->stop, true);
	sem_post(&s->free);
	pthread_join(s->thread, NULL);
	if (s->format)
		s->format->stop(s->state);
	sem_destroy(&s->free);
	sem_destroy(&s->filled);
	free(s);
}

ssize_t stream_next(struct stream *s, const void **data, struct err *e)
{
	struct slot *slot = &s->slots[s->tail];

	if (s->lent && slot->n > 0) {
		sem_post(&s->free);
		s->lent = false;
		s->tail = (s->tail + 1) % SLOTS;
		slot = &s->slots[s->tail];
	}
	if (!s->lent)
		wait_for(&s->filled);
	s->lent = true;
	*data = slot->data;
	if (slot->n == 0 && s->failed.kind != ERR_NONE) {
		if (e)
			*e = s->failed;
		return -1;
	}
	return (ssize_t)slot->n;
}

void stream_digest(const struct stream *s, char dst[DIGEST_SIZE], uint64_t *bytes)
{
	digester_text(&s->digester, dst);
	*bytes = s->digester.bytes;
}
