/*
 * The parser of templates: tokens become nodes by recursive descent, one function a rule.
 *
 *     list     = { text | "{{" action "}}" }
 *     action   = if | range | with | template | define | block | break | continue | pipeline
 *     pipeline = [ $v [ "," $v ] ( ":=" | "=" ) ] command { "|" command }
 *     command  = operand { space operand }
 *     operand  = ( "." | .Field | $v | function | constant | "(" pipeline ")" ) { .Field }
 */
#include "cli/format/template_internal.h"

#include "cli/format/go_literal.h"

struct parser {
	struct arena *a;
	struct template *t;
	size_t next; /* index of the next token */
	int depth, loops;
	struct strs variables; /* in scope, innermost last */
	struct err *e;
};

static struct node *parse_list(struct parser *p, bool *ends_with_else);
static struct node *parse_pipeline(struct parser *p, const char *context, enum token_kind end);

/* --- tokens and errors --- */

static const struct token *peek(const struct parser *p)
{
	return &p->t->tokens.v[MIN(p->next, p->t->tokens.n - 1)];
}

static const struct token *next(struct parser *p)
{
	const struct token *t = peek(p);

	p->next++;
	return t;
}

static const struct token *next_solid(struct parser *p)
{
	while (peek(p)->kind == TOKEN_SPACE)
		p->next++;
	return next(p);
}

static const struct token *peek_solid(struct parser *p)
{
	while (peek(p)->kind == TOKEN_SPACE)
		p->next++;
	return peek(p);
}

static void *fail(struct parser *p, const char *fmt, ...) printf_like(2, 3);
static void *fail(struct parser *p, const char *fmt, ...)
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

static void *unexpected(struct parser *p, const struct token *t, const char *context)
{
	int len = (int)MIN(t->text.len, (size_t)10);

	if (t->kind == TOKEN_ERROR)
		return fail(p, "%.*s", (int)t->text.len, t->text.data);
	if (t->kind == TOKEN_EOF)
		return fail(p, "unexpected EOF");
	if (t->kind >= TOKEN_BLOCK)
		return fail(p, "unexpected <%.*s> in %s", (int)t->text.len, t->text.data, context);
	return fail(p, "unexpected \"%.*s\"%s in %s", len, t->text.data,
	            t->text.len > 10 ? "..." : "", context);
}

static bool expect(struct parser *p, enum token_kind kind, const char *context)
{
	const struct token *t = next_solid(p);

	if (t->kind == kind)
		return true;
	unexpected(p, t, context);
	return false;
}

static struct node *node_new(struct parser *p, enum node_kind kind, const struct token *t)
{
	struct node *n = arena_new(p->a, struct node);

	n->kind = kind;
	n->pos = t->pos;
	n->text = t->text;
	return n;
}

static bool deeper(struct parser *p)
{
	if (p->depth++ < TEMPLATE_DEPTH)
		return true;
	fail(p, "nested too deeply");
	return false;
}

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
	struct node *n = node_new(p, NODE_VARIABLE, t);

	if (!variable_known(p, t->text))
		return fail(p, "undefined variable \"%.*s\"", (int)t->text.len, t->text.data);
	arena_push(p->a, &n->names, t->text);
	return n;
}

static struct node *parse_function(struct parser *p, const struct token *t)
{
	if (!template_function(t->text))
		return fail(p, "function \"%.*s\" not defined", (int)t->text.len, t->text.data);
	return node_new(p, NODE_IDENTIFIER, t);
}

static struct node *parse_field(struct parser *p, const struct token *t)
{
	struct node *n = node_new(p, NODE_FIELD, t);
	struct slice name = { t->text.data + 1, t->text.len - 1 };

	arena_push(p->a, &n->names, name);
	return n;
}

static struct node *parse_constant(struct parser *p, const struct token *t)
{
	struct node *n = node_new(p, NODE_NUMBER, t);

	switch (t->kind) {
	case TOKEN_BOOL:
		n->kind = NODE_BOOL;
		n->value = value_bool(slice_eq(t->text, "true"));
		return n;
	case TOKEN_STRING:
		n->kind = NODE_STRING;
		if (!go_unquote(p->a, t->text, &n->value.text))
			return fail(p, "invalid syntax");
		n->value.kind = VALUE_STRING;
		return n;
	case TOKEN_CHARACTER:
		if (!go_unquote_char(t->text, &n->value.integer))
			return fail(p, "malformed character constant: %.*s", (int)t->text.len,
			            t->text.data);
		n->value.kind = VALUE_INT;
		return n;
	default:
		if (!go_number(t->text, &n->value))
			return fail(p, "bad number syntax: \"%.*s\"", (int)t->text.len,
			            t->text.data);
		return n;
	}
}

