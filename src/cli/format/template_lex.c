/*
 * The lexer of templates: text becomes tokens, in one pass, with `{{-` and `-}}` trimming applied.
 * The lexical grammar is that of https://pkg.go.dev/text/template.
 */
#include "cli/format/template_internal.h"

#include <ctype.h>

struct lexer {
	struct arena *a;
	const char *text;
	size_t pos, end;
	int parens;
	bool failed;
	struct tokens *out;
};

static const char blanks[] = " \t\r\n";

static bool is_blank(char c)
{
	return c && strchr(blanks, c);
}

/* Letters of any script count: every byte of a multi-byte character does. */
static bool is_word(char c)
{
	return c == '_' || isalnum((unsigned char)c) || (unsigned char)c >= 0x80;
}

static const char *at(const struct lexer *l)
{
	return l->text + l->pos;
}

static void emit(struct lexer *l, enum token_kind kind, size_t len)
{
	struct token t = { kind, l->pos, { at(l), len } };

	arena_push(l->a, l->out, t);
	l->pos += len;
}

static void fail(struct lexer *l, const char *message)
{
	struct token t = { TOKEN_ERROR, l->pos, slice_of(message) };

	arena_push(l->a, l->out, t);
	l->failed = true;
}

static bool right_delimiter(const struct lexer *l, size_t *len)
{
	const char *p = at(l);

	if (is_blank(p[0]) && str_starts(p + 1, "-}}")) {
		*len = 4;
		return true;
	}
	*len = 2;
	return str_starts(p, "}}");
}

static void skip_blanks(struct lexer *l)
{
	while (is_blank(*at(l)))
		l->pos++;
}

/* After the text of a right delimiter of `len` bytes: a trimming one swallows what follows. */
static void close_action(struct lexer *l, size_t len)
{
	emit(l, TOKEN_RIGHT, len);
	if (len > 2)
		skip_blanks(l);
}

static void lex_comment(struct lexer *l)
{
	const char *end = strstr(at(l), "*/");
	size_t len;

	if (!end) {
		fail(l, "unclosed comment");
		return;
	}
	l->pos = (size_t)(end + 2 - l->text);
	if (!right_delimiter(l, &len)) {
		fail(l, "comment ends before closing delimiter");
		return;
	}
	l->pos += len;
	if (len > 2)
		skip_blanks(l);
}

/* A quoted constant up to an unescaped `quote`. */
static void lex_quoted(struct lexer *l, char quote, enum token_kind kind, const char *unterminated)
{
	const char *p = at(l) + 1;

	for (; *p && *p != quote && *p != '\n'; p++)
		if (*p == '\\' && p[1] && p[1] != '\n')
			p++;
	if (*p != quote)
		fail(l, unterminated);
	else
		emit(l, kind, (size_t)(p + 1 - at(l)));
}

static void lex_raw(struct lexer *l)
{
	const char *end = strchr(at(l) + 1, '`');

	if (!end)
		fail(l, "unterminated raw quoted string");
	else
		emit(l, TOKEN_STRING, (size_t)(end + 1 - at(l)));
}

static void lex_number(struct lexer *l)
{
	const char *p = at(l);
	bool hex;

	if (*p == '+' || *p == '-')
		p++;
	hex = p[0] == '0' && (p[1] == 'x' || p[1] == 'X');
	while (isalnum((unsigned char)*p) || *p == '_' || *p == '.' ||
	       ((*p == '+' || *p == '-') && !hex && (p[-1] == 'e' || p[-1] == 'E')))
		p++;
	emit(l, TOKEN_NUMBER, (size_t)(p - at(l)));
}

static bool ends_word(const struct lexer *l, const char *p)
{
	size_t len;
	struct lexer here = *l;

	here.pos = (size_t)(p - l->text);
	return !*p || is_blank(*p) || strchr(".,|:)(", *p) || right_delimiter(&here, &len);
}

static void bad_character(struct lexer *l, const char *p)
{
	l->pos = (size_t)(p - l->text);
	fail(l, arena_printf(l->a, "bad character U+%04X '%c'", (unsigned char)*p, *p));
}

/* A field or a variable: one leading character and a word, which may be empty. */
static void lex_name(struct lexer *l, enum token_kind kind, enum token_kind bare)
{
	const char *p = at(l) + 1;

	while (is_word(*p))
		p++;
	if (!ends_word(l, p))
		bad_character(l, p);
	else
		emit(l, p == at(l) + 1 ? bare : kind, (size_t)(p - at(l)));
}

static enum token_kind word_kind(struct slice word)
{
	static const struct {
		const char *word;
		enum token_kind kind;
	} keywords[] = {
		{ "block", TOKEN_BLOCK },       { "break", TOKEN_BREAK },
		{ "continue", TOKEN_CONTINUE }, { "define", TOKEN_DEFINE },
		{ "else", TOKEN_ELSE },         { "end", TOKEN_END },
		{ "false", TOKEN_BOOL },        { "if", TOKEN_IF },
		{ "nil", TOKEN_NIL },           { "range", TOKEN_RANGE },
		{ "template", TOKEN_TEMPLATE }, { "true", TOKEN_BOOL },
		{ "with", TOKEN_WITH },
	};

