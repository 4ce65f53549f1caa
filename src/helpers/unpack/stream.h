/*
 * The uncompressed bytes of a layer, read ahead: one thread reads the descriptor, decompresses and
 * hashes into a ring of buffers, while the caller's thread turns earlier ones into files.
 */
#ifndef UNPACK_STREAM_H
#define UNPACK_STREAM_H

#include <sys/types.h>
#include "base/err.h"
#include "oci/digest.h"

struct stream;

/* Starts reading `fd` (borrowed until stream_free). `compression` is a name of decompress.h or
 * "auto". */
struct stream *stream_new(int fd, const char *compression, struct err *e) must_check;
void stream_free(struct stream *s); /* stops the thread */

/* The next bytes, valid until the next call: their number, 0 at the end, -1. */
ssize_t stream_next(struct stream *s, const void **data, struct err *e) must_check;

/* After the end: identity and length of all that came out. */
void stream_digest(const struct stream *s, char dst[DIGEST_SIZE], uint64_t *bytes);

#endif
