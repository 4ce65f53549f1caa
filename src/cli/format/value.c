/* Values of Go templates: making them, access, truth. See value.h. */
#include "cli/format/value.h"

const struct go_type go_any = { .kind = GO_ANY };
const struct go_type go_bool = { .kind = GO_BOOL };
const struct go_type go_int = { .kind = GO_INT };
const struct go_type go_string = { .kind = GO_STRING };
const struct go_type go_time = { .kind = GO_TIME };
const struct go_type go_duration = { .kind = GO_DURATION };
const struct go_type go_empty_struct = { .kind = GO_STRUCT, .name = "struct {}" };

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

static struct value untyped(struct value v)
{
	v.any = true;
	return v;
}

struct value value_json(const struct json_value *v)
{
	if (!v)
		return (struct value){ .kind = VALUE_NIL, .missing = true };
	switch (v->kind) {
	case JV_BOOL:
		return untyped(value_bool(v->boolean));
	case JV_NUMBER:
		return untyped(value_number(v->text));
	case JV_STRING:
		return untyped(value_slice(v->text));
	case JV_ARRAY:
		return (struct value){ .kind = VALUE_LIST, .json = v };
	case JV_OBJECT:
		return (struct value){ .kind = VALUE_MAP, .json = v };
	case JV_NULL:
		break;
	}
	return value_nil();
}

static struct value known(struct value v)
{
	v.any = false;
	return v;
}

static struct value typed_pointer(const struct json_value *v, const struct go_type *type)
{
	if (v)
		return value_typed(v, type->elem);
	return (struct value){ .kind = VALUE_NIL, .pointer = true };
}

static struct value typed_time(const struct json_value *v)
{
	struct value out = v ? value_json(v) : value_str("0001-01-01T00:00:00Z");

	if (out.kind == VALUE_STRING)
		out.kind = VALUE_TIME;
	return out;
}

static struct value typed_duration(const struct json_value *v)
{
	struct value out = v ? value_json(v) : value_int(0);

	if (out.kind == VALUE_INT)
		out.kind = VALUE_DURATION;
	return out;
}

/* Is this the kind of JSON that a type of several parts is written in? */
static bool fits(const struct json_value *v, const struct go_type *type)
{
	if (!type || (type->kind != GO_LIST && type->kind != GO_MAP && type->kind != GO_STRUCT))
		return true;
	return v->kind == (type->kind == GO_LIST ? JV_ARRAY : JV_OBJECT);
}

struct value value_typed(const struct json_value *v, const struct go_type *type)
{
	if (v && v->kind == JV_NULL)
		v = NULL;
	if (v && !fits(v, type)) /* the daemon knows better than our table */
		return value_json(v);
	switch (type ? type->kind : GO_ANY) {
	case GO_POINTER:
		return typed_pointer(v, type);
	case GO_LIST:
		return (struct value){ .kind = VALUE_LIST, .json = v, .type = type };
	case GO_MAP:
		return (struct value){ .kind = VALUE_MAP, .json = v, .type = type };
	case GO_STRUCT:
		return (struct value){ .kind = VALUE_STRUCT, .json = v, .type = type };
	case GO_BOOL:
		return v ? known(value_json(v)) : value_bool(false);
	case GO_INT:
		return v ? known(value_json(v)) : value_int(0);
	case GO_DURATION:
		return typed_duration(v);
	case GO_STRING:
		return v ? known(value_json(v)) : value_str("");
	case GO_TIME:
		return typed_time(v);
	case GO_ANY:
		break;
	}
	return v ? value_json(v) : value_nil();
}

static const struct go_type *elem_of(const struct value *v)
{
	return v->type ? v->type->elem : NULL;
}

struct value value_element(const struct value *v, size_t i)
{
	return v->type ? value_typed(&v->json->values[i], elem_of(v))
	               : value_json(&v->json->values[i]);
}

static int row_field(struct arena *a, const struct value *v, struct slice name, const char *arg,
                     struct value *out, struct err *e)
{
	for (size_t i = 0; i < v->row_type->n; i++) {
		const struct row_field *f = &v->row_type->fields[i];

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
	               name.data, v->row_type->go_name);
}

/* A field of the struct itself or of one embedded in it. */
static bool struct_field(const struct json_value *json, const struct go_type *type,
                         struct slice name, struct value *out)
{
	for (size_t i = 0; i < type->n; i++) {
		const struct go_field *f = &type->fields[i];
		const struct go_type *inner = f->type->kind == GO_POINTER ? f->type->elem : f->type;

		if (slice_eq(name, f->name)) {
			*out = f->flags & GO_EMBEDDED
			               ? value_typed(json, inner)
			               : value_typed(json_member(json, f->json ? f->json : f->name),
			                             f->type);
			return true;
		}
		if ((f->flags & GO_EMBEDDED) && struct_field(json, inner, name, out))
			return true;
	}
	return false;
}