static struct node *parse_parens(struct parser *p)
{
	struct node *pipe;

	if (!deeper(p))
		return NULL;
	pipe = parse_pipeline(p, "parenthesized pipeline", TOKEN_CLOSE);
	p->depth--;
	return pipe;
}

/* NULL without an error when no operand begins here. */
static struct node *parse_term(struct parser *p, bool *failed)
{
	const struct token *t = next_solid(p);
	struct node *n = NULL;

	switch (t->kind) {
	case TOKEN_IDENTIFIER:
		n = parse_function(p, t);
		break;
	case TOKEN_DOT:
		n = node_new(p, NODE_DOT, t);
		break;
	case TOKEN_NIL:
		n = node_new(p, NODE_NIL, t);
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

	if (!n || peek(p)->kind != TOKEN_FIELD)
		return n;
	if (n->kind == NODE_BOOL || n->kind == NODE_STRING || n->kind == NODE_NUMBER ||
	    n->kind == NODE_NIL || n->kind == NODE_DOT) {
		*failed = true;
		return fail(p, "unexpected . after term \"%.*s\"", (int)n->text.len, n->text.data);
	}
	if (n->kind != NODE_FIELD && n->kind != NODE_VARIABLE) {
		struct node *chain = node_new(p, NODE_CHAIN, peek(p));

		arena_push(p->a, &chain->kids, n);
		n = chain;
	}
	n->pos = peek(p)->pos;
	while (peek(p)->kind == TOKEN_FIELD) {
		struct slice text = next(p)->text;
		struct slice name = { text.data + 1, text.len - 1 };

		arena_push(p->a, &n->names, name);
	}
	return n;
}

/* --- commands and pipelines --- */

static struct node *parse_command(struct parser *p)
{
	struct node *command = node_new(p, NODE_COMMAND, peek_solid(p));

	for (;;) {
		bool failed = false;
		struct node *operand = parse_operand(p, &failed);
		const struct token *t;

		if (failed)
			return NULL;
		if (operand)
			arena_push(p->a, &command->kids, operand);
		t = next(p);
		if (t->kind == TOKEN_SPACE && operand)
			continue;
		if (t->kind == TOKEN_RIGHT || t->kind == TOKEN_CLOSE)
			p->next--;
		else if (t->kind != TOKEN_PIPE)
			return unexpected(p, t, "operand");
		break;
	}
	if (!command->kids.n)
		return fail(p, "empty command");
	return command;
}

/* The tokens that can declare: "$v" [ "," "$w" ] followed by ":=" or "=". */
static bool declares(struct parser *p, size_t *names, bool range)
{
	size_t i = p->next;
	const struct token *v = p->t->tokens.v;

	*names = 0;
	for (;;) {
		if (v[i].kind != TOKEN_VARIABLE)
			return false;
		(*names)++;
		for (i++; v[i].kind == TOKEN_SPACE; i++)
			;
		if (v[i].kind == TOKEN_DECLARE || v[i].kind == TOKEN_ASSIGN)
			return true;
		if (v[i].kind != TOKEN_COMMA || !range || *names == 2)
			return false;
		for (i++; v[i].kind == TOKEN_SPACE; i++)
			;
	}
}

static bool parse_declarations(struct parser *p, struct node *pipe, bool range)
{
	size_t names;

	peek_solid(p);
	if (!declares(p, &names, range))
		return true;
	for (size_t i = 0; i < names; i++) {
		const struct token *v = next_solid(p);
		const struct token *op = next_solid(p);

		arena_push(p->a, &pipe->names, v->text);
		pipe->assigns = op->kind == TOKEN_ASSIGN;
	}
	for (size_t i = 0; i < names; i++) {
		struct slice name = pipe->names.v[i];

		if (pipe->assigns && !variable_known(p, name)) {
			fail(p, "undefined variable \"%.*s\"", (int)name.len, name.data);
			return false;
		}
		if (!pipe->assigns)
			arena_push(p->a, &p->variables, arena_strndup(p->a, name.data, name.len));
	}
	return true;
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
		return fail(p, "missing value for %s", context);
	for (size_t i = 1; i < pipe->kids.n; i++)
		if (!executable_stage(pipe->kids.v[i]))
			return fail(p, "non executable command in pipeline stage %zu", i + 1);
	return pipe;
}

static struct node *parse_pipeline(struct parser *p, const char *context, enum token_kind end)
{
	struct node *pipe = node_new(p, NODE_PIPE, peek_solid(p));

