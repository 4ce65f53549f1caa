/*
 * Strings: slices that borrow bytes, buffers that grow, and numbers that are parsed whole.
 *
 * Invariants of struct buf: data[len] is always NUL once anything was appended (data may be NULL
 * while len is 0: use buf_cstr), len < cap. A buffer is owned by its variable: _cleanup_buf_.
 */
#ifndef BASE_STR_H
#define BASE_STR_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include "base/macros.h"

struct slice {
	const char *data;
	size_t len;
};

static inline struct slice slice_of(const char *s)
{
	return (struct slice){ s, s ? strlen(s) : 0 };
}

static inline bool slice_eq(struct slice s, const char *z)
{
	return s.len == strlen(z) && memcmp(s.data, z, s.len) == 0;
}

struct buf {
	char *data;
	size_t len, cap;
};

#define _cleanup_buf_ cleanup_with(buf_free)

void buf_free(struct buf *b);
void buf_reserve(struct buf *b, size_t more); /* room for `more` bytes behind len */
void buf_add(struct buf *b, const void *p, size_t n);
void buf_adds(struct buf *b, const char *s);
void buf_addc(struct buf *b, char c);
void buf_add_utf8(struct buf *b, unsigned c); /* one code point, at most U+10FFFF */
void buf_printf(struct buf *b, const char *fmt, ...) printf_like(2, 3);
void buf_vprintf(struct buf *b, const char *fmt, va_list ap) printf_like(2, 0);
void buf_drop(struct buf *b, size_t n); /* removes n bytes from the front */
static inline void buf_reset(struct buf *b)
{
	b->len = 0;
	if (b->data)
		b->data[0] = '\0';
}
static inline const char *buf_cstr(const struct buf *b)
{
	return b->data ? b->data : "";
}

static inline bool str_eq(const char *a, const char *b)
{
	return a == b || (a && b && strcmp(a, b) == 0);
}
static inline bool str_empty(const char *s)
{
	return !s || !*s;
}
bool str_starts(const char *s, const char *prefix);
bool str_ends(const char *s, const char *suffix);
bool str_ieq(const char *a, const char *b); /* ASCII case-insensitive */

/* What follows `prefix` in s, or NULL. */
const char *str_after(const char *s, const char *prefix);

/* Whole-string numbers: no sign for unsigned, no blanks, no rest, no overflow. False if not so. */
bool str_u64(const char *s, uint64_t *out);
bool str_i64(const char *s, int64_t *out);

/* Copies with truncation and NUL; returns false when it did not fit. `size` > 0. */
bool str_copy(char *dst, size_t size, const char *src);

/* Lower-case hexadecimal of n bytes into dst[2n+1]. */
void hex_encode(char *dst, const void *src, size_t n);
bool str_is_hex(const char *s, size_t n); /* exactly n lower-case hex digits, then NUL */

/* Length of the valid UTF-8 sequence at text (n > 0 bytes; RFC 3629), 0 when it is not one. */
size_t utf8_len(const char *text, size_t n);

#endif
