/* See csv.h. */
#include "cli/spec/csv.h"

#include <ctype.h>

#include "base/str.h"

/* A field in double quotes; "" in it is one. Returns what follows the closing quote, or NULL. */
static const char *quoted(const char *p, struct buf *field)
{
	for (p++; *p; p++) {
		if (*p != '"') {
			buf_addc(field, *p);
			continue;
		}
		if (p[1] != '"')
			return p + 1;
		buf_addc(field, *++p);
	}
	return NULL;
}

int csv_split(struct arena *a, const char *text, struct strs *out, struct err *e)
{
	const char *p = text;

	*out = (struct strs){ 0 };
	for (;;) {
		_cleanup_buf_ struct buf field = { 0 };

		if (*p == '"') {
			p = quoted(p, &field);
			if (!p || (*p && *p != ','))
				return err_set(e, ERR_INVALID,
				               "extraneous or missing \" in quoted-field: %s",
				               text);
		} else {
			size_t n = strcspn(p, ",");

			if (memchr(p, '"', n))
				return err_set(e, ERR_INVALID, "bare \" in non-quoted-field: %s",
				               text);
			buf_add(&field, p, n);
			p += n;
		}
		arena_push(a, out, arena_strdup(a, buf_cstr(&field)));
		if (!*p)
			return 0;
		p++;
	}
}

void csv_pair(struct arena *a, const char *field, const char **key, const char **value)
{
	const char *eq = strchr(field, '=');
	char *k = arena_strndup(a, field, eq ? (size_t)(eq - field) : strlen(field));

	for (char *p = k; *p; p++)
		*p = (char)tolower((unsigned char)*p);
	*key = k;
	*value = eq ? eq + 1 : NULL;
}