static const struct json_value *map_entry(const struct json_value *map, struct slice key)
{
	for (size_t i = 0; map && i < map->n; i++)
		if (slice_eq(key, map->keys[i]))
			return &map->values[i];
	return NULL;
}

static int map_field(const struct value *v, struct slice name, bool missing_is_error,
                     struct value *out, struct err *e)
{
	const struct json_value *entry = map_entry(v->json, name);

	*out = entry && v->type ? value_typed(entry, elem_of(v)) : value_json(entry);
	if (!entry && missing_is_error)
		return err_set(e, ERR_INVALID, "map has no entry for key \"%.*s\"", (int)name.len,
		               name.data);
	return 0;
}

static int nil_field(const struct value *v, struct slice name, bool missing_is_error,
                     struct value *out, struct err *e)
{
	if (!v->missing)
		return err_set(e, ERR_INVALID, "nil pointer evaluating interface {}.%.*s",
		               (int)name.len, name.data);
	*out = *v;
	if (missing_is_error)
		return err_set(e, ERR_INVALID, "nil data; no entry for key \"%.*s\"", (int)name.len,
		               name.data);
	return 0;
}

int value_field(struct arena *a, const struct value *v, struct slice name, const char *arg,
                bool missing_is_error, struct value *out, struct err *e)
{
	if (v->kind == VALUE_ROW)
		return row_field(a, v, name, arg, out, e);
	if (v->kind == VALUE_NIL)
		return nil_field(v, name, missing_is_error, out, e);
	if (arg && (v->kind == VALUE_MAP || v->kind == VALUE_STRUCT))
		return err_set(e, ERR_INVALID, "%.*s is not a method but has arguments",
		               (int)name.len, name.data);
	if (v->kind == VALUE_MAP)
		return map_field(v, name, missing_is_error, out, e);
	if (v->kind == VALUE_STRUCT && struct_field(v->json, v->type, name, out))
		return 0;
	return err_set(e, ERR_INVALID, "can't evaluate field %.*s in type %s", (int)name.len,
	               name.data, v->any ? "interface {}" : value_type_name(v));
}

static int index_map(const struct value *v, const struct value *key, struct value *out,
                     struct err *e)
{
	const struct json_value *entry;

	if (key->kind != VALUE_STRING)
		return err_set(e, ERR_INVALID, "value has type %s; should be string",
		               value_type_name(key));
	entry = map_entry(v->json, key->text);
	*out = v->type ? value_typed(entry, elem_of(v)) : value_json(entry);
	return 0;
}

int value_index(const struct value *v, const struct value *key, struct value *out, struct err *e)
{
	if (v->kind == VALUE_NIL)
		return err_set(e, ERR_INVALID, "index of untyped nil");
	if (v->kind == VALUE_MAP)
		return index_map(v, key, out, e);
	if (v->kind != VALUE_LIST && v->kind != VALUE_STRING)
		return err_set(e, ERR_INVALID, "can't index item of type %s", value_type_name(v));
	if (key->kind == VALUE_NIL)
		return err_set(e, ERR_INVALID, "cannot index slice/array with nil");
	if (key->kind != VALUE_INT)
		return err_set(e, ERR_INVALID, "cannot index slice/array with type %s",
		               value_type_name(key));
	if (key->integer < 0 || (uint64_t)key->integer >= value_len(v))
		return err_set(e, ERR_INVALID, "index out of range: %lld", (long long)key->integer);
	*out = v->kind == VALUE_LIST ? value_element(v, (size_t)key->integer)
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
	case VALUE_DURATION:
		return v->integer != 0;
	case VALUE_FLOAT:
		return v->real != 0;
	case VALUE_STRING:
	case VALUE_LIST:
	case VALUE_MAP:
		return value_len(v) > 0;
	case VALUE_TIME:
	case VALUE_STRUCT:
	case VALUE_ROW:
		break;
	}
	return true;
}

size_t value_len(const struct value *v)
{
	if (v->kind == VALUE_STRING)
		return v->text.len;
	return (v->kind == VALUE_LIST || v->kind == VALUE_MAP) && v->json ? v->json->n : 0;
}

const char *value_type_name(const struct value *v)
{
	static const char *const names[] = {
		[VALUE_NIL] = "interface {}",
		[VALUE_BOOL] = "bool",
		[VALUE_INT] = "int",
		[VALUE_FLOAT] = "float64",
		[VALUE_DURATION] = "time.Duration",
		[VALUE_STRING] = "string",
		[VALUE_TIME] = "time.Time",
		[VALUE_LIST] = "[]interface {}",
		[VALUE_MAP] = "map[string]interface {}",
		[VALUE_STRUCT] = "struct",
	};
	const struct go_type *elem = elem_of(v);

	if (v->kind == VALUE_ROW)
		return v->row_type->go_name;
	if (v->kind == VALUE_STRUCT && v->type->name)
		return v->type->name;
	if (elem && elem->kind == GO_STRING)
		return v->kind == VALUE_LIST ? "[]string" : "map[string]string";
	return names[v->kind];
}
