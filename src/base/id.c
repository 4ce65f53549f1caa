/* Random identifiers from getrandom(2). See id.h. */
#include "base/id.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/random.h>
#include "base/str.h"

void id_random_bytes(void *p, size_t n)
{
	char *c = p;

	while (n > 0) {
		ssize_t k = getrandom(c, n, 0);

		if (k < 0 && errno == EINTR)
			continue;
		if (k < 0)
			abort();
		c += k;
		n -= (size_t)k;
	}
}

void id_random_hex(char *dst, size_t nbytes)
{
	unsigned char raw[64];

	if (nbytes > sizeof(raw))
		abort();
	id_random_bytes(raw, nbytes);
	hex_encode(dst, raw, nbytes);
}

void id_new(char dst[ID_SIZE])
{
	do
		id_random_hex(dst, ID_LEN / 2);
	while (strspn(dst, "0123456789") >= 12);
}

bool id_is_full(const char *s)
{
	return str_is_hex(s, ID_LEN);
}