	for (size_t i = 0; i < ARRAY_LEN(keywords); i++)
		if (slice_eq(word, keywords[i].word))
			return keywords[i].kind;
	return TOKEN_IDENTIFIER;
}

static void lex_word(struct lexer *l)
{
	const char *p = at(l);

	while (is_word(*p))
		p++;
	if (!ends_word(l, p))
		bad_character(l, p);
	else
		emit(l, word_kind((struct slice){ at(l), (size_t)(p - at(l)) }),
		     (size_t)(p - at(l)));
}

static void lex_paren(struct lexer *l)
{
	bool open = *at(l) == '(';

	if (!open && l->parens == 0) {
		fail(l, "unexpected right paren");
		return;
	}
	l->parens += open ? 1 : -1;
	emit(l, open ? TOKEN_OPEN : TOKEN_CLOSE, 1);
}

static void lex_symbol(struct lexer *l)
{
	char c = *at(l);

	if (c == '|')
		emit(l, TOKEN_PIPE, 1);
	else if (c == ',')
		emit(l, TOKEN_COMMA, 1);
	else if (c == '=')
		emit(l, TOKEN_ASSIGN, 1);
	else if (c == ':' && at(l)[1] == '=')
		emit(l, TOKEN_DECLARE, 2);
	else if (c == ':')
		fail(l, "expected :=");
	else if (isprint((unsigned char)c))
		emit(l, TOKEN_CHAR, 1);
	else
		fail(l, arena_printf(l->a, "unrecognized character in action: U+%04X",
		                     (unsigned char)c));
}

static void lex_one(struct lexer *l)
{
	char c = *at(l);

	if (c == '"')
		lex_quoted(l, '"', TOKEN_STRING, "unterminated quoted string");
	else if (c == '\'')
		lex_quoted(l, '\'', TOKEN_CHARACTER, "unterminated character constant");
	else if (c == '`')
		lex_raw(l);
	else if (c == '$')
		lex_name(l, TOKEN_VARIABLE, TOKEN_VARIABLE);
	else if (isdigit((unsigned char)c) || c == '+' || c == '-' ||
	         (c == '.' && isdigit((unsigned char)at(l)[1])))
		lex_number(l);
	else if (c == '.')
		lex_name(l, TOKEN_FIELD, TOKEN_DOT);
	else if (is_word(c))
		lex_word(l);
	else if (c == '(' || c == ')')
		lex_paren(l);
	else
		lex_symbol(l);
}

/* A run of blanks ends before the blank of " -}}", which belongs to the delimiter. */
static void lex_space(struct lexer *l)
{
	size_t n = strspn(at(l), blanks);

	if (str_starts(at(l) + n, "-}}"))
		n--;
	emit(l, TOKEN_SPACE, n);
}

/* From behind the left delimiter to behind the right one. */
static void lex_action(struct lexer *l)
{
	size_t len;

	l->parens = 0;
	while (!l->failed && !right_delimiter(l, &len)) {
		if (l->pos >= l->end)
			fail(l, "unclosed action");
		else if (is_blank(*at(l)))
			lex_space(l);
		else
			lex_one(l);
	}
	if (l->failed)
		return;
	if (l->parens)
		fail(l, "unclosed left paren");
	else
		close_action(l, len);
}

/* The text before an action; `trim` drops its trailing blanks. */
static void lex_text(struct lexer *l, size_t len, bool trim)
{
	size_t keep = len;

	while (trim && keep > 0 && is_blank(at(l)[keep - 1]))
		keep--;
	if (keep)
		emit(l, TOKEN_TEXT, keep);
	l->pos += len - keep;
}

static void lex_left(struct lexer *l, bool trim)
{
	size_t skip = trim ? 3 : 0; /* "- " and what follows is skipped as space below */

	if (str_starts(at(l) + 2 + (trim ? 2 : 0), "/*")) {
		l->pos += 2 + (trim ? 2 : 0);
		lex_comment(l);
		return;
	}
	emit(l, TOKEN_LEFT, skip ? skip : 2);
	lex_action(l);
}

void template_lex(struct arena *a, const char *text, struct tokens *out)
{
	struct lexer l = { .a = a, .text = text, .end = strlen(text), .out = out };

	while (!l.failed) {
		const char *open = strstr(at(&l), "{{");
		bool trim = open && open[2] == '-' && is_blank(open[3]);

		lex_text(&l, open ? (size_t)(open - at(&l)) : l.end - l.pos, trim);
		if (!open)
			break;
		lex_left(&l, trim);
	}
	if (!l.failed)
		emit(&l, TOKEN_EOF, 0);
}
