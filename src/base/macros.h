/* Attributes and tiny macros that every file may use. No functions, no policy. */
#ifndef BASE_MACROS_H
#define BASE_MACROS_H

#include <stddef.h>

#define must_check        __attribute__((warn_unused_result))
#define printf_like(f, a) __attribute__((format(printf, f, a)))
#define unused_arg        __attribute__((unused))
/* For functions on a stack that AddressSanitizer does not know: children of clone(2). */
#define no_asan                       __attribute__((no_sanitize_address))
#define cleanup_with(f)               __attribute__((cleanup(f)))
#define ARRAY_LEN(a)                  (sizeof(a) / sizeof((a)[0]))
#define MIN(a, b)                     ((a) < (b) ? (a) : (b))
#define MAX(a, b)                     ((a) > (b) ? (a) : (b))
#define container_of(p, type, member) ((type *)((char *)(p)-offsetof(type, member)))

/* Moves the value out of a variable that has a cleanup attribute, leaving NULL behind. */
#define take_ptr(p)                        \
	({                                 \
		__typeof__(p) *_pp = &(p); \
		__typeof__(p) _v = *_pp;   \
		*_pp = NULL;               \
		_v;                        \
	})

#endif
