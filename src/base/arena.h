/*
 * Arenas: memory that belongs to a request, a document, a connection or a command.
 *
 * Everything made on behalf of one of those lives in its arena and dies with it at once. Nothing in
 * an arena owns a file descriptor. Not thread-safe: one arena, one thread at a time.
 * Out of memory aborts (the state on disk is crash-only); sizes from outside are limited before.
 */
#ifndef BASE_ARENA_H
#define BASE_ARENA_H

#include <stdarg.h>
#include <stddef.h>
#include "base/macros.h"

struct arena {
	struct arena_chunk *chunks; /* newest first; owned */
};

#define _cleanup_arena_ cleanup_with(arena_free)

/* An arena starts as `struct arena a = {0}`; the first allocation takes a chunk. */
void arena_free(struct arena *a);

/* Zeroed, aligned to 16 bytes. Never NULL. */
void *arena_alloc(struct arena *a, size_t size);

/* Moves `old` (of old_size bytes, from this arena) into a block of new_size bytes. */
void *arena_grow(struct arena *a, const void *old, size_t old_size, size_t new_size);

char *arena_strdup(struct arena *a, const char *s); /* NULL gives NULL */
char *arena_strndup(struct arena *a, const char *s, size_t n);
void *arena_memdup(struct arena *a, const void *p, size_t n);
char *arena_printf(struct arena *a, const char *fmt, ...) printf_like(2, 3);
char *arena_vprintf(struct arena *a, const char *fmt, va_list ap) printf_like(2, 0);

#define arena_new(a, type)      ((type *)arena_alloc((a), sizeof(type)))
#define arena_array(a, type, n) ((type *)arena_alloc((a), sizeof(type) * (size_t)(n)))

/*
 * Room for a list of n elements that may later be pushed to, and a copy of one: what a decoder makes
 * obeys the rule of arena_push. Never NULL.
 */
void *arena_list_new(struct arena *a, size_t n, size_t elem);
void *arena_list_copy(struct arena *a, const void *v, size_t n, size_t elem);

/* Appends `value` to a {n, v} array that lives in the arena; it grows by powers of two, from 4. */
#define arena_push(a, list, value)                                                            \
	do {                                                                                  \
		size_t _n = (list)->n;                                                        \
		if (_n == 0 || (_n >= 4 && (_n & (_n - 1)) == 0))                             \
			(list)->v = arena_grow((a), (list)->v, _n * sizeof((list)->v[0]),     \
			                       (_n < 4 ? 4 : _n * 2) * sizeof((list)->v[0])); \
		(list)->v[(list)->n++] = (value);                                             \
	} while (0)

/* A list of strings; the usual {n, v} shape. */
struct strs {
	size_t n;
	const char **v;
};

#endif
