/* Filters: a scanner, a parser, the match. See filter.h. */
#include "containerd/filter.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include "base/pattern.h"
#include "base/limits.h"
#include "base/mem.h"
#include "base/str.h"

enum op { OP_PRESENT, OP_EQUAL, OP_NOT_EQUAL, OP_MATCHES };

struct selector {
	struct strs path;
	enum op op;
	const char *value;
	regex_t regex; /* OP_MATCHES */
};

struct clause {
	size_t n;
	struct selector **v;
};

struct filter {
	struct arena arena;
	struct {
		size_t n;
		struct clause *v;
	} clauses;
};

struct parser {
	struct arena *a;
	const char *text, *at;
};

static int parse_error(const struct parser *p, struct err *e, const char *what)
{
	return err_set(e, ERR_INVALID,
	               "filters: parse error: [%.*s >|%.1s|< %s]: %s: invalid argument",
	               (int)(p->at - p->text), p->text, p->at, *p->at ? p->at + 1 : "", what);
}

static void skip_blanks(struct parser *p)
{
	while (isspace((unsigned char)*p->at))
		p->at++;
}

static bool is_field_char(char c)
{
	return c == '_' || isalnum((unsigned char)c);
}

/* ---- quoted text: Go's escapes ---- */

static const char escapes[] = "a\ab\bf\fn\nr\rt\tv\v\\\\";

static int parse_escape(struct parser *p, char quote, struct buf *out)
{
	char c = *p->at, hex[3] = { 0 };

	if (c == '\0')
		return -1;
	p->at++;
	if (c == quote) {
		buf_addc(out, c);
		return 0;
	}
	for (const char *x = escapes; *x; x += 2) {
		if (*x == c) {
			buf_addc(out, x[1]);
			return 0;
		}
	}
	if (c != 'x' || !isxdigit((unsigned char)p->at[0]) || !isxdigit((unsigned char)p->at[1]))
		return -1;
	memcpy(hex, p->at, 2);
	p->at += 2;
	buf_addc(out, (char)strtol(hex, NULL, 16));
	return 0;
}

static const char *parse_quoted(struct parser *p, struct err *e)
{
	_cleanup_buf_ struct buf out = { 0 };
	char quote = *p->at++;

	while (*p->at != quote) {
		if (*p->at == '\0' || *p->at == '\n') {
			parse_error(p, e, "quoted literal not terminated");
			return NULL;
		}
		if (*p->at != '\\') {
			buf_addc(&out, *p->at++);
			continue;
		}
		p->at++;
		if (parse_escape(p, quote, &out) < 0) {
			parse_error(p, e, "illegal escape sequence");
			return NULL;
		}
	}
	p->at++;
	return arena_strdup(p->a, buf_cstr(&out));
}

/* ---- the grammar ---- */

static int parse_path(struct parser *p, struct strs *path, struct err *e)
{
	do {
		const char *start, *name;

		skip_blanks(p);
		start = p->at;
		if (*p->at == '"') {
			name = parse_quoted(p, e);
			if (!name)
				return -1;
		} else {
			while (is_field_char(*p->at))
				p->at++;
			if (p->at == start)
				return parse_error(p, e, "expected field or quoted");
			name = arena_strndup(p->a, start, (size_t)(p->at - start));
		}
		arena_push(p->a, path, name);
		skip_blanks(p);
	} while (*p->at == '.' && p->at++);
	return 0;
}

static int parse_value(struct parser *p, struct selector *s, struct err *e)
{
	const char *start;

	skip_blanks(p);
	start = p->at;
	if (*start == '"' || (s->op == OP_MATCHES && (*start == '|' || *start == '/'))) {
		s->value = parse_quoted(p, e);
		return s->value ? 0 : -1;
	}
	if (*start == '|' || *start == '/')
		return parse_error(p, e, "invalid quote encountered");
	while (*p->at && *p->at != ',' && !isspace((unsigned char)*p->at))
		p->at++;
	if (p->at == start)
		return parse_error(p, e, "expected value or quoted");
	s->value = arena_strndup(p->a, start, (size_t)(p->at - start));
	return 0;
}

