/*
 * The executor of templates: walks the nodes and prints.
 *
 * Every function that can fail returns -1 with the place already in the error, or RUN_BREAK and
 * RUN_CONTINUE where a list was left early.
 */
#include "cli/format/template_run.h"

enum { RUN_OK = 0, RUN_BREAK = 1, RUN_CONTINUE = 2 };

static int run_list(struct run *r, const struct value *dot, const struct node *list);

static int run_action(struct run *r, const struct value *dot, const struct node *n)
{
	struct value v = value_nil();

	if (run_declaring(r, dot, n->pipe, &v) < 0)
		return -1;
	if (!n->pipe->names.n)
		value_print(r->out, &v);
	return RUN_OK;
}

static int run_branch(struct run *r, const struct value *dot, const struct node *n)
{
	struct value v = value_nil();

	if (run_declaring(r, dot, n->pipe, &v) < 0)
		return -1;
	if (value_truth(&v))
		return run_list(r, n->kind == NODE_WITH ? &v : dot, n->list);
	return n->otherwise ? run_list(r, dot, n->otherwise) : RUN_OK;
}

/* One turn of a range: the names take index and element, or the element alone. */
static int range_turn(struct run *r, const struct node *n, const struct value *key,
                      const struct value *element)
{
	size_t scope = r->vars.n;
	int status;

	if (n->pipe->names.n && run_set_variable(r, n->pipe, n->pipe->names.n - 1, element) < 0)
		return -1;
	if (n->pipe->names.n > 1 && run_set_variable(r, n->pipe, 0, key) < 0)
		return -1;
	status = run_list(r, element, n->list);
	r->vars.n = scope;
	return status == RUN_CONTINUE ? RUN_OK : status;
}

/* Elements of a list in order, of a map by sorted key, or the numbers below an int. */
static int range_over(struct run *r, const struct node *n, const struct value *v, size_t count)
{
	size_t *order = v->kind == VALUE_MAP ? value_key_order(r->a, v->json) : NULL;

	for (size_t i = 0; i < count; i++) {
		struct value key = value_int((int64_t)i), element = key;
		int status;

		if (order)
			key = value_str(v->json->keys[order[i]]);
		if (v->kind != VALUE_INT)
			element = value_element(v, order ? order[i] : i);
		status = range_turn(r, n, &key, &element);
		if (status == RUN_BREAK)
			break;
		if (status < 0)
			return -1;
	}
	return RUN_OK;
}

static int run_range(struct run *r, const struct value *dot, const struct node *n)
{
	struct value v = value_nil();
	size_t count = 0;

	if (run_pipeline(r, dot, n->pipe, &v) < 0)
		return -1;
	if (v.kind == VALUE_LIST || v.kind == VALUE_MAP) {
		count = value_len(&v);
	} else if (v.kind == VALUE_INT) {
		count = v.integer > 0 ? (size_t)v.integer : 0;
	} else if (v.kind != VALUE_NIL) {
		_cleanup_buf_ struct buf text = { 0 };

		value_print(&text, &v);
		return run_fail(r, n->pipe, "range can't iterate over %s", buf_cstr(&text));
	}
	if (!count)
		return n->otherwise ? run_list(r, dot, n->otherwise) : RUN_OK;
	return range_over(r, n, &v, count);
}

static const struct node *definition(const struct template *t, struct slice name)
{
	for (size_t i = t->defined.n; i-- > 0;) {
		const struct node *list = t->defined.v[i];

		if (list->text.len == name.len && memcmp(list->text.data, name.data, name.len) == 0)
			return list;
	}
	return NULL;
}

/* A template call sees its argument as dot and $, and no variables of ours. */
static int run_template(struct run *r, const struct value *dot, const struct node *n)
{
	const struct node *list = definition(r->t, n->text);
	struct value v = value_nil();
	struct run inner = *r;
	int status;

	if (!list)
		return run_fail(r, n, "template \"%.*s\" not defined", (int)n->text.len,
		                n->text.data);
	if (n->pipe && run_pipeline(r, dot, n->pipe, &v) < 0)
		return -1;
	memset(&inner.vars, 0, sizeof(inner.vars));
	run_declare(&inner, slice_of("$"), &v);
	status = run_list(&inner, &v, list);
	return status < 0 ? -1 : RUN_OK;
}

static int run_node(struct run *r, const struct value *dot, const struct node *n)
{
	size_t scope = r->vars.n;
	int status = RUN_OK;

	switch (n->kind) {
	case NODE_TEXT:
		buf_add(r->out, n->text.data, n->text.len);
		break;
	case NODE_ACTION:
		return run_action(r, dot, n);
	case NODE_IF:
	case NODE_WITH:
		status = run_branch(r, dot, n);
		r->vars.n = scope;
		break;
	case NODE_RANGE:
		status = run_range(r, dot, n);
		r->vars.n = scope;
		break;
	case NODE_BREAK:
		return RUN_BREAK;
	case NODE_CONTINUE:
		return RUN_CONTINUE;
	case NODE_TEMPLATE:
		return run_template(r, dot, n);
	default:
		break;
	}
	return status;
}

static int run_list(struct run *r, const struct value *dot, const struct node *list)
{
	int status = RUN_OK;

	if (++*r->steps > TEMPLATE_STEPS)
		return run_fail(r, list, "too many steps");
	if (++r->depth > TEMPLATE_DEPTH)
		return run_fail(r, list, "exceeded maximum template depth (%d)", TEMPLATE_DEPTH);
	for (size_t i = 0; i < list->kids.n && status == RUN_OK; i++) {
		status = run_node(r, dot, list->kids.v[i]);
		if (r->out->len > TEMPLATE_OUTPUT)
			return run_fail(r, list->kids.v[i], "output is too long");
	}
	r->depth--;
	return status;
}

int template_execute(const struct template *t, struct arena *a, const struct value *data,
                     unsigned flags, struct buf *out, struct err *e)
{
	size_t steps = 0;
	struct run r = { .t = t, .a = a, .flags = flags, .out = out, .steps = &steps, .e = e };

	run_declare(&r, slice_of("$"), data);
	return run_list(&r, data, t->root) < 0 ? -1 : 0;
}
