/* Bounded regular expressions. See pattern.h. */
#include "base/pattern.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define MAX_BYTES  1024
#define MAX_GROWTH 65536 /* times that the pattern may become longer */

/* The largest number of "{n,m}", at least 1; *end is behind the closing brace. */
static uint64_t interval(const char *p, const char **end)
{
	uint64_t most = 1;

	for (; *p && *p != '}'; p++) {
		uint64_t n = strtoull(p, (char **)end, 10);

		if (*end == p)
			continue;
		most = n > most ? n : most;
		p = *end - 1;
	}
	*end = p;
	return most;
}

static bool is_bounded(const char *pattern)
{
	uint64_t growth = 1;

	for (const char *p = pattern; *p; p++) {
		if (*p == '\\' && p[1]) {
			p++;
			continue;
		}
		if (*p == '+') {
			growth *= 2;
		} else if (*p == '{') {
			const char *end;

			growth *= interval(p + 1, &end);
			p = *end ? end : end - 1;
		}
		if (growth > MAX_GROWTH)
			return false;
	}
	return true;
}

bool regex_compile(regex_t *out, const char *pattern)
{
	return strlen(pattern) <= MAX_BYTES && is_bounded(pattern) &&
	       regcomp(out, pattern, REG_EXTENDED | REG_NOSUB) == 0;
}
