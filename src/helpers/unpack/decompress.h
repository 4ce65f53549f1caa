/*
 * Decompression as a pipe of buffers: gzip (RFC 1952, any number of members), zstd (RFC 8878, any
 * number of frames), or nothing. Truncation, trailing garbage and wrong checksums are errors.
 * One table of formats; gzip is isa-l's, or zlib's where the build has no isa-l.
 */
#ifndef UNPACK_DECOMPRESS_H
#define UNPACK_DECOMPRESS_H

#include <stdbool.h>
#include <stddef.h>
#include "base/err.h"

/* What is left to read and what is left to fill; a step advances both. */
struct window {
	const unsigned char *in;
	size_t nin;
	unsigned char *out;
	size_t nout;
};

struct decompress_format {
	const char *name; /* "gzip" */
	const char *magic;
	size_t magic_len;
	void *(*start)(void);
	/* Consumes and produces what it can; 0 or -1. With nin == 0 it may still hold output. */
	int (*step)(void *state, struct window *w, struct err *e);
	/* True between members: the stream may end here. */
	bool (*at_end)(void *state);
	void (*stop)(void *state);
};

extern const struct decompress_format decompress_none, decompress_gzip, decompress_zstd;

/* "gzip", "zstd", "none"; "auto" tells by the first bytes (at least DECOMPRESS_PEEK, if there are).
 */
#define DECOMPRESS_PEEK 8
const struct decompress_format *decompress_find(const char *name, const void *first, size_t n);
bool decompress_is_known(const char *name); /* including "auto" */

#endif
