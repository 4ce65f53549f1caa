/* The table of the functions of templates, and those that look into lists and maps. */
#include "cli/format/template_calls.h"

struct value call_text(struct arena *a, const struct buf *b)
{
	return value_slice((struct slice){ arena_memdup(a, buf_cstr(b), b->len + 1), b->len });
}

int call_want_string(const struct value *v, struct err *e)
{
	if (v->kind == VALUE_STRING)
		return 0;
	return err_set(e, ERR_INVALID, "wrong type for value; expected string; got %s",
	               value_type_name(v));
}

int call_len(struct arena *a unused_arg, const struct call_args *args, struct value *out,
             struct err *e)
{
	const struct value *v = &args->v[0];

	if (v->kind == VALUE_NIL)
		return err_set(e, ERR_INVALID, "len of nil pointer");
	if (v->kind != VALUE_STRING && v->kind != VALUE_LIST && v->kind != VALUE_MAP)
		return err_set(e, ERR_INVALID, "len of type %s", value_type_name(v));
	*out = value_int((int64_t)value_len(v));
	return 0;
}

int call_index(struct arena *a unused_arg, const struct call_args *args, struct value *out,
               struct err *e)
{
	struct value v = args->v[0];

	for (size_t i = 1; i < args->n; i++)
		if (value_index(&v, &args->v[i], &v, e) < 0)
			return -1;
	*out = v;
	return 0;
}

static int slice_bound(const struct value *v, size_t limit, size_t *out, struct err *e)
{
	if (v->kind != VALUE_INT)
		return err_set(e, ERR_INVALID, "cannot index slice/array with type %s",
		               value_type_name(v));
	if (v->integer < 0 || (uint64_t)v->integer > limit)
		return err_set(e, ERR_INVALID, "index out of range: %lld", (long long)v->integer);
	*out = (size_t)v->integer;
	return 0;
}

int call_slice(struct arena *a, const struct call_args *args, struct value *out, struct err *e)
{
	const struct value *v = &args->v[0];
	size_t from = 0, to = value_len(v);
	struct json_value *part;

	if (v->kind != VALUE_STRING && v->kind != VALUE_LIST)
		return err_set(e, ERR_INVALID, "can't slice item of type %s", value_type_name(v));
	if (args->n > 1 && slice_bound(&args->v[1], to, &from, e) < 0)
		return -1;
	if (args->n > 2 && slice_bound(&args->v[2], to, &to, e) < 0)
		return -1;
	if (from > to)
		return err_set(e, ERR_INVALID, "invalid slice index: %zu > %zu", from, to);
	if (v->kind == VALUE_STRING) {
		*out = value_slice((struct slice){ v->text.data + from, to - from });
		return 0;
	}
	part = arena_new(a, struct json_value);
	*part = (struct json_value){ .kind = JV_ARRAY, .n = to - from };
	part->values = v->json ? v->json->values + from : NULL;
	*out = *v;
	out->json = part;
	return 0;
}

static const struct template_function functions[] = {
	{ "and", 1, -1, call_logic, false },     { "eq", 1, -1, call_eq, false },
	{ "ge", 2, 2, call_ge, false },          { "gt", 2, 2, call_gt, false },
	{ "html", 0, -1, call_html, false },     { "index", 1, -1, call_index, false },
	{ "join", 2, 2, call_join, false },      { "js", 0, -1, call_js, false },
	{ "json", 1, 1, call_json, true },       { "le", 2, 2, call_le, false },
	{ "len", 1, 1, call_len, false },        { "lower", 1, 1, call_lower, true },
	{ "lt", 2, 2, call_lt, false },          { "ne", 2, 2, call_ne, false },
	{ "not", 1, 1, call_not, false },        { "or", 1, -1, call_logic, false },
	{ "pad", 3, 3, call_pad, false },        { "print", 0, -1, call_print, false },
	{ "printf", 1, -1, call_printf, false }, { "println", 0, -1, call_println, false },
	{ "slice", 1, 3, call_slice, false },    { "split", 2, 2, call_split, false },
	{ "title", 1, 1, call_title, true },     { "truncate", 2, 2, call_truncate, true },
	{ "upper", 1, 1, call_upper, true },     { "urlquery", 0, -1, call_urlquery, false },
};

const struct template_function *template_function(struct slice name)
{
	for (size_t i = 0; i < ARRAY_LEN(functions); i++)
		if (slice_eq(name, functions[i].name))
			return &functions[i];
	return NULL;
}