	if (!parse_declarations(p, pipe, str_eq(context, "range")))
		return NULL;
	for (;;) {
		const struct token *t = next_solid(p);
		struct node *command;

		if (t->kind == end)
			return check_pipeline(p, pipe, context);
		if (t->kind < TOKEN_BOOL && t->kind != TOKEN_OPEN)
			return unexpected(p, t, context);
		if (t->kind >= TOKEN_BLOCK)
			return unexpected(p, t, context);
		p->next--;
		command = parse_command(p);
		if (!command)
			return NULL;
		arena_push(p->a, &pipe->kids, command);
	}
}

/* --- actions --- */

static struct node *parse_control(struct parser *p, enum node_kind kind, const char *context);

/* What follows {{else: "}}", or "if"/"with" of a chain, which is a control of its own inside. */
static bool parse_else(struct parser *p, struct node *control)
{
	static const struct {
		enum node_kind of;
		enum token_kind word;
		const char *context;
	} chains[] = { { NODE_IF, TOKEN_IF, "if" }, { NODE_WITH, TOKEN_WITH, "with" } };
	bool again = false;

	for (size_t i = 0; i < ARRAY_LEN(chains); i++) {
		if (control->kind != chains[i].of || peek_solid(p)->kind != chains[i].word)
			continue;
		control->otherwise = node_new(p, NODE_LIST, next(p));
		struct node *inner = parse_control(p, chains[i].of, chains[i].context);
		if (inner)
			arena_push(p->a, &control->otherwise->kids, inner);
		return inner != NULL;
	}
	if (!expect(p, TOKEN_RIGHT, "else"))
		return false;
	control->otherwise = parse_list(p, &again);
	if (control->otherwise && again)
		fail(p, "expected end; found {{else}}");
	return control->otherwise && !again;
}

static struct node *parse_control(struct parser *p, enum node_kind kind, const char *context)
{
	size_t scope = p->variables.n;
	struct node *n = node_new(p, kind, peek_solid(p));
	bool has_else = false;

	if (!deeper(p))
		return NULL;
	p->loops += kind == NODE_RANGE;
	n->pipe = parse_pipeline(p, context, TOKEN_RIGHT);
	n->list = n->pipe ? parse_list(p, &has_else) : NULL;
	p->loops -= kind == NODE_RANGE;
	if (!n->list || (has_else && !parse_else(p, n)))
		return NULL;
	p->variables.n = scope;
	p->depth--;
	return n;
}

static struct node *parse_jump(struct parser *p, enum node_kind kind, const char *word)
{
	struct node *n = node_new(p, kind, peek(p));

	if (!expect(p, TOKEN_RIGHT, word))
		return NULL;
	if (!p->loops)
		return fail(p, "{{%s}} outside {{range}}", word);
	return n;
}

/* A quoted template name as the text of a new node. */
static struct node *parse_name(struct parser *p, enum node_kind kind, const char *context)
{
	const struct token *t = next_solid(p);
	struct node *n = node_new(p, kind, t);

	if (t->kind != TOKEN_STRING || !go_unquote(p->a, t->text, &n->text))
		return unexpected(p, t, context);
	return n;
}

static struct node *parse_template(struct parser *p)
{
	struct node *n = parse_name(p, NODE_TEMPLATE, "template clause");

	if (!n)
		return NULL;
	if (peek_solid(p)->kind == TOKEN_RIGHT) {
		next(p);
		return n;
	}
	n->pipe = parse_pipeline(p, "template clause", TOKEN_RIGHT);
	return n->pipe ? n : NULL;
}

/* {{define "x"}} list {{end}}: recorded, not a part of the list around it. */
static bool parse_definition(struct parser *p, struct slice name)
{
	struct strs scope = p->variables;
	bool has_else = false;
	struct node *list;

	p->variables.n = 0;
	list = deeper(p) ? parse_list(p, &has_else) : NULL;
	if (!list)
		return false;
	p->depth--;
	p->variables = scope;
	if (has_else) {
		fail(p, "unexpected {{else}} in define clause");
		return false;
	}
	list->text = name;
	arena_push(p->a, &p->t->defined, list);
	return true;
}

static bool parse_define(struct parser *p)
{
	struct node *n = parse_name(p, NODE_LIST, "define clause");

	return n && expect(p, TOKEN_RIGHT, "define clause") && parse_definition(p, n->text);
}

/* {{block "x" pipe}} list {{end}} is a definition and its use. */
static struct node *parse_block(struct parser *p)
{
	struct node *n = parse_name(p, NODE_TEMPLATE, "block clause");

