/* A small TOML reader. See toml.h. The text is NUL-terminated (file_read does that). */
#include "containerd/toml.h"

#include <ctype.h>
#include <string.h>

struct reader {
	struct arena *a;
	const char *at;
	int line;
	struct err *e;
};

static int fail(struct reader *r, const char *what)
{
	return err_set(r->e, ERR_INVALID, "line %d: %s", r->line, what);
}

static void skip_blanks(struct reader *r)
{
	while (*r->at == ' ' || *r->at == '\t' || *r->at == '\r')
		r->at++;
}

/* Blanks, comments and line ends. */
static void skip_space(struct reader *r)
{
	for (;;) {
		skip_blanks(r);
		if (*r->at == '#')
			r->at += strcspn(r->at, "\n");
		if (*r->at != '\n')
			return;
		r->line++;
		r->at++;
	}
}

/* ---- strings and keys ---- */

static int read_escape(struct reader *r, struct buf *out)
{
	static const char table[] = "b\bt\tn\nf\fr\r\"\"\\\\";
	char c = *r->at;

	if (c == '\0')
		return fail(r, "string without end");
	r->at++;
	for (const char *x = table; *x; x += 2) {
		if (*x == c) {
			buf_addc(out, x[1]);
			return 0;
		}
	}
	return fail(r, "unsupported escape in a string");
}

static const char *read_string(struct reader *r)
{
	_cleanup_buf_ struct buf out = { 0 };
	char quote = *r->at++;

	while (*r->at != quote) {
		if (*r->at == '\0' || *r->at == '\n') {
			fail(r, "string without end");
			return NULL;
		}
		if (*r->at != '\\' || quote == '\'') {
			buf_addc(&out, *r->at++);
			continue;
		}
		r->at++;
		if (read_escape(r, &out) < 0)
			return NULL;
	}
	r->at++;
	return arena_strdup(r->a, buf_cstr(&out));
}

static bool is_bare(char c)
{
	return isalnum((unsigned char)c) || c == '_' || c == '-';
}

static const char *read_key_part(struct reader *r)
{
	const char *start = r->at;

	if (*r->at == '"' || *r->at == '\'')
		return read_string(r);
	while (is_bare(*r->at))
		r->at++;
	if (r->at == start) {
		fail(r, "expected a key");
		return NULL;
	}
	return arena_strndup(r->a, start, (size_t)(r->at - start));
}

/* a.b."c.d": all but the last part go to *table (may be NULL when one name is wanted). */
static int read_key(struct reader *r, const char **table, const char **key)
{
	const char *part, *head = "";

	for (;;) {
		skip_blanks(r);
		part = read_key_part(r);
		if (!part)
			return -1;
		skip_blanks(r);
		if (*r->at != '.')
			break;
		r->at++;
		head = *head ? arena_printf(r->a, "%s.%s", head, part) : part;
	}
	*table = head;
	*key = part;
	return 0;
}

static const char *join(struct arena *a, const char *x, const char *y)
{
	return !*x ? y : !*y ? x : arena_printf(a, "%s.%s", x, y);
}

/* ---- values ---- */

static int read_value(struct reader *r, struct toml_value *v);

static int read_array(struct reader *r, struct toml_value *v)
{
	v->kind = TOML_STRINGS;
	r->at++;
	for (;;) {
		struct toml_value item = { 0 };

		skip_space(r);
		if (*r->at == ']')
			break;
		if (read_value(r, &item) < 0)
			return -1;
		if (item.kind == TOML_STRING)
			arena_push(r->a, &v->strings, item.string);
		else
			v->kind = TOML_OTHER;
		skip_space(r);
		if (*r->at == ',')
			r->at++;
		else if (*r->at != ']')
			return fail(r, "expected , or ] in an array");
	}
	r->at++;
	return 0;
}

/* Inline tables are not looked into. */
static int skip_inline_table(struct reader *r, struct toml_value *v)
{
	int depth = 0;

	v->kind = TOML_OTHER;
	do {
		if (*r->at == '\0' || *r->at == '\n')
			return fail(r, "inline table without end");
		if (*r->at == '"' || *r->at == '\'') {
			if (!read_string(r))
				return -1;
			continue;
		}
		depth += *r->at == '{' ? 1 : *r->at == '}' ? -1 : 0;
		r->at++;
	} while (depth > 0);
	return 0;
}

static int read_word(struct reader *r, struct toml_value *v)
{
	size_t n = strcspn(r->at, ",]}#\r\n\t ");

	if (n == 0)
		return fail(r, "expected a value");
	v->string = arena_strndup(r->a, r->at, n);
	r->at += n;
	if (str_eq(v->string, "true") || str_eq(v->string, "false")) {
		v->kind = TOML_BOOL;
		v->boolean = v->string[0] == 't';
	} else {
		v->kind = str_i64(v->string, &v->integer) ? TOML_INTEGER : TOML_OTHER;
	}
	return 0;
}

static int read_value(struct reader *r, struct toml_value *v)
{
	if (*r->at == '"' || *r->at == '\'') {
		v->kind = TOML_STRING;
		v->string = read_string(r);
		return v->string ? 0 : -1;
	}
	if (*r->at == '[')
		return read_array(r, v);
	if (*r->at == '{')
		return skip_inline_table(r, v);
	return read_word(r, v);
}

/* ---- lines ---- */

static int read_table(struct reader *r, const char **table)
{
	const char *head, *last;
	bool array = r->at[1] == '[';

	r->at += array ? 2 : 1;
	if (read_key(r, &head, &last) < 0)
		return -1;
	if (strncmp(r->at, "]]", array ? 2 : 1) != 0)
		return fail(r, "expected ] after a table's name");
	r->at += array ? 2 : 1;
	*table = join(r->a, head, last);
	return 0;
}

static int read_pair(struct reader *r, const char *table, toml_fn *fn, void *arg)
{
	struct toml_value v = { 0 };
	const char *head, *key;

	if (read_key(r, &head, &key) < 0)
		return -1;
	if (*r->at != '=')
		return fail(r, "expected = after a key");
	r->at++;
	skip_blanks(r);
	if (read_value(r, &v) < 0)
		return -1;
	if (fn(arg, join(r->a, table, head), key, &v, r->e) < 0)
		return err_wrap(r->e, "line %d", r->line);
	return 0;
}

int toml_parse(struct arena *a, struct slice text, toml_fn *fn, void *arg, struct err *e)
{
	struct reader r = { .a = a, .at = text.data, .line = 1, .e = e };
	const char *table = "";

	for (;;) {
		skip_space(&r);
		if (*r.at == '\0')
			return 0;
		if ((*r.at == '[' ? read_table(&r, &table) : read_pair(&r, table, fn, arg)) < 0)
			return -1;
		skip_blanks(&r);
		if (*r.at && *r.at != '\n' && *r.at != '#')
			return fail(&r, "unexpected text at the end of the line");
	}
}

void toml_quote(struct buf *b, const char *s)
{
	buf_addc(b, '"');
	for (; *s; s++) {
		if (*s == '"' || *s == '\\')
			buf_addc(b, '\\');
		buf_addc(b, *s);
	}
	buf_addc(b, '"');
}
