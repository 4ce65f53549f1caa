/*
 * The parser of templates: tokens become nodes by recursive descent, one function a rule.
 *
 *     list   = { text | "{{" action "}}" }
 *     action = if | range | with | template | define | block | break | continue | pipeline
 *
 * Pipelines are in template_pipeline.c.
 */
#include "cli/format/go_literal.h"
#include "cli/format/template_parser.h"

static struct node *parse_list(struct parser *p, bool *ends_with_else);

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
		if (control->kind != chains[i].of || parser_peek_solid(p)->kind != chains[i].word)
			continue;
		control->otherwise = parser_node(p, NODE_LIST, parser_next(p));
		struct node *inner = parse_control(p, chains[i].of, chains[i].context);
		if (inner)
			arena_push(p->a, &control->otherwise->kids, inner);
		return inner != NULL;
	}
	if (!parser_expect(p, TOKEN_RIGHT, "else"))
		return false;
	control->otherwise = parse_list(p, &again);
	if (control->otherwise && again)
		parser_fail(p, "expected end; found {{else}}");
	return control->otherwise && !again;
}

static struct node *parse_control(struct parser *p, enum node_kind kind, const char *context)
{
	size_t scope = p->variables.n;
	struct node *n = parser_node(p, kind, parser_peek_solid(p));
	bool has_else = false;

	if (!parser_deeper(p))
		return NULL;
	p->loops += kind == NODE_RANGE;
	n->pipe = parser_pipeline(p, context, TOKEN_RIGHT);
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
	struct node *n = parser_node(p, kind, parser_peek(p));

	if (!parser_expect(p, TOKEN_RIGHT, word))
		return NULL;
	if (!p->loops)
		return parser_fail(p, "{{%s}} outside {{range}}", word);
	return n;
}

/* A quoted template name as the text of a new node. */
static struct node *parse_name(struct parser *p, enum node_kind kind, const char *context)
{
	const struct token *t = parser_next_solid(p);
	struct node *n = parser_node(p, kind, t);

	if (t->kind != TOKEN_STRING || !go_unquote(p->a, t->text, &n->text))
		return parser_unexpected(p, t, context);
	return n;
}

static struct node *parse_template(struct parser *p)
{
	struct node *n = parse_name(p, NODE_TEMPLATE, "template clause");

	if (!n)
		return NULL;
	if (parser_peek_solid(p)->kind == TOKEN_RIGHT) {
		parser_next(p);
		return n;
	}
	n->pipe = parser_pipeline(p, "template clause", TOKEN_RIGHT);
	return n->pipe ? n : NULL;
}

/* {{define "x"}} list {{end}}: recorded, not a part of the list around it. */
static bool parse_definition(struct parser *p, struct slice name)
{
	struct strs scope = p->variables;
	bool has_else = false;
	struct node *list;

	p->variables.n = 0;
	list = parser_deeper(p) ? parse_list(p, &has_else) : NULL;
	if (!list)
		return false;
	p->depth--;
	p->variables = scope;
	if (has_else) {
		parser_fail(p, "unexpected {{else}} in define clause");
		return false;
	}
	list->text = name;
	arena_push(p->a, &p->t->defined, list);
	return true;
}

static bool parse_define(struct parser *p)
{
	struct node *n = parse_name(p, NODE_LIST, "define clause");

	return n && parser_expect(p, TOKEN_RIGHT, "define clause") && parse_definition(p, n->text);
}

/* {{block "x" pipe}} list {{end}} is a definition and its use. */
static struct node *parse_block(struct parser *p)
{
	struct node *n = parse_name(p, NODE_TEMPLATE, "block clause");

	if (!n)
		return NULL;
	n->pipe = parser_pipeline(p, "block clause", TOKEN_RIGHT);
	return n->pipe && parse_definition(p, n->text) ? n : NULL;
}

static struct node *parse_plain(struct parser *p)
{
	struct node *n;

	p->next--;
	n = parser_node(p, NODE_ACTION, parser_peek_solid(p));
	n->pipe = parser_pipeline(p, "command", TOKEN_RIGHT);
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
	struct node *list = parser_node(p, NODE_LIST, parser_peek(p));

	for (;;) {
		const struct token *t = parser_next(p);
		struct node *n;

		if (t->kind == TOKEN_EOF && top)
			return list;
		if (t->kind == TOKEN_TEXT) {
			n = parser_node(p, NODE_TEXT, t);
			arena_push(p->a, &list->kids, n);
			continue;
		}
		if (t->kind != TOKEN_LEFT)
			return parser_unexpected(p, t, "input");
		t = parser_next_solid(p);
		if (!top && t->kind == TOKEN_END)
			return parser_expect(p, TOKEN_RIGHT, "end") ? list : NULL;
		if (!top && t->kind == TOKEN_ELSE) {
			*ends_with_else = true;
			return list;
		}
		if (t->kind == TOKEN_END || t->kind == TOKEN_ELSE)
			return parser_fail(p, "unexpected {{%.*s}}", (int)t->text.len,
			                   t->text.data);
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
