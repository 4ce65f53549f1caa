/* Arenas as chains of chunks. See arena.h. */
#include "base/arena.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ALIGN       16
#define FIRST_CHUNK (1024 - sizeof(struct arena_chunk))
#define MAX_CHUNK   (64 * 1024)

struct arena_chunk {
	struct arena_chunk *next;
	size_t used, size; /* bytes of data[] */
	size_t pad;
	char data[];
};

static struct arena_chunk *chunk_new(struct arena *a, size_t need)
{
	size_t size = a->chunks ? MIN(a->chunks->size * 2, MAX_CHUNK) : FIRST_CHUNK;
	struct arena_chunk *c;

	if (size < need)
		size = need;
	c = malloc(sizeof(*c) + size);
	if (!c)
		abort();
	c->next = a->chunks;
	c->used = 0;
	c->size = size;
	a->chunks = c;
	return c;
}

void *arena_alloc(struct arena *a, size_t size)
{
	struct arena_chunk *c = a->chunks;
	void *p;

	if (size > SIZE_MAX / 4)
		abort();
	size = (size + ALIGN - 1) & ~(size_t)(ALIGN - 1);
	if (!c || c->size - c->used < size)
		c = chunk_new(a, size);
	p = c->data + c->used;
	c->used += size;
	return memset(p, 0, size);
}

void *arena_grow(struct arena *a, const void *old, size_t old_size, size_t new_size)
{
	void *p = arena_alloc(a, new_size);

	if (old && old_size)
		memcpy(p, old, MIN(old_size, new_size));
	return p;
}

void arena_free(struct arena *a)
{
	struct arena_chunk *c = a->chunks, *next;

	for (; c; c = next) {
		next = c->next;
		free(c);
	}
	a->chunks = NULL;
}

void *arena_memdup(struct arena *a, const void *p, size_t n)
{
	void *q = arena_alloc(a, n);

	return n ? memcpy(q, p, n) : q;
}

char *arena_strndup(struct arena *a, const char *s, size_t n)
{
	char *p = arena_alloc(a, n + 1);

	if (n)
		memcpy(p, s, n);
	return p;
}

char *arena_strdup(struct arena *a, const char *s)
{
	return s ? arena_strndup(a, s, strlen(s)) : NULL;
}

char *arena_vprintf(struct arena *a, const char *fmt, va_list ap)
{
	va_list again;
	char *p;
	int n;

	va_copy(again, ap);
	n = vsnprintf(NULL, 0, fmt, again);
	va_end(again);
	if (n < 0)
		abort();
	p = arena_alloc(a, (size_t)n + 1);
	vsnprintf(p, (size_t)n + 1, fmt, ap);
	return p;
}

char *arena_printf(struct arena *a, const char *fmt, ...)
{
	va_list ap;
	char *p;

	va_start(ap, fmt);
	p = arena_vprintf(a, fmt, ap);
	va_end(ap);
	return p;
}

void *arena_list_new(struct arena *a, size_t n, size_t elem)
{
	size_t room = 4;

	while (room < n)
		room *= 2;
	return arena_alloc(a, room * elem);
}

void *arena_list_copy(struct arena *a, const void *v, size_t n, size_t elem)
{
	void *out = arena_list_new(a, n, elem);

	if (n)
		memcpy(out, v, n * elem);
	return out;
}
