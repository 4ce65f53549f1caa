/* Tokens and nodes of templates, shared by the lexer, the parser and the executor. */
#ifndef CLI_FORMAT_TEMPLATE_INTERNAL_H
#define CLI_FORMAT_TEMPLATE_INTERNAL_H

#include "cli/format/template.h"

/* Nested actions, parentheses and template calls; what one execution may do and print. */
#define TEMPLATE_DEPTH  100
#define TEMPLATE_STEPS  (20 * 1000 * 1000UL)
#define TEMPLATE_OUTPUT (64 * 1024 * 1024UL)

enum token_kind {
	TOKEN_EOF,
	TOKEN_ERROR, /* text is the message */
	TOKEN_TEXT,
	TOKEN_LEFT,  /* {{ */
	TOKEN_RIGHT, /* }} */
	TOKEN_SPACE,
	TOKEN_PIPE,
	TOKEN_DECLARE, /* := */
	TOKEN_ASSIGN,  /* = */
	TOKEN_COMMA,
	TOKEN_OPEN, /* ( */
	TOKEN_CLOSE,
	TOKEN_CHAR, /* any other printable character */
	TOKEN_BOOL,
	TOKEN_NUMBER,
	TOKEN_CHARACTER, /* 'x' */
	TOKEN_STRING,    /* quoted or raw, with its quotes */
	TOKEN_FIELD,     /* .Name */
	TOKEN_VARIABLE,  /* $ or $name */
	TOKEN_IDENTIFIER,
	TOKEN_DOT, /* from here on: words with a meaning of their own */
	TOKEN_NIL,
	TOKEN_BLOCK,
	TOKEN_BREAK,
	TOKEN_CONTINUE,
	TOKEN_DEFINE,
	TOKEN_ELSE,
	TOKEN_END,
	TOKEN_IF,
	TOKEN_RANGE,
	TOKEN_TEMPLATE,
	TOKEN_WITH,
};

struct token {
	enum token_kind kind;
	size_t pos; /* byte offset in the template */
	struct slice text;
};

struct tokens {
	size_t n;
	struct token *v; /* ends with TOKEN_EOF or TOKEN_ERROR */
};

void template_lex(struct arena *a, const char *text, struct tokens *out);

enum node_kind {
	NODE_TEXT,
	NODE_ACTION, /* {{pipe}} */
	NODE_IF,
	NODE_WITH,
	NODE_RANGE,
	NODE_BREAK,
	NODE_CONTINUE,
	NODE_TEMPLATE,
	NODE_LIST,
	NODE_PIPE,
	NODE_COMMAND,
	/* Operands. */
	NODE_BOOL,
	NODE_NUMBER,
	NODE_STRING,
	NODE_DOT,
	NODE_NIL,
	NODE_FIELD,    /* .A.B: names */
	NODE_VARIABLE, /* $x.A: names[0] is "$x" */
	NODE_CHAIN,    /* operand.A.B: kids[0] and names */
	NODE_IDENTIFIER,
};

struct slices {
	size_t n;
	struct slice *v;
};
struct nodes {
	size_t n;
	struct node **v;
};

struct node {
	enum node_kind kind;
	size_t pos;
	struct slice text;   /* as written: text, identifier, number, quoted string */
	struct value value;  /* constants */
	struct slices names; /* fields, variables, chains; the declared variables of a pipe */
	struct nodes kids;   /* of a list, a pipe (commands), a command (operands), a chain (one) */
	bool assigns;        /* pipe: "=" rather than ":=" */
	struct node *pipe;   /* action, if, with, range, template (may be NULL) */
	struct node *list, *otherwise;
};

struct template
{
	const char *name;
	const char *text;
	struct node *root;
	struct nodes defined; /* {{define}}d lists; their text is the name */
	struct tokens tokens;
};

/* Appends the node as text/template writes it in error messages. */
void node_print(struct buf *b, const struct node *n);

/* Line (from 1) and column (bytes, from 0) of an offset. */
void template_place(const char *text, size_t pos, int *line, int *column);

/* Functions: called with evaluated arguments. */
struct call_args {
	size_t n;
	struct value *v;
};
struct template_function {
	const char *name;
	int min, max; /* arguments; max -1: any number */
	int (*call)(struct arena *a, const struct call_args *args, struct value *out,
	            struct err *e);
	bool header_is_identity;
};
const struct template_function *template_function(struct slice name);

/* fmt.Sprintf. */
void go_printf(struct buf *b, const struct call_args *args);

#endif
