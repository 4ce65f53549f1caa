/*
 * Tar archives as streams (POSIX.1-2001 pax(1): ustar headers, extended headers where these are too
 * small), for `docker cp`. Reading understands GNU's long names too. Contents are copied through,
 * never held in memory.
 */
#ifndef CLI_CLIENT_TAR_H
#define CLI_CLIENT_TAR_H

#include <stdint.h>
#include <sys/types.h>
#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"

#define TAR_BLOCK 512

enum tar_type {
	TAR_FILE = '0',
	TAR_HARD_LINK = '1',
	TAR_SYMLINK = '2',
	TAR_CHAR = '3',
	TAR_BLOCK_DEVICE = '4',
	TAR_FOLDER = '5',
	TAR_FIFO = '6',
};

struct tar_entry {
	enum tar_type type;
	const char *name; /* of a folder without the slash at its end */
	const char *link; /* of links */
	mode_t mode;      /* permissions only */
	int64_t uid, gid, size;
	int64_t mtime; /* ns since 1970 */
	unsigned major, minor;
	struct slice capability; /* xattr security.capability; empty: none */
};

/* --- writing (tar_write.c) --- */

struct tar_sink {
	int (*write)(void *arg, const void *p, size_t n, struct err *e);
	void *arg;
};

/* The header; for TAR_FILE exactly `size` bytes follow, then tar_put_padding. */
int tar_put(const struct tar_sink *to, const struct tar_entry *entry, struct err *e) must_check;
int tar_put_padding(const struct tar_sink *to, int64_t size, struct err *e) must_check;
int tar_put_end(const struct tar_sink *to, struct err *e) must_check;

/* --- reading (tar_read.c) --- */

struct tar_source {
	/* Up to n bytes; 0 at the end. */
	ssize_t (*read)(void *arg, void *p, size_t n, struct err *e);
	void *arg;
	int64_t left; /* of the current entry's content with its padding */
	int64_t content;
};

/* The next entry (skips what is left of the one before): 1, or 0 at the end of the archive. */
int tar_next(struct tar_source *from, struct arena *a, struct tar_entry *out, struct err *e)
        must_check;
/* Content of the current entry; 0 at its end. */
ssize_t tar_content(struct tar_source *from, void *p, size_t n, struct err *e) must_check;

#endif
