/*
 * The log of one container on disk: a file that grows, and the parts that it was moved to when it had
 * grown to its size. What an entry looks like is the driver's (json_log.c, local_log.c); everything
 * else is alike.
 *
 *     LOG, LOG.1, LOG.2 ... LOG.n (with compression LOG.1.gz ...): the larger the number, the older
 *
 * Rotation renames from the oldest to the newest, so that a kill in the middle leaves one number
 * unused, which readers step over and the next rotation fills. The new LOG is always another file:
 * who reads the old one goes on reading it.
 */
#ifndef ENGINE_STDIO_LOG_FILE_H
#define ENGINE_STDIO_LOG_FILE_H

#include <stdbool.h>
#include <stdint.h>
#include "base/clock.h"
#include "base/err.h"
#include "base/loop.h"
#include "base/str.h"
#include "engine/stdio/pump.h"

#define BLOCK_BYTES   (64 * 1024) /* formatted and sent at a time */
#define LINE_BYTES    (16 * 1024) /* a longer line becomes several entries, as Docker splits */
#define LOG_PARTS_MAX 1000

enum output { OUTPUT_STDOUT, OUTPUT_STDERR, OUTPUTS };

/* ---- entries ---- */

struct log_entry {
	struct slice text;
	bool escaped;       /* text is the inside of a JSON string */
	bool newline;       /* to be put behind the text */
	struct slice attrs; /* a JSON object, or empty */
	struct slice time;  /* RFC 3339; empty: see ns */
	int64_t ns;
	bool is_stderr;
};

/* When entries were read: all of a block at once. */
struct log_time {
	int64_t ns;
	char text[CLOCK_TEXT_SIZE];
};
void log_time_set(struct log_time *t, int64_t ns);

struct log_format {
	/* Appends an entry; `text` ends with a newline unless it is a piece of a line. */
	void (*add)(struct buf *out, enum output which, struct slice text,
	            const struct log_time *time, const char *attrs);
	/* The entry at p: bytes it takes, 0 when it is not whole. *ok: it could be read. */
	size_t (*parse)(const char *p, size_t n, struct log_entry *out, bool *ok);
	/* Where the last whole entry ends in a file that nobody kept a record of. */
	uint64_t (*whole)(int fd, uint64_t size);
	/* Where the last *entries begin; *entries is lowered by those that there are. */
	uint64_t (*tail)(int fd, uint64_t size, int64_t *entries);
};
extern const struct log_format log_format_json, log_format_local;
const struct log_format *log_format_of(enum log_driver d);

/* ---- writing; the pump's thread ---- */

struct log_file {
	const struct log_format *format;
	char *path, *attrs;
	int fd;
	int64_t max_size;
	unsigned max_files;
	bool compress;
	struct loop *loop;           /* where the end of a compression is told */
	struct log_compress *active; /* it works on LOG.1: no rotation meanwhile */
};

/* Opens for appending behind *len bytes (what is beyond is cut); *len is lowered to what is there. */
int log_file_open(struct log_file *l, struct loop *loop, const struct stdio_config *c, bool fresh,
                  uint64_t *len, struct err *e) must_check;
void log_file_close(struct log_file *l);
/*
 * Appends to `out` the entries of whole lines in p; with `final` the rest too. Stops when the log,
 * of which `len` bytes are written, has its size with them. Returns bytes used.
 */
size_t log_file_format(const struct log_file *l, struct buf *out, uint64_t len, enum output which,
                       const char *p, size_t n, bool final);
/* Writes entries behind `len`; on failure the file is as before. */
int log_file_write(struct log_file *l, uint64_t len, const struct buf *entries, struct err *e)
        must_check;
/* Moves the files on when the log has grown to its size. True when the log is empty now. */
bool log_file_rotate(struct log_file *l, uint64_t len);

/* ---- parts; any thread ---- */

/* Between these, names and contents of parts belong together. */
void log_parts_lock(void);
void log_parts_unlock(void);
/* Opens LOG, LOG.n or LOG.n.gz for reading (*gz); -1 when there is none. The lock is held. */
int log_part_open(const char *path, unsigned index, bool *gz);

/* ---- log_compress.c ---- */

/* Compresses LOG.1 in a thread; `done` is set to NULL in the loop afterwards. NULL: not possible. */
struct log_compress *log_compress_start(struct loop *l, const char *path,
                                        struct log_compress **done);
/* Nobody is to be told any more. */
void log_compress_forget(struct log_compress *c);
/* Waits until no thread works for any log: before a loop goes. */
void log_compress_settle(void);
/* The contents of a .gz as a file without a name in the folder of `path`; damage ends it. */
int log_decompress(int fd, const char *path, struct err *e) must_check;

#endif
