/* Values as JSON trees: what {{json .}} prints. See value.h. */
#include "cli/format/value.h"

static struct json_value typed_json(struct arena *a, const struct json_value *v,
                                    const struct go_type *type);

static struct json_value row_json(struct arena *a, const struct value *v)
{
	const struct row_type *type = v->row_type;
	struct json_value out = { .kind = JV_OBJECT };

	out.keys = arena_array(a, const char *, type->n);
	out.values = arena_array(a, struct json_value, type->n);
	for (size_t i = 0; i < type->n; i++) {
		const struct row_field *f = &type->fields[i];
		struct value field;

		if (f->takes_arg)
			continue;
		field = f->get(a, v->row, NULL);
		out.keys[out.n] = f->name;
		out.values[out.n++] = value_to_json(a, &field);
	}
	return out;
}

/* What Go's omitempty leaves out. */
static bool is_empty(const struct json_value *v, const struct go_type *type)
{
	if (!v || v->kind == JV_NULL)
		return type->kind != GO_STRUCT;
	switch (v->kind) {
	case JV_BOOL:
		return type->kind != GO_POINTER && !v->boolean;
	case JV_NUMBER:
		return type->kind != GO_POINTER && slice_eq(v->text, "0");
	case JV_STRING:
		return type->kind != GO_POINTER && type->kind != GO_TIME && !v->text.len;
	case JV_ARRAY:
		return !v->n;
	case JV_OBJECT:
		return type->kind == GO_MAP && !v->n;
	case JV_NULL:
		break;
	}
	return false;
}

struct members {
	size_t n;
	const char **keys;
	struct json_value *values;
};

static void add_member(struct arena *a, struct members *m, const char *key, struct json_value value)
{
	struct {
		size_t n;
		const char **v;
	} keys = { m->n, m->keys };
	struct {
		size_t n;
		struct json_value *v;
	} values = { m->n, m->values };

	arena_push(a, &keys, key);
	arena_push(a, &values, value);
	*m = (struct members){ keys.n, keys.v, values.v };
}

static void add_fields(struct arena *a, struct members *m, const struct json_value *v,
                       const struct go_type *type)
{
	for (size_t i = 0; i < type->n; i++) {
		const struct go_field *f = &type->fields[i];
		const char *key = f->json ? f->json : f->name;
		const struct json_value *member = json_member(v, key);

		if (f->flags & GO_EMBEDDED)
			add_fields(a, m, v, f->type->kind == GO_POINTER ? f->type->elem : f->type);
		else if (!(f->flags & GO_OMIT_EMPTY) || !is_empty(member, f->type))
			add_member(a, m, key, typed_json(a, member, f->type));
	}
}

static struct json_value struct_json(struct arena *a, const struct json_value *v,
                                     const struct go_type *type)
{
	struct members m = { 0 };

	add_fields(a, &m, v, type);
	return (struct json_value){
		.kind = JV_OBJECT, .n = m.n, .keys = m.keys, .values = m.values
	};
}

static struct json_value zero_json(const struct go_type *type)
{
	switch (type->kind) {
	case GO_BOOL:
		return (struct json_value){ .kind = JV_BOOL };
	case GO_INT:
	case GO_DURATION:
		return (struct json_value){ .kind = JV_NUMBER, .text = slice_of("0") };
	case GO_STRING:
		return (struct json_value){ .kind = JV_STRING, .text = slice_of("") };
	case GO_TIME:
		return (struct json_value){ .kind = JV_STRING,
			                    .text = slice_of("0001-01-01T00:00:00Z") };
	default:
		return (struct json_value){ .kind = JV_NULL };
	}
}

/* Elements through their type; maps come out sorted by key. */
static struct json_value elements_json(struct arena *a, const struct json_value *v,
                                       const struct go_type *elem)
{
	struct json_value out = *v;
	size_t *order = v->kind == JV_OBJECT ? value_key_order(a, v) : NULL;

	out.values = arena_array(a, struct json_value, v->n);
	out.keys = order ? arena_array(a, const char *, v->n) : NULL;
	for (size_t i = 0; i < v->n; i++) {
		size_t at = order ? order[i] : i;

		if (order)
			out.keys[i] = v->keys[at];
		out.values[i] = typed_json(a, &v->values[at], elem);
	}
	return out;
}

static struct json_value typed_json(struct arena *a, const struct json_value *v,
                                    const struct go_type *type)
{
	bool null = !v || v->kind == JV_NULL;

	if (type->kind == GO_STRUCT)
		return struct_json(a, null ? NULL : v, type);
	if (null)
		return zero_json(type);
	if (type->kind == GO_ANY && (v->kind == JV_ARRAY || v->kind == JV_OBJECT))
		return elements_json(a, v, type);
	if (type->kind == GO_POINTER)
		return typed_json(a, v, type->elem);
	if ((type->kind == GO_LIST && v->kind == JV_ARRAY) ||
	    (type->kind == GO_MAP && v->kind == JV_OBJECT))
		return elements_json(a, v, type->elem);
	return *v;
}

struct json_value value_to_json(struct arena *a, const struct value *v)
{
	struct json_value out = { 0 };
	struct value integer;
	struct buf b = { 0 };

	switch (v->kind) {
	case VALUE_NIL:
		break;
	case VALUE_BOOL:
		out = (struct json_value){ .kind = JV_BOOL, .boolean = v->boolean };
		break;
	case VALUE_DURATION:
		integer = value_int(v->integer);
		return value_to_json(a, &integer);
	case VALUE_INT:
	case VALUE_FLOAT:
		value_print(&b, v);
		out = (struct json_value){ .kind = JV_NUMBER,
			                   .text = slice_of(arena_strdup(a, buf_cstr(&b))) };
		buf_free(&b);
		break;
	case VALUE_TIME:
	case VALUE_STRING:
		out = (struct json_value){ .kind = JV_STRING, .text = v->text };
		break;
	case VALUE_LIST:
	case VALUE_MAP:
		return v->type ? typed_json(a, v->json, v->type)
		               : elements_json(a, v->json, &go_any);
	case VALUE_STRUCT:
		return typed_json(a, v->json, v->type);
	case VALUE_ROW:
		return row_json(a, v);
	}
	return out;
}
