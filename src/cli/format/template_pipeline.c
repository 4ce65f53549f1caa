/*
 * Pipelines of templates, one function a rule:
 *
 *     pipeline = [ $v [ "," $v ] ( ":=" | "=" ) ] command { "|" command }
 *     command  = operand { space operand }
 *     operand  = ( "." | .Field | $v | function | constant | "(" pipeline ")" ) { .Field }
 */
#include "cli/format/go_literal.h"
#include "cli/format/template_parser.h"

/* --- operands --- */

static bool variable_known(const struct parser *p, struct slice name)
{
	for (size_t i = 0; i < p->variables.n; i++)
		if (slice_eq(name, p->variables.v[i]))
			return true;
	return slice_eq(name, "$");
}

static struct node *parse_variable(struct parser *p, const struct token *t)
{
	struct node *n = parser_node(p, NODE_VARIABLE, t);

	if (!variable_known(p, t->text))
		return parser_fail(p, "undefined variable \"%.*s\"", (int)t->text.len,
		                   t->text.data);
	arena_push(p->a, &n->names, t->text);
	return n;
}

static struct node *parse_function(struct parser *p, const struct token *t)
{
	if (!template_function(t->text))
		return parser_fail(p, "function \"%.*s\" not defined", (int)t->text.len,
		                   t->text.data);
	return parser_node(p, NODE_IDENTIFIER, t);
}

static struct node *parse_field(struct parser *p, const struct token *t)
{
	struct node *n = parser_node(p, NODE_FIELD, t);
	struct slice name = { t->text.data + 1, t->text.len - 1 };

	arena_push(p->a, &n->names, name);
	return n;
}

static struct node *parse_constant(struct parser *p, const struct token *t)
{
	struct node *n = parser_node(p, NODE_NUMBER, t);

	switch (t->kind) {
	case TOKEN_BOOL:
		n->kind = NODE_BOOL;
		n->value = value_bool(slice_eq(t->text, "true"));
		return n;
	case TOKEN_STRING:
		n->kind = NODE_STRING;
		if (!go_unquote(p->a, t->text, &n->value.text))
			return parser_fail(p, "invalid syntax");
		n->value.kind = VALUE_STRING;
		return n;
	case TOKEN_CHARACTER:
		if (!go_unquote_char(t->text, &n->value.integer))
			return parser_fail(p, "malformed character constant: %.*s",
			                   (int)t->text.len, t->text.data);
		n->value.kind = VALUE_INT;
		return n;
	default:
		if (!go_number(t->text, &n->value))
			return parser_fail(p, "bad number syntax: \"%.*s\"", (int)t->text.len,
			                   t->text.data);
		return n;
	}
}

static struct node *parse_parens(struct parser *p)
{
	struct node *pipe;

	if (!parser_deeper(p))
		return NULL;
	pipe = parser_pipeline(p, "parenthesized pipeline", TOKEN_CLOSE);
	p->depth--;
	return pipe;
}

/* NULL without an error when no operand begins here. */
static struct node *parse_term(struct parser *p, bool *failed)
{
	const struct token *t = parser_next_solid(p);
	struct node *n = NULL;

	switch (t->kind) {
	case TOKEN_IDENTIFIER:
		n = parse_function(p, t);
		break;
	case TOKEN_DOT:
		n = parser_node(p, NODE_DOT, t);
		break;
	case TOKEN_NIL:
		n = parser_node(p, NODE_NIL, t);
		break;
	case TOKEN_VARIABLE:
		n = parse_variable(p, t);
		break;
	case TOKEN_FIELD:
		n = parse_field(p, t);
		break;
	case TOKEN_BOOL:
	case TOKEN_NUMBER:
	case TOKEN_CHARACTER:
	case TOKEN_STRING:
		n = parse_constant(p, t);
		break;
	case TOKEN_OPEN:
		n = parse_parens(p);
		break;
	default:
		p->next--;
		return NULL;
	}
	*failed = n == NULL;
	return n;
}

/* Fields behind an operand join it: .A.B is one field node, (x).A a chain. */
static struct node *parse_operand(struct parser *p, bool *failed)
{
	struct node *n = parse_term(p, failed);

