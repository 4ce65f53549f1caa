/*
 * The executor of templates: walks the nodes, evaluates pipelines, prints.
 *
 * Every function that can fail returns -1 with the place already in the error, or RUN_BREAK and
 * RUN_CONTINUE where a list was left early.
 */
#include "cli/format/template_internal.h"

enum { RUN_OK = 0, RUN_BREAK = 1, RUN_CONTINUE = 2 };

struct variable {
	struct slice name;
	struct value value;
};

struct run {
	const struct template *t;
	struct arena *a;
	unsigned flags;
	struct buf *out;
	struct {
		size_t n;
		struct variable *v;
	} vars;
	int depth;
	struct err *e;
};

static int eval_pipeline(struct run *r, const struct value *dot, const struct node *pipe,
                         struct value *out);
static int eval_operand(struct run *r, const struct value *dot, const struct node *n,
                        struct value *out);
static int run_list(struct run *r, const struct value *dot, const struct node *list);

/* --- errors --- */

/* Puts the place before what is in the error. */
static int at(struct run *r, const struct node *n)
{
	_cleanup_buf_ struct buf text = { 0 };
	int line, column;

	node_print(&text, n);
	template_place(r->t->text, n->pos, &line, &column);
	return err_wrap(r->e, "template: %s:%d:%d: executing \"%s\" at <%s>", r->t->name, line,
	                column, r->t->name, buf_cstr(&text));
}

static int fail(struct run *r, const struct node *n, const char *fmt, ...) printf_like(3, 4);
static int fail(struct run *r, const struct node *n, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	err_set(r->e, ERR_INVALID, "%s", arena_vprintf(r->a, fmt, ap));
	va_end(ap);
	return at(r, n);
}

/* --- variables --- */

static struct variable *variable(struct run *r, struct slice name)
{
	for (size_t i = r->vars.n; i-- > 0;)
		if (r->vars.v[i].name.len == name.len &&
		    memcmp(r->vars.v[i].name.data, name.data, name.len) == 0)
			return &r->vars.v[i];
	return NULL; /* the parser knows all names */
}

static void declare(struct run *r, struct slice name, const struct value *value)
{
	struct variable v = { name, *value };

	arena_push(r->a, &r->vars, v);
}

static void set_variable(struct run *r, const struct node *pipe, size_t i,
                         const struct value *value)
{
	if (!pipe->assigns)
		declare(r, pipe->names.v[i], value);
	else
		variable(r, pipe->names.v[i])->value = *value;
}

/* --- fields --- */

/* names[from..] of `value`; the last takes the argument, if any. */
static int eval_fields(struct run *r, const struct node *n, size_t from, struct value value,
                       const char *arg, struct value *out)
{
	bool strict = r->flags & TEMPLATE_MISSING_KEY_IS_ERROR;

	for (size_t i = from; i < n->names.n; i++) {
		const char *this_arg = i + 1 == n->names.n ? arg : NULL;

		if (value_field(r->a, &value, n->names.v[i], this_arg, strict, &value, r->e) < 0)
			return at(r, n);
	}
	*out = value;
	return 0;
}

/* The argument of a method: the second operand of the command, or what was piped in. */
static int method_argument(struct run *r, const struct value *dot, const struct node *command,
                           const struct value *final, const char **out)
{
	struct value v;

	*out = NULL;
	if (command->kids.n > 2)
		return fail(r, command, "wrong number of args: want 1 got %zu",
		            command->kids.n - 1);
	if (command->kids.n == 2) {
		if (eval_operand(r, dot, command->kids.v[1], &v) < 0)
			return -1;
	} else if (final) {
		v = *final;
	} else {
		return 0;
	}
	if (v.kind != VALUE_STRING)
		return fail(r, command, "wrong type for value; expected string; got %s",
		            value_type_name(&v));
	*out = arena_strndup(r->a, v.text.data, v.text.len);
	return 0;
}

static int eval_chain_base(struct run *r, const struct value *dot, const struct node *n,
                           struct value *out)
{
	if (n->kind == NODE_FIELD) {
		*out = *dot;
		return 0;
	}
	if (n->kind == NODE_VARIABLE) {
		*out = variable(r, n->names.v[0])->value;
		return 0;
	}
	return eval_operand(r, dot, n->kids.v[0], out);
}

