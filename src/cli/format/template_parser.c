/* Tokens, nodes and errors of the template parser. See template_parser.h. */
#include "cli/format/template_parser.h"

const struct token *parser_peek(const struct parser *p)
{
	return &p->t->tokens.v[MIN(p->next, p->t->tokens.n - 1)];
}

const struct token *parser_next(struct parser *p)
{
	const struct token *t = parser_peek(p);

	p->next++;
	return t;
}

const struct token *parser_next_solid(struct parser *p)
{
	while (parser_peek(p)->kind == TOKEN_SPACE)
		p->next++;
	return parser_next(p);
}

const struct token *parser_peek_solid(struct parser *p)
{
	while (parser_peek(p)->kind == TOKEN_SPACE)
		p->next++;
	return parser_peek(p);
}

void *parser_fail(struct parser *p, const char *fmt, ...)
{
	const struct token *last =
	        &p->t->tokens.v[MIN(p->next ? p->next - 1 : 0, p->t->tokens.n - 1)];
	int line, column;
	va_list ap;

	template_place(p->t->text, last->pos, &line, &column);
	va_start(ap, fmt);
	err_set(p->e, ERR_INVALID, "template: %s:%d: %s", p->t->name, line,
	        arena_vprintf(p->a, fmt, ap));
	va_end(ap);
	return NULL;
}

void *parser_unexpected(struct parser *p, const struct token *t, const char *context)
{
	int len = (int)MIN(t->text.len, (size_t)10);

	if (t->kind == TOKEN_ERROR)
		return parser_fail(p, "%.*s", (int)t->text.len, t->text.data);
	if (t->kind == TOKEN_EOF)
		return parser_fail(p, "unexpected EOF");
	if (t->kind >= TOKEN_DOT)
		return parser_fail(p, "unexpected <%.*s> in %s", (int)t->text.len, t->text.data,
		                   context);
	return parser_fail(p, "unexpected \"%.*s\"%s in %s", len, t->text.data,
	                   t->text.len > 10 ? "..." : "", context);
}

bool parser_expect(struct parser *p, enum token_kind kind, const char *context)
{
	const struct token *t = parser_next_solid(p);

	if (t->kind == kind)
		return true;
	parser_unexpected(p, t, context);
	return false;
}

struct node *parser_node(struct parser *p, enum node_kind kind, const struct token *t)
{
	struct node *n = arena_new(p->a, struct node);

	n->kind = kind;
	n->pos = t->pos;
	n->text = t->text;
	return n;
}

bool parser_deeper(struct parser *p)
{
	if (p->depth++ < TEMPLATE_DEPTH)
		return true;
	parser_fail(p, "nested too deeply");
	return false;
}
