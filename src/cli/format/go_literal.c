/* Constants of Go source text. Grammar: https://go.dev/ref/spec#Lexical_elements */
#include "cli/format/go_literal.h"

#include <ctype.h>
#include <errno.h>

size_t utf8_decode(struct slice s, uint32_t *rune)
{
	static const struct {
		unsigned char mask, bits;
		uint32_t least;
	} forms[] = { { 0x80, 0x00, 0 },
		      { 0xe0, 0xc0, 0x80 },
		      { 0xf0, 0xe0, 0x800 },
		      { 0xf8, 0xf0, 0x10000 } };
	unsigned char c = s.len ? (unsigned char)s.data[0] : 0;

	*rune = 0xfffd;
	for (size_t n = 0; n < ARRAY_LEN(forms); n++) {
		uint32_t r = c & (unsigned char)~forms[n].mask;

		if ((c & forms[n].mask) != forms[n].bits)
			continue;
		if (s.len < n + 1)
			return 1;
		for (size_t i = 1; i <= n; i++) {
			if (((unsigned char)s.data[i] & 0xc0) != 0x80)
				return 1;
			r = r << 6 | ((unsigned char)s.data[i] & 0x3f);
		}
		if (r < forms[n].least || r > 0x10ffff || (r >= 0xd800 && r < 0xe000))
			return 1;
		*rune = r;
		return n + 1;
	}
	return 1;
}

void utf8_encode(struct buf *b, uint32_t r)
{
	if (r > 0x10ffff || (r >= 0xd800 && r < 0xe000))
		r = 0xfffd;
	if (r < 0x80) {
		buf_addc(b, (char)r);
		return;
	}
	if (r >= 0x10000) {
		buf_addc(b, (char)(0xf0 | r >> 18));
		buf_addc(b, (char)(0x80 | (r >> 12 & 0x3f)));
	} else if (r >= 0x800) {
		buf_addc(b, (char)(0xe0 | r >> 12));
	}
	if (r >= 0x800)
		buf_addc(b, (char)(0x80 | (r >> 6 & 0x3f)));
	else
		buf_addc(b, (char)(0xc0 | r >> 6));
	buf_addc(b, (char)(0x80 | (r & 0x3f)));
}

/* `digits` of a base behind p; 0 when they are not all there. */
static size_t number_escape(const char *p, size_t avail, size_t digits, int base, uint32_t *out)
{
	*out = 0;
	if (avail < digits)
		return 0;
	for (size_t i = 0; i < digits; i++) {
		int c = tolower((unsigned char)p[i]);
		int v = isdigit(c) ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : 99;

		if (v >= base)
			return 0;
		*out = *out * (uint32_t)base + (uint32_t)v;
	}
	return digits;
}

/* The escape at p (behind the backslash): bytes eaten, 0 when malformed. `raw`: one byte, no rune. */
static size_t unescape(const char *p, size_t avail, uint32_t *rune, bool *raw)
{
	static const char letters[] = "abfnrtv\\'\"", values[] = "\a\b\f\n\r\t\v\\'\"";
	const char *known = avail && *p ? strchr(letters, *p) : NULL;
	size_t n;

	*raw = false;
	if (!avail)
		return 0;
	if (known) {
		*rune = (unsigned char)values[known - letters];
		return 1;
	}
	*raw = *p == 'x' || (*p >= '0' && *p <= '7');
	if (*p >= '0' && *p <= '7')
		return number_escape(p, avail, 3, 8, rune) && *rune <= 255 ? 3 : 0;
	n = *p == 'x' ? 2 : *p == 'u' ? 4 : *p == 'U' ? 8 : 0;
	if (!n || !number_escape(p + 1, avail - 1, n, 16, rune))
		return 0;
	return !*raw && (*rune > 0x10ffff || (*rune >= 0xd800 && *rune < 0xe000)) ? 0 : n + 1;
}

bool go_unquote(struct arena *a, struct slice s, struct slice *out)
{
	_cleanup_buf_ struct buf b = { 0 };

	if (s.len < 2)
		return false;
	if (s.data[0] == '`') {
		*out = (struct slice){ s.data + 1, s.len - 2 };
		return true;
	}
	for (size_t i = 1; i < s.len - 1; i++) {
		uint32_t rune;
		bool raw;
		size_t n;

		if (s.data[i] != '\\') {
			buf_addc(&b, s.data[i]);
			continue;
		}
		n = unescape(s.data + i + 1, s.len - 2 - i, &rune, &raw);
		if (!n || s.data[i + 1] == '\'')
			return false;
		if (raw)
			buf_addc(&b, (char)rune);
		else
			utf8_encode(&b, rune);
		i += n;
	}
	*out = (struct slice){ arena_memdup(a, buf_cstr(&b), b.len + 1), b.len };
	return true;
}

bool go_unquote_char(struct slice s, int64_t *out)
{
	struct slice inner = { s.data + 1, s.len - 2 };
	uint32_t rune = 0;
	size_t n;
	bool raw;

	if (s.len < 3)
		return false;
	if (inner.data[0] != '\\') {
		n = utf8_decode(inner, &rune);
	} else if (inner.len < 2 || inner.data[1] == '"') {
		return false;
	} else {
		n = unescape(inner.data + 1, inner.len - 1, &rune, &raw);
		n += n > 0;
	}
	*out = rune;
	return n == inner.len;
}

bool go_number(struct slice s, struct value *out)
{
	char text[64], *end;
	size_t n = 0;
	long long i;
	int base;

	if (s.len >= sizeof(text))
		return false;
	for (size_t k = 0; k < s.len; k++)
		if (s.data[k] != '_')
			text[n++] = s.data[k];
	if (n == 0)
		return false;
	text[n] = '\0';
	const char *digits = text + (text[0] == '+' || text[0] == '-');
	base = digits[0] != '0'                           ? 10
	       : tolower((unsigned char)digits[1]) == 'b' ? 2
	       : tolower((unsigned char)digits[1]) == 'o' ? 8
	                                                  : 0;
	if (base == 2 || base == 8)
		memmove((char *)digits, digits + 2, strlen(digits + 2) + 1);
	errno = 0;
	i = strtoll(text, &end, base);
	if (*digits && !*end && errno == 0) {
		*out = value_int(i);
		return true;
	}
	if (base == 2 || base == 8 || !isdigit((unsigned char)text[n - 1]))
		return false;
	*out = value_float(strtod(text, &end));
	if (*end)
		return false;
	if (out->real < 9e18 && out->real > -9e18 && out->real == (double)(int64_t)out->real)
		*out = value_int((int64_t)out->real);
	return true;
}

void go_quote(struct buf *b, struct slice s)
{
	static const char plain[] = "\a\b\f\n\r\t\v\\\"", letters[] = "abfnrtv\\\"";

	buf_addc(b, '"');
	for (size_t i = 0; i < s.len;) {
		uint32_t rune;
		size_t n = utf8_decode((struct slice){ s.data + i, s.len - i }, &rune);
		const char *known = rune && rune < 0x80 ? strchr(plain, (int)rune) : NULL;

		if (known)
			buf_printf(b, "\\%c", letters[known - plain]);
		else if (n == 1 && (rune == 0xfffd || rune < 0x20 || rune == 0x7f))
			buf_printf(b, "\\x%02x", (unsigned char)s.data[i]);
		else
			buf_add(b, s.data + i, n);
		i += n;
	}
	buf_addc(b, '"');
}