static int eval_access(struct run *r, const struct value *dot, const struct node *n,
                       const char *arg, struct value *out)
{
	struct value base;

	if (eval_chain_base(r, dot, n, &base) < 0)
		return -1;
	return eval_fields(r, n, n->kind == NODE_VARIABLE, base, arg, out);
}

/* --- functions --- */

/* `and` and `or` stop at the first operand that decides. */
static int eval_logic(struct run *r, const struct value *dot, const struct node *command,
                      const struct value *final, bool stop_at, struct value *out)
{
	for (size_t i = 1; i < command->kids.n; i++) {
		if (eval_operand(r, dot, command->kids.v[i], out) < 0)
			return -1;
		if (value_truth(out) == stop_at)
			return 0;
	}
	if (final)
		*out = *final;
	else if (command->kids.n < 2)
		return fail(r, command, "wrong number of args for %.*s: want at least 1 got 0",
		            (int)command->kids.v[0]->text.len, command->kids.v[0]->text.data);
	return 0;
}

static int check_count(struct run *r, const struct node *command, const struct template_function *f,
                       size_t n)
{
	const struct node *name = command->kids.v[0];

	if (f->max < 0 && n < (size_t)f->min)
		return fail(r, name, "wrong number of args for %s: want at least %d got %zu",
		            f->name, f->min, n);
	if (f->max >= 0 && (n < (size_t)f->min || n > (size_t)f->max))
		return fail(r, name, "wrong number of args for %s: want %d got %zu", f->name,
		            f->min, n);
	return 0;
}

static int eval_function(struct run *r, const struct value *dot, const struct node *command,
                         const struct value *final, struct value *out)
{
	struct slice name = command->kids.v[0]->text;
	const struct template_function *f = template_function(name);
	size_t n = command->kids.n - 1 + (final != NULL);
	struct call_args args = { n, arena_array(r->a, struct value, n + 1) };

	if (slice_eq(name, "and") || slice_eq(name, "or"))
		return eval_logic(r, dot, command, final, slice_eq(name, "or"), out);
	if (check_count(r, command, f, n) < 0)
		return -1;
	for (size_t i = 1; i < command->kids.n; i++)
		if (eval_operand(r, dot, command->kids.v[i], &args.v[i - 1]) < 0)
			return -1;
	if (final)
		args.v[n - 1] = *final;
	if (f->header_is_identity && (r->flags & TEMPLATE_HEADER)) {
		*out = args.v[0];
		return 0;
	}
	if (f->call(r->a, &args, out, r->e) < 0) {
		err_wrap(r->e, "error calling %s", f->name);
		return at(r, command);
	}
	return 0;
}

/* --- pipelines --- */

static int eval_operand(struct run *r, const struct value *dot, const struct node *n,
                        struct value *out)
{
	struct node command = { .kind = NODE_COMMAND, .pos = n->pos };
	struct node *one[] = { (struct node *)n };

	switch (n->kind) {
	case NODE_DOT:
		*out = *dot;
		return 0;
	case NODE_NIL:
		*out = value_nil();
		return 0;
	case NODE_FIELD:
	case NODE_VARIABLE:
	case NODE_CHAIN:
		return eval_access(r, dot, n, NULL, out);
	case NODE_IDENTIFIER:
		command.kids = (struct nodes){ 1, one };
		return eval_function(r, dot, &command, NULL, out);
	case NODE_PIPE:
		return eval_pipeline(r, dot, n, out);
	default:
		*out = n->value;
		return 0;
	}
}

static int eval_command(struct run *r, const struct value *dot, const struct node *command,
                        const struct value *final, struct value *out)
{
	const struct node *first = command->kids.v[0];
	const char *arg;

	switch (first->kind) {
	case NODE_FIELD:
	case NODE_CHAIN:
	case NODE_VARIABLE:
		if (method_argument(r, dot, command, final, &arg) < 0)
			return -1;
		return eval_access(r, dot, first, arg, out);
	case NODE_IDENTIFIER:
		return eval_function(r, dot, command, final, out);
	case NODE_NIL:
		return fail(r, first, "nil is not a command");
	default:
		if (command->kids.n > 1 || final) {
			_cleanup_buf_ struct buf text = { 0 };

			node_print(&text, first);
			return fail(r, first, "can't give argument to non-function %s",
			            buf_cstr(&text));
		}
		return eval_operand(r, dot, first, out);
	}
}

