/* Long-lived objects on the heap, zeroed. Out of memory aborts, as in arenas; free() releases. */
#ifndef BASE_MEM_H
#define BASE_MEM_H

#include <stdlib.h>
#include <string.h>

static inline void *xalloc(size_t n)
{
	void *p = calloc(1, n);

	if (!p)
		abort();
	return p;
}

static inline char *xstrdup(const char *s)
{
	char *p = s ? strdup(s) : NULL;

	if (s && !p)
		abort();
	return p;
}

#define xnew(type) ((type *)xalloc(sizeof(type)))

#endif