	if (!n)
		return NULL;
	n->pipe = parse_pipeline(p, "block clause", TOKEN_RIGHT);
	return n->pipe && parse_definition(p, n->text) ? n : NULL;
}

static struct node *parse_plain(struct parser *p)
{
	struct node *n;

	p->next--;
	n = node_new(p, NODE_ACTION, peek_solid(p));
	n->pipe = parse_pipeline(p, "command", TOKEN_RIGHT);
	return n->pipe ? n : NULL;
}

static struct node *parse_action(struct parser *p, const struct token *t)
{
	switch (t->kind) {
	case TOKEN_IF:
		return parse_control(p, NODE_IF, "if");
	case TOKEN_WITH:
		return parse_control(p, NODE_WITH, "with");
	case TOKEN_RANGE:
		return parse_control(p, NODE_RANGE, "range");
	case TOKEN_BREAK:
		return parse_jump(p, NODE_BREAK, "break");
	case TOKEN_CONTINUE:
		return parse_jump(p, NODE_CONTINUE, "continue");
	case TOKEN_TEMPLATE:
		return parse_template(p);
	case TOKEN_BLOCK:
		return parse_block(p);
	default:
		return parse_plain(p);
	}
}

/* Up to {{end}} or {{else (both consumed, the latter up to that word), or the end of the text. */
static struct node *parse_list(struct parser *p, bool *ends_with_else)
{
	bool top = ends_with_else == NULL;
	struct node *list = node_new(p, NODE_LIST, peek(p));

	for (;;) {
		const struct token *t = next(p);
		struct node *n;

		if (t->kind == TOKEN_EOF && top)
			return list;
		if (t->kind == TOKEN_TEXT) {
			n = node_new(p, NODE_TEXT, t);
			arena_push(p->a, &list->kids, n);
			continue;
		}
		if (t->kind != TOKEN_LEFT)
			return unexpected(p, t, "input");
		t = next_solid(p);
		if (!top && t->kind == TOKEN_END)
			return expect(p, TOKEN_RIGHT, "end") ? list : NULL;
		if (!top && t->kind == TOKEN_ELSE) {
			*ends_with_else = true;
			return list;
		}
		if (t->kind == TOKEN_END || t->kind == TOKEN_ELSE)
			return fail(p, "unexpected {{%.*s}}", (int)t->text.len, t->text.data);
		if (t->kind == TOKEN_DEFINE) {
			if (!parse_define(p))
				return NULL;
			continue;
		}
		n = parse_action(p, t);
		if (!n)
			return NULL;
		arena_push(p->a, &list->kids, n);
	}
}

struct template *template_parse(struct arena *a, const char *name, const char *text, struct err *e)
{
	struct template *t = arena_new(a, struct template);
	struct parser p = { .a = a, .t = t, .e = e };

	t->name = name;
	t->text = text;
	template_lex(a, text, &t->tokens);
	t->root = parse_list(&p, NULL);
	return t->root ? t : NULL;
}

void template_place(const char *text, size_t pos, int *line, int *column)
{
	const char *start = text;

	*line = 1;
	for (const char *p = text; p < text + pos; p++) {
		if (*p != '\n')
			continue;
		(*line)++;
		start = p + 1;
	}
	*column = (int)(text + pos - start);
}

static bool node_mentions(const struct node *n, const char *field)
{
	if (!n)
		return false;
	if ((n->kind == NODE_FIELD || n->kind == NODE_CHAIN || n->kind == NODE_VARIABLE))
		for (size_t i = 0; i < n->names.n; i++)
			if (slice_eq(n->names.v[i], field))
				return true;
	for (size_t i = 0; i < n->kids.n; i++)
		if (node_mentions(n->kids.v[i], field))
			return true;
	return node_mentions(n->pipe, field) || node_mentions(n->list, field) ||
	       node_mentions(n->otherwise, field);
}

bool template_mentions(const struct template *t, const char *field)
{
	return node_mentions(t->root, field);
}