static int eval_pipeline(struct run *r, const struct value *dot, const struct node *pipe,
                         struct value *out)
{
	for (size_t i = 0; i < pipe->kids.n; i++) {
		struct value v = value_nil();

		if (eval_command(r, dot, pipe->kids.v[i], i ? out : NULL, &v) < 0)
			return -1;
		*out = v;
	}
	return 0;
}

/* Declares all names of a pipe with its value. Not for range, whose names take other values. */
static int eval_declaring(struct run *r, const struct value *dot, const struct node *pipe,
                          struct value *out)
{
	if (eval_pipeline(r, dot, pipe, out) < 0)
		return -1;
	for (size_t i = 0; i < pipe->names.n; i++)
		set_variable(r, pipe, i, out);
	return 0;
}

/* --- actions --- */

static int run_action(struct run *r, const struct value *dot, const struct node *n)
{
	struct value v = value_nil();

	if (eval_declaring(r, dot, n->pipe, &v) < 0)
		return -1;
	if (!n->pipe->names.n)
		value_print(r->out, &v);
	return RUN_OK;
}

static int run_branch(struct run *r, const struct value *dot, const struct node *n)
{
	struct value v = value_nil();

	if (eval_declaring(r, dot, n->pipe, &v) < 0)
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

	if (n->pipe->names.n)
		set_variable(r, n->pipe, n->pipe->names.n - 1, element);
	if (n->pipe->names.n > 1)
		set_variable(r, n->pipe, 0, key);
	status = run_list(r, element, n->list);
	r->vars.n = scope;
	return status == RUN_CONTINUE ? RUN_OK : status;
}

static int by_key(const void *a, const void *b, void *map)
{
	const struct json_value *m = map;

	return strcmp(m->keys[*(const size_t *)a], m->keys[*(const size_t *)b]);
}

/* Elements of a list in order, of a map by sorted key, or the numbers below an int. */
static int range_over(struct run *r, const struct node *n, const struct value *v, size_t count)
{
	size_t *order = NULL;

	if (v->kind == VALUE_MAP) {
		order = arena_array(r->a, size_t, count);
		for (size_t i = 0; i < count; i++)
			order[i] = i;
		qsort_r(order, count, sizeof(*order), by_key, (void *)v->json);
	}
	for (size_t i = 0; i < count; i++) {
		struct value key = value_int((int64_t)i), element = key;
		int status;

		if (order)
			key = value_str(v->json->keys[order[i]]);
		if (v->kind != VALUE_INT)
			element = value_json(&v->json->values[order ? order[i] : i]);
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

	if (eval_pipeline(r, dot, n->pipe, &v) < 0)
		return -1;
	if (v.kind == VALUE_LIST || v.kind == VALUE_MAP) {
		count = value_len(&v);
	} else if (v.kind == VALUE_INT) {
		count = v.integer > 0 ? (size_t)v.integer : 0;
	} else if (v.kind != VALUE_NIL) {
		_cleanup_buf_ struct buf text = { 0 };

		value_print(&text, &v);
		return fail(r, n->pipe, "range can't iterate over %s", buf_cstr(&text));
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
		return fail(r, n, "template \"%.*s\" not defined", (int)n->text.len, n->text.data);
	if (n->pipe && eval_pipeline(r, dot, n->pipe, &v) < 0)
		return -1;
	memset(&inner.vars, 0, sizeof(inner.vars));
	declare(&inner, slice_of("$"), &v);
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

	if (++r->depth > TEMPLATE_DEPTH)
		return fail(r, list, "exceeded maximum template depth (%d)", TEMPLATE_DEPTH);
	for (size_t i = 0; i < list->kids.n && status == RUN_OK; i++) {
		status = run_node(r, dot, list->kids.v[i]);
		if (r->out->len > TEMPLATE_OUTPUT)
			return fail(r, list->kids.v[i], "output is too long");
	}
	r->depth--;
	return status;
}

int template_execute(const struct template *t, struct arena *a, const struct value *data,
                     unsigned flags, struct buf *out, struct err *e)
{
	struct run r = { .t = t, .a = a, .flags = flags, .out = out, .e = e };

	declare(&r, slice_of("$"), data);
	return run_list(&r, data, t->root) < 0 ? -1 : 0;
}
