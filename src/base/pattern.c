/* Bounded regular expressions. See pattern.h. */
#include "base/pattern.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include "base/str.h"

#define MAX_BYTES  1024
#define MAX_GROWTH 4096 /* times that the pattern may become longer */

/* Behind a bracket expression that begins at p; a "]" right at its beginning is a member. */
static const char *skip_brackets(const char *p)
{
	p++;
	p += *p == '^';
	p += *p == ']';
	while (*p && *p != ']')
		p++;
	return p + (*p == ']');
}

/* Behind one element: a byte, an escaped byte, a bracket expression. */
static const char *skip_element(const char *p)
{
	if (*p == '[')
		return skip_brackets(p);
	return p + (*p == '\\' && p[1] ? 2 : 1);
}

/* The largest number of "{n,m}", at least 1. */
static uint64_t most_of(const char *p, const char *end)
{
	uint64_t most = 1;

	while (p < end) {
		char *after;
		uint64_t n = strtoull(p, &after, 10);

		most = n > most ? n : most;
		p = after == p ? p + 1 : after;
	}
	return most;
}

/* The length of a repetition operator at p, or 0; *growth is multiplied by what it costs. */
static size_t repetition(const char *p, uint64_t *growth)
{
	size_t n;

	if (*p == '*' || *p == '?')
		return 1;
	if (*p == '+') {
		*growth *= 2;
		return 1;
	}
	if (*p != '{')
		return 0;
	n = strcspn(p, "}");
	*growth *= most_of(p + 1, p + n);
	return n + (p[n] == '}');
}

/*
 * Copies the pattern in the C library's words: a "?" behind a repetition asks for the shortest
 * match, which does not matter to a yes or no. Any other repetition of a repetition is refused.
 */
static bool translate(const char *p, struct buf *out)
{
	uint64_t growth = 1;

	while (*p) {
		const char *next = skip_element(p);
		size_t n = repetition(next, &growth);

		buf_add(out, p, (size_t)(next - p) + n);
		p = next + n;
		if (n > 0 && *p == '?')
			p++;
		if (growth > MAX_GROWTH || (n > 0 && repetition(p, &growth) > 0))
			return false;
	}
	return true;
}

bool regex_compile(regex_t *out, const char *pattern)
{
	_cleanup_buf_ struct buf b = { 0 };

	return strlen(pattern) <= MAX_BYTES && translate(pattern, &b) &&
	       regcomp(out, buf_cstr(&b), REG_EXTENDED | REG_NOSUB) == 0;
}
