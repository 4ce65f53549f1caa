/* eq, ne, lt, le, gt, ge, not: comparison as text/template does it. */
#include "cli/format/template_calls.h"

static int basic_kind(const struct value *v, struct err *e)
{
	if (v->kind == VALUE_BOOL || v->kind == VALUE_INT || v->kind == VALUE_FLOAT ||
	    v->kind == VALUE_STRING)
		return 0;
	return err_set(e, ERR_INVALID, "invalid type for comparison");
}

static int not_comparable(const struct value *v, struct err *e)
{
	_cleanup_buf_ struct buf text = { 0 };

	value_print(&text, v);
	return err_set(e, ERR_INVALID, "non-comparable type %s: %s", buf_cstr(&text),
	               value_type_name(v));
}

static int equal(const struct value *x, const struct value *y, bool *out, struct err *e)
{
	if (x->kind == VALUE_NIL || y->kind == VALUE_NIL) {
		*out = x->kind == y->kind;
		return 0;
	}
	if (x->kind >= VALUE_LIST)
		return not_comparable(x, e);
	if (x->kind != y->kind)
		return err_set(e, ERR_INVALID, "incompatible types for comparison");
	switch (x->kind) {
	case VALUE_BOOL:
		*out = x->boolean == y->boolean;
		break;
	case VALUE_INT:
		*out = x->integer == y->integer;
		break;
	case VALUE_FLOAT:
		*out = x->real == y->real;
		break;
	default:
		*out = x->text.len == y->text.len &&
		       memcmp(x->text.data, y->text.data, x->text.len) == 0;
		break;
	}
	return 0;
}

static int less(const struct value *x, const struct value *y, bool *out, struct err *e)
{
	int order;

	if (basic_kind(x, e) < 0 || basic_kind(y, e) < 0)
		return -1;
	if (x->kind != y->kind)
		return err_set(e, ERR_INVALID, "incompatible types for comparison");
	switch (x->kind) {
	case VALUE_BOOL:
		return err_set(e, ERR_INVALID, "invalid type for comparison");
	case VALUE_INT:
		*out = x->integer < y->integer;
		break;
	case VALUE_FLOAT:
		*out = x->real < y->real;
		break;
	default:
		order = memcmp(x->text.data, y->text.data, MIN(x->text.len, y->text.len));
		*out = order < 0 || (order == 0 && x->text.len < y->text.len);
		break;
	}
	return 0;
}

int call_eq(struct arena *a unused_arg, const struct call_args *args, struct value *out,
            struct err *e)
{
	bool same = false;

	if (args->n < 2)
		return err_set(e, ERR_INVALID, "missing argument for comparison");
	for (size_t i = 1; i < args->n && !same; i++)
		if (equal(&args->v[0], &args->v[i], &same, e) < 0)
			return -1;
	*out = value_bool(same);
	return 0;
}

int call_ne(struct arena *a unused_arg, const struct call_args *args, struct value *out,
            struct err *e)
{
	bool same;

	if (equal(&args->v[0], &args->v[1], &same, e) < 0)
		return -1;
	*out = value_bool(!same);
	return 0;
}

/* x < y, or one of its three relatives by swapping operands and negating. */
static int compare(const struct call_args *args, bool swap, bool negate, struct value *out,
                   struct err *e)
{
	bool is_less = false;

	if (less(&args->v[swap], &args->v[!swap], &is_less, e) < 0)
		return -1;
	*out = value_bool(is_less != negate);
	return 0;
}

int call_lt(struct arena *a unused_arg, const struct call_args *args, struct value *out,
            struct err *e)
{
	return compare(args, false, false, out, e);
}

int call_le(struct arena *a unused_arg, const struct call_args *args, struct value *out,
            struct err *e)
{
	return compare(args, true, true, out, e);
}

int call_gt(struct arena *a unused_arg, const struct call_args *args, struct value *out,
            struct err *e)
{
	return compare(args, true, false, out, e);
}

int call_ge(struct arena *a unused_arg, const struct call_args *args, struct value *out,
            struct err *e)
{
	return compare(args, false, true, out, e);
}

int call_not(struct arena *a unused_arg, const struct call_args *args, struct value *out,
             struct err *e unused_arg)
{
	*out = value_bool(!value_truth(&args->v[0]));
	return 0;
}

/* and, or: the executor evaluates them, operand by operand; the table only knows their names. */
int call_logic(struct arena *a unused_arg, const struct call_args *args, struct value *out,
               struct err *e unused_arg)
{
	*out = args->v[0];
	return 0;
}
