/*
 * The strict scan of JSON text (RFC 8259) that comes before json-c sees it: grammar, UTF-8 without
 * lone surrogates or NUL, nesting, number of items, duplicate names, integers that fit 64 bits.
 * Recursion is bounded by LIMIT_JSON_DEPTH.
 */
#include "base/json.h"

#include <errno.h>
#include <stdlib.h>
#include "base/json_internal.h"
#include "base/limits.h"
#include "base/map.h"

struct scan {
	const char *start, *p, *end;
	int depth;
	struct err *e;
	struct buf name;                /* the last one of a member */
	struct json_elements *elements; /* of the outermost array are noted here, if anybody asks */
	struct arena *a;
};

static int scan_value(struct scan *s);

/* The error, with line and column of the place where the scan stands. */
static int fail(struct scan *s, const char *what)
{
	size_t line = 1, column = 1;

	for (const char *q = s->start; q < s->p; q++) {
		column = *q == '\n' ? 1 : column + 1;
		line += *q == '\n';
	}
	return err_set(s->e, ERR_INVALID, "invalid JSON at line %zu, column %zu: %s", line, column,
	               what);
}

static void skip_space(struct scan *s)
{
	while (s->p < s->end && (*s->p == ' ' || *s->p == '\t' || *s->p == '\n' || *s->p == '\r'))
		s->p++;
}

static bool accept(struct scan *s, char c)
{
	if (s->p >= s->end || *s->p != c)
		return false;
	s->p++;
	return true;
}

static int scan_hex4(struct scan *s, unsigned *out)
{
	*out = 0;
	for (int i = 0; i < 4; i++, s->p++) {
		unsigned char c = s->p < s->end ? (unsigned char)*s->p : 0;
		unsigned d = c >= '0' && c <= '9'                 ? c - 48U
		             : (c | 32) >= 'a' && (c | 32) <= 'f' ? (c | 32) - 'a' + 10U
		                                                  : 16;

		if (d > 15)
			return fail(s, "bad \\u escape");
		*out = *out * 16 + d;
	}
	return 0;
}

/* After "\u": one code point, of one escape or of a surrogate pair. */
static int scan_unicode(struct scan *s, struct buf *out)
{
	unsigned hi, lo;

	if (scan_hex4(s, &hi) < 0)
		return -1;
	if (hi == 0)
		return fail(s, "NUL in a string");
	if (hi >= 0xd800 && hi <= 0xdfff) {
		if (hi > 0xdbff || !accept(s, '\\') || !accept(s, 'u'))
			return fail(s, "lone surrogate");
		if (scan_hex4(s, &lo) < 0)
			return -1;
		if (lo < 0xdc00 || lo > 0xdfff)
			return fail(s, "lone surrogate");
		hi = 0x10000 + ((hi - 0xd800) << 10) + (lo - 0xdc00);
	}
	if (out)
		buf_add_utf8(out, hi);
	return 0;
}

static int scan_escape(struct scan *s, struct buf *out)
{
	static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
	const char *k;

	if (s->p >= s->end)
		return fail(s, "unterminated string");
	if (accept(s, 'u'))
		return scan_unicode(s, out);
	k = *s->p ? strchr(from, *s->p) : NULL;
	if (!k)
		return fail(s, "unknown escape");
	s->p++;
	if (out)
		buf_addc(out, to[k - from]);
	return 0;
}

/* How many bytes stand for themselves: ASCII without control characters, '"' and '\\'. */
static size_t plain_run(const struct scan *s)
{
	const char *p = s->p;

	while (p < s->end && *p >= 0x20 && *p < 0x7f && *p != '"' && *p != '\\')
		p++;
	return (size_t)(p - s->p);
}

/* A string; its unescaped bytes are appended to `out` when that is wanted. */
static int scan_string(struct scan *s, struct buf *out)
{
	if (!accept(s, '"'))
		return fail(s, "expected a string");
	while (s->p < s->end && *s->p != '"') {
		size_t n = plain_run(s);

		if (n == 0 && (unsigned char)*s->p < 0x20)
			return fail(s, "control character in a string");
		if (n == 0 && accept(s, '\\')) {
			if (scan_escape(s, out) < 0)
				return -1;
			continue;
		}
		if (n == 0)
			n = utf8_len(s->p, (size_t)(s->end - s->p));
		if (n == 0)
			return fail(s, "string is not UTF-8");
		if (out)
			buf_add(out, s->p, n);
		s->p += n;
	}
	return accept(s, '"') ? 0 : fail(s, "unterminated string");
}

static size_t scan_digits(struct scan *s)
{
	const char *from = s->p;

	while (s->p < s->end && *s->p >= '0' && *s->p <= '9')
		s->p++;
	return (size_t)(s->p - from);
}

static int check_integer(struct scan *s, const char *from)
{
	char text[32];
	size_t n = (size_t)(s->p - from);
	uint64_t u;
	int64_t i;

	if (n >= sizeof(text))
		return fail(s, "integer out of range");
	memcpy(text, from, n);
	text[n] = '\0';
	if (!(text[0] == '-' ? str_i64(text, &i) : str_u64(text, &u)))
		return fail(s, "integer out of range");
	return 0;
}

