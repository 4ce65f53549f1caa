/* Values of Go templates: access, truth and printing. See value.h. */
#include "cli/format/value.h"

static struct value value_number(struct slice text)
{
	char tmp[64];
	int64_t i;

	if (text.len >= sizeof(tmp))
		return value_float(0);
	memcpy(tmp, text.data, text.len);
	tmp[text.len] = '\0';
	if (str_i64(tmp, &i))
		return value_int(i);
	return value_float(strtod(tmp, NULL));
}

struct value value_json(const struct json_value *v)
{
	if (!v)
		return (struct value){ .kind = VALUE_NIL, .missing = true };
	switch (v->kind) {
	case JV_BOOL:
		return value_bool(v->boolean);
	case JV_NUMBER:
		return value_number(v->text);
	case JV_STRING:
		return value_slice(v->text);
	case JV_ARRAY:
		return (struct value){ .kind = VALUE_LIST, .json = v };
	case JV_OBJECT:
		return (struct value){ .kind = VALUE_MAP, .json = v };
	case JV_NULL:
		break;
	}
	return value_nil();
}

static struct json_value row_to_json(struct arena *a, const struct value *v)
{
	struct json_value out = { .kind = JV_OBJECT };

	out.keys = arena_array(a, const char *, v->type->n);
	out.values = arena_array(a, struct json_value, v->type->n);
	for (size_t i = 0; i < v->type->n; i++) {
		const struct row_field *f = &v->type->fields[i];
		struct value field;

		if (f->takes_arg)
			continue;
		field = f->get(a, v->row, NULL);
		out.keys[out.n] = f->name;
		out.values[out.n++] = value_to_json(a, &field);
	}
	return out;
}

struct json_value value_to_json(struct arena *a, const struct value *v)
{
	struct json_value out = { 0 };
	struct buf b = { 0 };

	switch (v->kind) {
	case VALUE_NIL:
		break;
	case VALUE_BOOL:
		out = (struct json_value){ .kind = JV_BOOL, .boolean = v->boolean };
		break;
	case VALUE_INT:
	case VALUE_FLOAT:
		value_print(&b, v);
		out = (struct json_value){ .kind = JV_NUMBER,
			                   .text = slice_of(arena_strdup(a, buf_cstr(&b))) };
		buf_free(&b);
		break;
	case VALUE_STRING:
		out = (struct json_value){ .kind = JV_STRING, .text = v->text };
		break;
	case VALUE_LIST:
	case VALUE_MAP:
		out = *v->json;
		break;
	case VALUE_ROW:
		out = row_to_json(a, v);
		break;
	}
	return out;
}

static int row_field(struct arena *a, const struct value *v, struct slice name, const char *arg,
                     struct value *out, struct err *e)
{
	for (size_t i = 0; i < v->type->n; i++) {
		const struct row_field *f = &v->type->fields[i];

		if (!slice_eq(name, f->name))
			continue;
		if (f->takes_arg != (arg != NULL))
			return err_set(e, ERR_INVALID,
			               "wrong number of args for %s: want %d got %d", f->name,
			               f->takes_arg, arg != NULL);
		*out = v->row || arg ? f->get(a, v->row, arg) : value_str(f->header);
		return 0;
	}
	return err_set(e, ERR_INVALID, "can't evaluate field %.*s in type %s", (int)name.len,
	               name.data, v->type->go_name);
}

static const struct json_value *map_entry(const struct json_value *map, struct slice key)
{
	for (size_t i = 0; i < map->n; i++)
		if (slice_eq(key, map->keys[i]))
			return &map->values[i];
	return NULL;
}

int value_field(struct arena *a, const struct value *v, struct slice name, const char *arg,
                bool missing_is_error, struct value *out, struct err *e)
{
	int len = (int)name.len;

	if (v->kind == VALUE_ROW)
		return row_field(a, v, name, arg, out, e);
	if (v->kind == VALUE_NIL && !v->missing)
		return err_set(e, ERR_INVALID, "nil pointer evaluating interface {}.%.*s", len,
		               name.data);
	if (v->kind == VALUE_NIL) {
		*out = *v;
		return missing_is_error
		               ? err_set(e, ERR_INVALID, "nil data; no entry for key \"%.*s\"", len,
		                         name.data)
		               : 0;
	}
	if (v->kind != VALUE_MAP)
		return err_set(e, ERR_INVALID, "can't evaluate field %.*s in type %s", len,
		               name.data, value_type_name(v));
	if (arg)
		return err_set(e, ERR_INVALID, "%.*s is not a method but has arguments", len,
		               name.data);
	*out = value_json(map_entry(v->json, name));
	if (out->missing && missing_is_error)
		return err_set(e, ERR_INVALID, "map has no entry for key \"%.*s\"", len, name.data);
	return 0;
}

static int index_check(int64_t i, size_t n, struct err *e)
{
	if (i < 0 || (uint64_t)i >= n)
		return err_set(e, ERR_INVALID, "error calling index: index out of range: %lld",
		               (long long)i);
	return 0;
}

int value_index(const struct value *v, const struct value *key, struct value *out, struct err *e)
{
	if (v->kind == VALUE_NIL)
		return err_set(e, ERR_INVALID, "error calling index: index of untyped nil");
	if (v->kind == VALUE_MAP) {
		if (key->kind != VALUE_STRING)
			return err_set(e, ERR_INVALID,
			               "error calling index: value has type %s; should be string",
			               value_type_name(key));
		*out = value_json(map_entry(v->json, key->text));
		return 0;
	}
	if (v->kind != VALUE_LIST && v->kind != VALUE_STRING)
		return err_set(e, ERR_INVALID, "error calling index: can't index item of type %s",
		               value_type_name(v));
	if (key->kind == VALUE_NIL)
		return err_set(e, ERR_INVALID,
		               "error calling index: cannot index slice/array with nil");
	if (key->kind != VALUE_INT)
		return err_set(e, ERR_INVALID,
		               "error calling index: cannot index slice/array with type %s",
		               value_type_name(key));
	if (index_check(key->integer, value_len(v), e) < 0)
		return -1;
	*out = v->kind == VALUE_LIST ? value_json(&v->json->values[key->integer])
	                             : value_int((unsigned char)v->text.data[key->integer]);
	return 0;
}

bool value_truth(const struct value *v)
{
	switch (v->kind) {
	case VALUE_NIL:
		return false;
	case VALUE_BOOL:
		return v->boolean;
	case VALUE_INT:
		return v->integer != 0;
	case VALUE_FLOAT:
		return v->real != 0;
	case VALUE_STRING:
	case VALUE_LIST:
	case VALUE_MAP:
		return value_len(v) > 0;
	case VALUE_ROW:
		break;
	}
	return true;
}

size_t value_len(const struct value *v)
{
	if (v->kind == VALUE_STRING)
		return v->text.len;
	return v->kind == VALUE_LIST || v->kind == VALUE_MAP ? v->json->n : 0;
}

const char *value_type_name(const struct value *v)
{
	static const char *const names[] = {
		[VALUE_NIL] = "interface {}",
		[VALUE_BOOL] = "bool",
		[VALUE_INT] = "int",
		[VALUE_FLOAT] = "float64",
		[VALUE_STRING] = "string",
		[VALUE_LIST] = "[]interface {}",
		[VALUE_MAP] = "map[string]interface {}",
	};

	return v->kind == VALUE_ROW ? v->type->go_name : names[v->kind];
}
