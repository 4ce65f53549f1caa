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