static int scan_number(struct scan *s)
{
	const char *from = s->p;
	bool integer = true;

	accept(s, '-');
	if (accept(s, '0')) {
		if (s->p < s->end && *s->p >= '0' && *s->p <= '9')
			return fail(s, "number with a leading zero");
	} else if (scan_digits(s) == 0) {
		return fail(s, "expected a value");
	}
	if (accept(s, '.')) {
		integer = false;
		if (scan_digits(s) == 0)
			return fail(s, "expected a digit");
	}
	if (s->p < s->end && (*s->p == 'e' || *s->p == 'E')) {
		integer = false;
		s->p++;
		if (!accept(s, '+'))
			accept(s, '-');
		if (scan_digits(s) == 0)
			return fail(s, "expected a digit");
	}
	return integer ? check_integer(s, from) : 0;
}

/* One "name": value; `seen` finds duplicates. */
static int scan_member(struct scan *s, struct map *seen)
{
	skip_space(s);
	buf_reset(&s->name);
	if (scan_string(s, &s->name) < 0)
		return -1;
	if (map_set(seen, buf_cstr(&s->name), s))
		return fail(s, "duplicate name in an object");
	skip_space(s);
	if (!accept(s, ':'))
		return fail(s, "expected ':'");
	return scan_value(s);
}

static int scan_members(struct scan *s, struct map *seen)
{
	size_t n = 0;

	skip_space(s);
	if (accept(s, '}'))
		return 0;
	do {
		if (++n > LIMIT_JSON_ITEMS)
			return fail(s, "object with too many members");
		if (scan_member(s, seen) < 0)
			return -1;
		skip_space(s);
	} while (accept(s, ','));
	return accept(s, '}') ? 0 : fail(s, "expected ',' or '}'");
}

static int scan_object(struct scan *s)
{
	struct map seen = { 0 };
	int r = scan_members(s, &seen);

	map_free(&seen);
	return r;
}

static int scan_element(struct scan *s)
{
	const char *from;

	skip_space(s);
	from = s->p;
	if (scan_value(s) < 0)
		return -1;
	if (s->elements && s->depth == 1)
		arena_push(s->a, s->elements, ((struct slice){ from, (size_t)(s->p - from) }));
	return 0;
}

static int scan_array(struct scan *s)
{
	size_t n = 0;

	skip_space(s);
	if (accept(s, ']'))
		return 0;
	do {
		if (++n > LIMIT_JSON_ITEMS)
			return fail(s, "array with too many elements");
		if (scan_element(s) < 0)
			return -1;
		skip_space(s);
	} while (accept(s, ','));
	return accept(s, ']') ? 0 : fail(s, "expected ',' or ']'");
}

static int scan_word(struct scan *s, const char *word)
{
	size_t n = strlen(word);

	if ((size_t)(s->end - s->p) < n || memcmp(s->p, word, n) != 0)
		return fail(s, "expected a value");
	s->p += n;
	return 0;
}

static int scan_nested(struct scan *s, int (*fn)(struct scan *))
{
	int r;

	if (++s->depth > LIMIT_JSON_DEPTH)
		return fail(s, "nested too deeply");
	s->p++;
	r = fn(s);
	s->depth--;
	return r;
}

static int scan_value(struct scan *s)
{
	skip_space(s);
	if (s->p >= s->end)
		return fail(s, "unexpected end");
	switch (*s->p) {
	case '{':
		return scan_nested(s, scan_object);
	case '[':
		return scan_nested(s, scan_array);
	case '"':
		return scan_string(s, NULL);
	case 't':
		return scan_word(s, "true");
	case 'f':
		return scan_word(s, "false");
	case 'n':
		return scan_word(s, "null");
	default:
		return scan_number(s);
	}
}

static int scan_whole(struct scan *s)
{
	if (scan_value(s) < 0)
		return -1;
	skip_space(s);
	return s->p == s->end ? 0 : fail(s, "text after the value");
}

static int scan_text(struct scan *s, struct slice text)
{
	int r;

	if (text.len > LIMIT_JSON_BYTES)
		return err_set(s->e, ERR_EXHAUSTED, "JSON text of %zu bytes: larger than %lu",
		               text.len, LIMIT_JSON_BYTES);
	s->start = s->p = text.data;
	s->end = text.data + text.len;
	r = scan_whole(s);
	buf_free(&s->name);
	return r;
}

int json_check(struct slice text, struct err *e)
{
	return scan_text(&(struct scan){ .e = e }, text);
}

int json_check_array(struct arena *a, struct slice text, struct json_elements *out, struct err *e)
{
	struct scan s = { .e = e, .elements = out, .a = a };
	const char *first;

	*out = (struct json_elements){ 0 };
	if (scan_text(&s, text) < 0)
		return -1;
	first = text.data + strspn(text.data, " \t\r\n");
	return *first == '[' || *first == 'n' ? 0 : err_set(e, ERR_INVALID, "expected array");
}
