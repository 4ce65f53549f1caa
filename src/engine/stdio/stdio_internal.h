/*
 * The inside of the pump. Everything here is touched by the pump's thread only, except where it
 * says otherwise.
 */
#ifndef ENGINE_STDIO_INTERNAL_H
#define ENGINE_STDIO_INTERNAL_H

#include <pthread.h>
#include "base/arena.h"
#include "base/loop.h"
#include "base/str.h"
#include "engine/stdio/log_file.h"
#include "engine/stdio/logs.h"
#include "engine/stdio/pump.h"

#define PENDING_RESET (64 * 1024)       /* an empty pending file that is larger starts anew */
#define PENDING_LIMIT (4 * 1024 * 1024) /* with a full disk: what is beyond is dropped */
#define RETRY_MS      500

/* A log that is rotated again and again while a reader is opened: how often to begin anew. */
#define LOG_READER_TRIES 5

/* ---- record.c: how far the bytes are, in a mapped file that survives SIGKILL ---- */

struct record_slot {
	uint64_t log_len;            /* bytes of the log that are whole entries */
	uint64_t formatted[OUTPUTS]; /* bytes of each pending file that are in them */
};

struct record {
	struct record_file *map; /* MAP_SHARED */
	struct record_slot now;
};

/* Opens or creates STATE_DIR/record; *fresh when there was none. */
int record_open(struct record *r, int state_dir, bool *fresh, struct err *e) must_check;
void record_commit(struct record *r); /* `now` replaces the old values at once */
void record_close(struct record *r);

/* ---- stream.c: one output ---- */

struct stream {
	struct stdio *io;
	enum output which;
	int fifo; /* -1: there is no such stream, or it has ended */
	struct loop_source *source;
	bool paused;
	int pending;        /* file; -1 when nothing is logged */
	uint64_t size;      /* of the pending file */
	uint64_t delivered; /* of it, to clients */
};

int stream_open(struct stream *s, struct stdio *io, enum output which, const char *path,
                struct err *e) must_check;
void stream_close(struct stream *s);
/* Moves what is there; after the process's end, finds out whether that was all. */
void stream_pump(struct stream *s);
/* Reads on, or not, depending on the slowest client. */
void stream_throttle(struct stream *s);

/* ---- client.c ---- */

/* Sends what a client takes without waiting. False when it is gone. */
bool stdio_flush(int fd, struct buf *out);

struct client;
struct client *client_new(struct stdio *io, const struct stdio_client *c, struct err *e) must_check;
void client_send(struct client *c, enum output which, const void *p, size_t n);
bool client_lags(const struct client *c);
struct client *client_next(const struct client *c);
/* Sends what it has to hear already. It may be gone afterwards. */
void client_begin(struct client *c);
/* The process has read: clients may type again. */
void client_resume(struct client *c);
/* Puts what is in the log before everything that is sent later. */
struct log_reader;
void client_replay(struct client *c, struct log_reader *r);
/* Bytes that it has sent. False when that ended it, and it is freed. */
bool client_hear(struct client *c, const void *p, size_t n);
/* Everything has been queued: it ends once its buffer is empty. */
void client_finish(struct client *c);
void client_end(struct client *c, enum stdio_end why); /* frees it */

/* ---- input.c: stdin ---- */

struct input {
	struct stdio *io;
	char *path;
	int fd; /* opened when the first client types; -1 before and after */
	struct loop_source *source;
	struct buf waiting; /* accepted from a client, not yet in the fifo */
	bool closing, closed;
};

void input_init(struct input *in, struct stdio *io, const char *path);
int input_open(struct input *in, struct err *e) must_check;
bool input_full(const struct input *in);
void input_write(struct input *in, const void *p, size_t n);
void input_end(struct input *in);    /* end of file for the process, behind what was written */
void input_finish(struct input *in); /* passes the end on, when all of it is written */
void input_free(struct input *in);

/* ---- detach_keys.c ---- */

#define DETACH_KEYS_MAX 16

struct detach_keys {
	unsigned char seq[DETACH_KEYS_MAX];
	size_t n;       /* 0: cannot detach */
	size_t matched; /* of a sequence that began */
};

int detach_keys_parse(const char *text, struct detach_keys *out, struct err *e) must_check;
/* Copies p to out without the sequence. True when it was complete: what follows is dropped. */
bool detach_keys_filter(struct detach_keys *k, const unsigned char *p, size_t n, struct buf *out);

/* ---- log_reader.c: entries of a log and its rotated parts, in order, as bytes for a client ---- */

struct log_reader {
	struct log_query q;
	const struct log_format *format;
	char *path;
	struct arena arena;
	size_t nparts;
	int *parts;     /* still to be read, the oldest first, the last one is LOG; in the arena */
	uint64_t pos;   /* in the first of them */
	struct buf raw; /* read, not yet a whole entry */
	bool over;      /* an entry later than q.until was met */
};

/* Finds the place where the query begins. No log at all is an empty one. May take long: compressed parts. */
int log_reader_open(struct log_reader *r, enum log_driver driver, const char *path,
                    const struct log_query *q, struct err *e) must_check;
/* Is the newest part that it knows the one that is being written? */
bool log_reader_is_current(const struct log_reader *r, int newest);
/* Appends about a block of output. False when the end of what is there (or of the query) is reached. */
bool log_reader_next(struct log_reader *r, struct buf *out);
/* There is a newer LOG. */
void log_reader_rotated(struct log_reader *r);
void log_reader_close(struct log_reader *r);

/* ---- follow.c ---- */

struct follower;
void follower_poke(struct follower *f);  /* the log has grown or the process has drained */
void follower_moved(struct follower *f); /* the log was rotated */
void follower_end(struct follower *f, enum stdio_end why);
struct follower *follower_next(const struct follower *f);

/* ---- pump.c ---- */

struct stdio {
	struct pump *pump;
	struct stdio_config config; /* strings are copies */
	int state_dir;
	struct record record;
	struct log_file log;
	struct stream stream[OUTPUTS];
	struct input in;
	struct client *clients;
	struct follower *followers;
	struct loop_source *retry, *reaping;
	bool logged;
	bool started; /* the shim has the fifos */
	bool exited;  /* the process is gone */
	bool closed;  /* only those who have not received everything yet keep it */

	pthread_mutex_t lock; /* of drained */
	pthread_cond_t changed;
	bool drained;
};

struct pump {
	struct loop *loop;
	pthread_t thread;
	char block[BLOCK_BYTES];
	struct buf text; /* entries being formatted */
};

/* Runs fn in the pump's thread and waits for it. */
void pump_call(struct pump *p, void (*fn)(void *), void *arg);

/* Both outputs have ended? Then clients and followers are told, once. */
void stdio_check_drained(struct stdio *s);
/* New entries are in the log. */
void stdio_logged(struct stdio *s, bool rotated);
void stdio_retry_later(struct stdio *s);
/* Somebody has left: was he the last of a closed one? */
void stdio_check_gone(struct stdio *s);

/* The intrusive lists of clients and followers. */
#define LIST_ADD(head, x)                      \
	do {                                   \
		(x)->prev = NULL;              \
		(x)->next = *(head);           \
		if (*(head))                   \
			(*(head))->prev = (x); \
		*(head) = (x);                 \
	} while (0)
#define LIST_REMOVE(head, x)                         \
	do {                                         \
		if ((x)->prev)                       \
			(x)->prev->next = (x)->next; \
		else                                 \
			*(head) = (x)->next;         \
		if ((x)->next)                       \
			(x)->next->prev = (x)->prev; \
	} while (0)

#endif
