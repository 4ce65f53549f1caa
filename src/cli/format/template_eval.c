/* Evaluating the pipelines of templates: fields, functions, variables. */
#include "cli/format/template_run.h"

static int eval_operand(struct run *r, const struct value *dot, const struct node *n,
                        struct value *out);

/* --- errors --- */

/* Puts the place before what is in the error. */
static int run_at(struct run *r, const struct node *n)
{
	_cleanup_buf_ struct buf text = { 0 };
	int line, column;

	node_print(&text, n);
	template_place(r->t->text, n->pos, &line, &column);
	return err_wrap(r->e, "template: %s:%d:%d: executing \"%s\" at <%s>", r->t->name, line,
	                column, r->t->name, buf_cstr(&text));
}

int run_fail(struct run *r, const struct node *n, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	err_set(r->e, ERR_INVALID, "%s", arena_vprintf(r->a, fmt, ap));
	va_end(ap);
	return run_at(r, n);
}

/* --- variables --- */

/*
 * The parser knows the names, but not their values: in `{{with $v := $v}}` the second stands before
 * the first has one. NULL then.
 */
static struct variable *variable(struct run *r, struct slice name)
{
	for (size_t i = r->vars.n; i-- > 0;)
		if (r->vars.v[i].name.len == name.len &&
		    memcmp(r->vars.v[i].name.data, name.data, name.len) == 0)
			return &r->vars.v[i];
	return NULL;
}

void run_declare(struct run *r, struct slice name, const struct value *value)
{
	struct variable v = { name, *value };

	arena_push(r->a, &r->vars, v);
}

static int undefined_variable(struct run *r, const struct node *n, struct slice name)
{
	return run_fail(r, n, "undefined variable: %.*s", (int)name.len, name.data);
}

int run_set_variable(struct run *r, const struct node *pipe, size_t i, const struct value *value)
{
	struct variable *v;

	if (!pipe->assigns) {
		run_declare(r, pipe->names.v[i], value);
		return 0;
	}
	v = variable(r, pipe->names.v[i]);
	if (!v) {
		const struct node *command = pipe->kids.v[pipe->kids.n - 1];

		return undefined_variable(r, command->kids.v[command->kids.n - 1],
		                          pipe->names.v[i]);
	}
	v->value = *value;
	return 0;
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
			return run_at(r, n);
	}
	*out = value;
	return 0;
}

/*
 * The argument of a method: the second operand of the command, or what was piped in. Only rows have
 * methods; for the fields of anything else it is an error that there is one at all.
 */
static int method_argument(struct run *r, const struct value *dot, const struct node *command,
                           const struct value *final, const char **out)
{
	size_t n = command->kids.n - 1 + (final != NULL);
	struct value v = value_nil();

	*out = n ? "" : NULL;
	if (!n || dot->kind != VALUE_ROW)
		return 0;
	if (n > 1)
		return run_fail(r, command, "wrong number of args: want 1 got %zu", n);
	if (final)
		v = *final;
	else if (eval_operand(r, dot, command->kids.v[1], &v) < 0)
		return -1;
	if (v.kind != VALUE_STRING)
		return run_fail(r, command, "wrong type for value; expected string; got %s",
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
		const struct variable *v = variable(r, n->names.v[0]);

		if (!v)
			return undefined_variable(r, n, n->names.v[0]);
		*out = v->value;
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
		return run_fail(r, command, "wrong number of args for %.*s: want at least 1 got 0",
		                (int)command->kids.v[0]->text.len, command->kids.v[0]->text.data);
	return 0;
}

static int check_count(struct run *r, const struct node *command, const struct template_function *f,
                       size_t n)
{
	const struct node *name = command->kids.v[0];

	if (f->max < 0 && n < (size_t)f->min)
		return run_fail(r, name, "wrong number of args for %s: want at least %d got %zu",
		                f->name, f->min, n);
	if (f->max >= 0 && (n < (size_t)f->min || n > (size_t)f->max))
		return run_fail(r, name, "wrong number of args for %s: want %d got %zu", f->name,
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
		return run_at(r, command);
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
		return run_declaring(r, dot, n, out);
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
		return run_fail(r, first, "nil is not a command");
	default:
		if (command->kids.n > 1 || final) {
			_cleanup_buf_ struct buf text = { 0 };

			node_print(&text, first);
			return run_fail(r, first, "can't give argument to non-function %s",
			                buf_cstr(&text));
		}
		return eval_operand(r, dot, first, out);
	}
}

int run_pipeline(struct run *r, const struct value *dot, const struct node *pipe, struct value *out)
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
int run_declaring(struct run *r, const struct value *dot, const struct node *pipe,
                  struct value *out)
{
	if (run_pipeline(r, dot, pipe, out) < 0)
		return -1;
	for (size_t i = 0; i < pipe->names.n; i++)
		if (run_set_variable(r, pipe, i, out) < 0)
			return -1;
	return 0;
}
