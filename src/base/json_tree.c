/* Documents without a table: trees in an arena, and their text. See json.h. */
#include "base/json.h"

#include "base/json_internal.h"

static void convert(struct arena *a, struct json_object *o, struct json_value *out);

static void convert_array(struct arena *a, struct json_object *o, struct json_value *out)
{
	out->kind = JV_ARRAY;
	out->n = json_object_array_length(o);
	out->values = arena_array(a, struct json_value, out->n);
	for (size_t i = 0; i < out->n; i++)
		convert(a, json_object_array_get_idx(o, i), &out->values[i]);
}

static void convert_object(struct arena *a, struct json_object *o, struct json_value *out)
{
	size_t n = (size_t)json_object_object_length(o);

	out->kind = JV_OBJECT;
	out->keys = arena_array(a, const char *, n);
	out->values = arena_array(a, struct json_value, n);
	json_object_object_foreach(o, key, value)
	{
		out->keys[out->n] = arena_strdup(a, key);
		convert(a, value, &out->values[out->n++]);
	}
}

static void convert_text(struct arena *a, struct json_object *o, enum json_value_kind kind,
                         struct json_value *out)
{
	const char *s = json_object_get_string(o);

	out->kind = kind;
	out->text.len = kind == JV_STRING ? (size_t)json_object_get_string_len(o) : strlen(s);
	out->text.data = arena_strndup(a, s, out->text.len);
}

static void convert(struct arena *a, struct json_object *o, struct json_value *out)
{
	switch (json_object_get_type(o)) {
	case json_type_null:
		out->kind = JV_NULL;
		break;
	case json_type_boolean:
		out->kind = JV_BOOL;
		out->boolean = json_object_get_boolean(o);
		break;
	case json_type_int:
	case json_type_double:
		convert_text(a, o, JV_NUMBER, out);
		break;
	case json_type_string:
		convert_text(a, o, JV_STRING, out);
		break;
	case json_type_array:
		convert_array(a, o, out);
		break;
	case json_type_object:
		convert_object(a, o, out);
		break;
	}
}

int json_parse(struct arena *a, struct slice text, struct json_value *out, struct err *e)
{
	_cleanup_json_ struct json_object *o = NULL;

	*out = (struct json_value){ 0 };
	if (json_parse_object(text, &o, e) < 0)
		return -1;
	convert(a, o, out);
	return 0;
}

const struct json_value *json_member(const struct json_value *v, const char *key)
{
	for (size_t i = 0; v && v->kind == JV_OBJECT && i < v->n; i++)
		if (strcmp(v->keys[i], key) == 0)
			return &v->values[i];
	return NULL;
}

static void newline(struct buf *b, const char *indent, int level)
{
	if (!indent)
		return;
	buf_addc(b, '\n');
	for (int i = 0; i < level; i++)
		buf_adds(b, indent);
}

static void write_value(struct buf *b, const struct json_value *v, const char *indent, int level);

static void write_items(struct buf *b, const struct json_value *v, const char *indent, int level)
{
	for (size_t i = 0; i < v->n; i++) {
		if (i)
			buf_addc(b, ',');
		newline(b, indent, level + 1);
		if (v->kind == JV_OBJECT) {
			json_quote(b, slice_of(v->keys[i]));
			buf_adds(b, indent ? ": " : ":");
		}
		write_value(b, &v->values[i], indent, level + 1);
	}
	if (v->n)
		newline(b, indent, level);
}

static void write_value(struct buf *b, const struct json_value *v, const char *indent, int level)
{
	switch (v->kind) {
	case JV_NULL:
		buf_adds(b, "null");
		break;
	case JV_BOOL:
		buf_adds(b, v->boolean ? "true" : "false");
		break;
	case JV_NUMBER:
		buf_add(b, v->text.data, v->text.len);
		break;
	case JV_STRING:
		json_quote(b, v->text);
		break;
	case JV_ARRAY:
	case JV_OBJECT:
		buf_addc(b, v->kind == JV_ARRAY ? '[' : '{');
		write_items(b, v, indent, level);
		buf_addc(b, v->kind == JV_ARRAY ? ']' : '}');
		break;
	}
}

void json_write(struct buf *b, const struct json_value *v, const char *indent)
{
	write_value(b, v, indent, 0);
}
