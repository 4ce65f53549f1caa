/* Nodes as text/template writes them in its error messages. */
#include "cli/format/template_internal.h"

static void print_names(struct buf *b, const struct slices *names, const char *before_first)
{
	for (size_t i = 0; i < names->n; i++) {
		buf_adds(b, i ? "." : before_first);
		buf_add(b, names->v[i].data, names->v[i].len);
	}
}

static void print_pipe(struct buf *b, const struct node *pipe)
{
	for (size_t i = 0; i < pipe->names.n; i++) {
		buf_adds(b, i ? ", " : "");
		buf_add(b, pipe->names.v[i].data, pipe->names.v[i].len);
	}
	if (pipe->names.n)
		buf_adds(b, pipe->assigns ? " = " : " := ");
	for (size_t i = 0; i < pipe->kids.n; i++) {
		buf_adds(b, i ? " | " : "");
		node_print(b, pipe->kids.v[i]);
	}
}

static void print_operand(struct buf *b, const struct node *n)
{
	if (n->kind != NODE_PIPE) {
		node_print(b, n);
		return;
	}
	buf_addc(b, '(');
	node_print(b, n);
	buf_addc(b, ')');
}

void node_print(struct buf *b, const struct node *n)
{
	switch (n->kind) {
	case NODE_PIPE:
		print_pipe(b, n);
		break;
	case NODE_COMMAND:
		for (size_t i = 0; i < n->kids.n; i++) {
			buf_adds(b, i ? " " : "");
			print_operand(b, n->kids.v[i]);
		}
		break;
	case NODE_FIELD:
		print_names(b, &n->names, ".");
		break;
	case NODE_VARIABLE:
		print_names(b, &n->names, "");
		break;
	case NODE_CHAIN:
		print_operand(b, n->kids.v[0]);
		print_names(b, &n->names, ".");
		break;
	case NODE_TEMPLATE:
		buf_printf(b, "{{template \"%.*s\"}}", (int)n->text.len, n->text.data);
		break;
	case NODE_DOT:
		buf_addc(b, '.');
		break;
	default:
		buf_add(b, n->text.data, n->text.len);
		break;
	}
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
	if (n->kind == NODE_DOT)
		return true;
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
