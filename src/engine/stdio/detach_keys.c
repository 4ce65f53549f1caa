/* The keys that detach a client from a container: "ctrl-p,ctrl-q". */
#include "engine/stdio/stdio_internal.h"

/* "a", "ctrl-a".."ctrl-z", "ctrl-@", "ctrl-[", "ctrl-\", "ctrl-]", "ctrl-^", "ctrl-_" */
static bool parse_key(struct slice word, unsigned char *out)
{
	unsigned char c;

	if (word.len == 1) {
		*out = (unsigned char)word.data[0];
		return true;
	}
	if (word.len != 6 || memcmp(word.data, "ctrl-", 5) != 0)
		return false;
	c = (unsigned char)word.data[5];
	if (c >= 'a' && c <= 'z')
		c -= 'a' - 'A';
	*out = c & 0x1f;
	return c >= '@' && c <= '_';
}

int detach_keys_parse(const char *text, struct detach_keys *out, struct err *e)
{
	*out = (struct detach_keys){ 0 };
	for (const char *s = text ? text : ""; *s;) {
		struct slice word = { s, strcspn(s, ",") };

		if (word.len == 0) /* the comma itself */
			word.len = 1;
		if (out->n >= DETACH_KEYS_MAX || !parse_key(word, &out->seq[out->n]))
			return err_set(e, ERR_INVALID,
			               "Invalid detach keys (%s) provided: Unknown "
			               "character: '%.*s'",
			               text, (int)word.len, word.data);
		out->n++;
		s += word.len;
		s += *s == ',';
	}
	return 0;
}

int detach_keys_check(const char *keys, struct err *e)
{
	struct detach_keys ignored;

	return detach_keys_parse(keys, &ignored, e);
}

bool detach_keys_filter(struct detach_keys *k, const unsigned char *p, size_t n, struct buf *out)
{
	for (size_t i = 0; i < n; i++) {
		if (k->n && p[i] == k->seq[k->matched]) {
			if (++k->matched == k->n)
				return true;
			continue;
		}
		/* No sequence after all: what was held back belongs to the process. */
		buf_add(out, k->seq, k->matched);
		k->matched = 0;
		if (k->n && p[i] == k->seq[0])
			k->matched = 1;
		else
			buf_addc(out, (char)p[i]);
	}
	return false;
}
