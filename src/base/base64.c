/* Base64. See base64.h. */
#include "base/base64.h"

static int digit(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	return c == '+' || c == '-' ? 62 : c == '/' || c == '_' ? 63 : -1;
}

bool base64_decode(struct arena *a, const char *text, struct slice *out)
{
	size_t len = strlen(text), n = 0;
	char *data = arena_alloc(a, len + 1);
	uint32_t bits = 0;

	while (len > 0 && text[len - 1] == '=')
		len--;
	for (size_t i = 0; i < len; i++) {
		int d = digit(text[i]);

		if (d < 0)
			return false;
		bits = bits << 6 | (uint32_t)d;
		if (i % 4 > 0)
			data[n++] = (char)(bits >> (6 - i % 4 * 2));
	}
	data[n] = '\0';
	*out = (struct slice){ data, n };
	return len % 4 != 1;
}

char *base64_encode(struct arena *a, struct slice s, enum base64_alphabet alphabet)
{
	static const char common[] =
	        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
	static const char last[][3] = { [BASE64_STANDARD] = "+/", [BASE64_URL] = "-_" };
	char *out = arena_alloc(a, (s.len + 2) / 3 * 4 + 1), *p = out;

	for (size_t i = 0; i < s.len; i += 3) {
		uint32_t bits = 0;

		for (size_t k = 0; k < 3; k++)
			bits = bits << 8 | (i + k < s.len ? (unsigned char)s.data[i + k] : 0);
		for (size_t k = 0; k < 4; k++) {
			uint32_t six = bits >> (18 - 6 * k) & 63;

			*p++ = i + k > s.len ? '='
			       : six < 62    ? common[six]
			                     : last[alphabet][six - 62];
		}
	}
	return out;
}