	if (!n || parser_peek(p)->kind != TOKEN_FIELD)
		return n;
	if (n->kind == NODE_BOOL || n->kind == NODE_STRING || n->kind == NODE_NUMBER ||
	    n->kind == NODE_NIL || n->kind == NODE_DOT) {
		*failed = true;
		return parser_fail(p, "unexpected . after term \"%.*s\"", (int)n->text.len,
		                   n->text.data);
	}
	if (n->kind != NODE_FIELD && n->kind != NODE_VARIABLE) {
		struct node *chain = parser_node(p, NODE_CHAIN, parser_peek(p));

		arena_push(p->a, &chain->kids, n);
		n = chain;
	}
	n->pos = parser_peek(p)->pos;
	while (parser_peek(p)->kind == TOKEN_FIELD) {
		struct slice text = parser_next(p)->text;
		struct slice name = { text.data + 1, text.len - 1 };

		arena_push(p->a, &n->names, name);
	}
	return n;
}

/* --- commands and pipelines --- */

static struct node *parse_command(struct parser *p)
{
	struct node *command = parser_node(p, NODE_COMMAND, parser_peek_solid(p));

	for (;;) {
		bool failed = false;
		struct node *operand = parse_operand(p, &failed);
		const struct token *t;

		if (failed)
			return NULL;
		if (operand)
			arena_push(p->a, &command->kids, operand);
		t = parser_next(p);
		if (t->kind == TOKEN_SPACE && operand)
			continue;
		if (t->kind == TOKEN_RIGHT || t->kind == TOKEN_CLOSE)
			p->next--;
		else if (t->kind != TOKEN_PIPE)
			return parser_unexpected(p, t, "operand");
		break;
	}
	if (!command->kids.n)
		return parser_fail(p, "empty command");
	return command;
}

/* Counts the names of a declaration: "$v" { "," "$w" } followed by ":=" or "="; 0 for none. */
static size_t count_declared(const struct parser *p)
{
	const struct token *t = &p->t->tokens.v[p->next];
	size_t names = 0;

	while (t->kind == TOKEN_VARIABLE) {
		names++;
		for (t++; t->kind == TOKEN_SPACE; t++)
			;
		if (t->kind == TOKEN_DECLARE || t->kind == TOKEN_ASSIGN)
			return names;
		if (t->kind != TOKEN_COMMA)
			return 0;
		for (t++; t->kind == TOKEN_SPACE; t++)
			;
	}
	return 0;
}

static bool bind_names(struct parser *p, const struct node *pipe)
{
	for (size_t i = 0; i < pipe->names.n; i++) {
		struct slice name = pipe->names.v[i];

		if (pipe->assigns && !variable_known(p, name)) {
			parser_fail(p, "undefined variable \"%.*s\"", (int)name.len, name.data);
			return false;
		}
		if (!pipe->assigns)
			arena_push(p->a, &p->variables, arena_strndup(p->a, name.data, name.len));
	}
	return true;
}

/* Two names, index and element, are for range alone. */
static bool parse_declarations(struct parser *p, struct node *pipe, const char *context)
{
	size_t names;

	parser_peek_solid(p);
	names = count_declared(p);
	for (size_t i = 0; i < names; i++) {
		const struct token *v = parser_next_solid(p);
		const struct token *op = parser_next_solid(p);

		arena_push(p->a, &pipe->names, v->text);
		pipe->assigns = op->kind == TOKEN_ASSIGN;
	}
	if (names > (str_eq(context, "range") ? 2 : 1)) {
		parser_fail(p, "too many declarations in %s", context);
		return false;
	}
	return bind_names(p, pipe);
}

static bool executable_stage(const struct node *command)
{
	enum node_kind k = command->kids.v[0]->kind;

	return k != NODE_BOOL && k != NODE_DOT && k != NODE_NIL && k != NODE_NUMBER &&
	       k != NODE_STRING;
}

static struct node *check_pipeline(struct parser *p, struct node *pipe, const char *context)
{
	if (!pipe->kids.n)
		return parser_fail(p, "missing value for %s", context);
	for (size_t i = 1; i < pipe->kids.n; i++)
		if (!executable_stage(pipe->kids.v[i]))
			return parser_fail(p, "non executable command in pipeline stage %zu",
			                   i + 1);
	return pipe;
}

struct node *parser_pipeline(struct parser *p, const char *context, enum token_kind end)
{
	struct node *pipe = parser_node(p, NODE_PIPE, parser_peek_solid(p));

	if (!parse_declarations(p, pipe, context))
		return NULL;
	for (;;) {
		const struct token *t = parser_next_solid(p);
		struct node *command;

		if (t->kind == end)
			return check_pipeline(p, pipe, context);
		if (t->kind < TOKEN_BOOL && t->kind != TOKEN_OPEN)
			return parser_unexpected(p, t, context);
		if (t->kind >= TOKEN_BLOCK)
			return parser_unexpected(p, t, context);
		p->next--;
		command = parse_command(p);
		if (!command)
			return NULL;
		arena_push(p->a, &pipe->kids, command);
	}
}