static int parse_op(struct parser *p, enum op *op, struct err *e)
{
	static const char *const names[] = {
		[OP_EQUAL] = "==", [OP_NOT_EQUAL] = "!=", [OP_MATCHES] = "~="
	};

	for (size_t i = OP_EQUAL; i < ARRAY_LEN(names); i++) {
		if (str_starts(p->at, names[i])) {
			*op = (enum op)i;
			p->at += 2;
			return 0;
		}
	}
	return parse_error(p, e, "expected an operator (\"==\"|\"!=\"|\"~=\")");
}

static int parse_selector(struct parser *p, struct selector *s, struct err *e)
{
	if (parse_path(p, &s->path, e) < 0)
		return -1;
	if (*p->at == '\0' || *p->at == ',')
		return 0;
	if (parse_op(p, &s->op, e) < 0 || parse_value(p, s, e) < 0)
		return -1;
	if (s->op == OP_MATCHES && !regex_compile(&s->regex, s->value)) {
		s->op = OP_EQUAL;
		return err_set(e, ERR_INVALID,
		               "filters: malformed regular expression %s: invalid argument",
		               s->value);
	}
	skip_blanks(p);
	return 0;
}

static int parse_clause(struct arena *a, const char *text, struct clause *c, struct err *e)
{
	struct parser p = { .a = a, .text = text, .at = text };

	do {
		struct selector *s = arena_new(a, struct selector);

		if (parse_selector(&p, s, e) < 0)
			return -1;
		arena_push(a, c, s);
	} while (*p.at == ',' && p.at++);
	return *p.at ? parse_error(&p, e, "unexpected input") : 0;
}

int filter_parse(size_t n, const char *const *texts, struct filter **out, struct err *e)
{
	_cleanup_filter_ struct filter *f = NULL;

	*out = NULL;
	for (size_t i = 0; i < n; i++)
		if (str_empty(texts[i]))
			return 0;
	if (n == 0)
		return 0;
	if (n > LIMIT_FILTERS)
		return err_set(e, ERR_INVALID, "too many filters: invalid argument");
	f = xalloc(sizeof(*f));
	for (size_t i = 0; i < n; i++) {
		struct clause none = { 0 };

		if (strlen(texts[i]) > LIMIT_FILTER_BYTES)
			return err_set(e, ERR_INVALID, "filter too long: invalid argument");
		arena_push(&f->arena, &f->clauses, none);
		if (parse_clause(&f->arena, texts[i], &f->clauses.v[i], e) < 0)
			return -1;
	}
	*out = take_ptr(f);
	return 0;
}

void filter_free(struct filter *f)
{
	if (!f)
		return;
	for (size_t i = 0; i < f->clauses.n; i++)
		for (size_t j = 0; j < f->clauses.v[i].n; j++)
			if (f->clauses.v[i].v[j]->op == OP_MATCHES)
				regfree(&f->clauses.v[i].v[j]->regex);
	arena_free(&f->arena);
	free(f);
}

void filter_cleanup(struct filter **f)
{
	filter_free(*f);
}

/* ---- the match ---- */

static bool selector_match(const struct selector *s, filter_field *get, const void *object)
{
	const char *value = get(object, &s->path);

	switch (s->op) {
	case OP_PRESENT:
		return value != NULL;
	case OP_EQUAL:
		return value && strcmp(value, s->value) == 0;
	case OP_NOT_EQUAL:
		return strcmp(value ? value : "", s->value) != 0;
	case OP_MATCHES:
		return regexec(&s->regex, value ? value : "", 0, NULL, 0) == 0;
	}
	return false;
}

static bool clause_match(const struct clause *c, filter_field *get, const void *object)
{
	for (size_t i = 0; i < c->n; i++)
		if (!selector_match(c->v[i], get, object))
			return false;
	return true;
}

bool filter_match(const struct filter *f, filter_field *get, const void *object)
{
	if (!f)
		return true;
	for (size_t i = 0; i < f->clauses.n; i++)
		if (clause_match(&f->clauses.v[i], get, object))
			return true;
	return false;
}
