/* Random identifiers: 64 hex digits for containers, execs, networks, endpoints; shorter for names.
 */
#ifndef BASE_ID_H
#define BASE_ID_H

#include <stdbool.h>
#include <stddef.h>

#define ID_LEN  64
#define ID_SIZE (ID_LEN + 1)

void id_random_bytes(void *p, size_t n);

/* 2 * nbytes lower-case hex digits and NUL. */
void id_random_hex(char *dst, size_t nbytes);

/* A full id whose first 12 digits are not all decimal (a short id must not read as a number). */
void id_new(char dst[ID_SIZE]);

bool id_is_full(const char *s);

#endif
