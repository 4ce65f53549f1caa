/* What the files of the template parser share: the tokens, nodes and errors of one run. */
#ifndef CLI_FORMAT_TEMPLATE_PARSER_H
#define CLI_FORMAT_TEMPLATE_PARSER_H

#include "cli/format/template_internal.h"

struct parser {
	struct arena *a;
	struct template *t;
	size_t next; /* index of the next token */
	int depth, loops;
	struct strs variables; /* in scope, innermost last */
	struct err *e;
};

/* The next token, taken or not; "solid" skips blanks before it. */
const struct token *parser_peek(const struct parser *p);
const struct token *parser_next(struct parser *p);
const struct token *parser_peek_solid(struct parser *p);
const struct token *parser_next_solid(struct parser *p);

/* All set the error, with the line of the last token, and return NULL or false. */
void *parser_fail(struct parser *p, const char *fmt, ...) printf_like(2, 3);
void *parser_unexpected(struct parser *p, const struct token *t, const char *context);
bool parser_expect(struct parser *p, enum token_kind kind, const char *context);
bool parser_deeper(struct parser *p); /* one level of nesting; the caller counts back */

struct node *parser_node(struct parser *p, enum node_kind kind, const struct token *t);

/* A pipeline and the token `end` behind it. `context` names it in errors. */
struct node *parser_pipeline(struct parser *p, const char *context, enum token_kind end);

#endif
