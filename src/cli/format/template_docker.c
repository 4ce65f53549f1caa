/* json, split, join, lower, upper, title, pad, truncate: what Docker's templates have besides Go's. */
#include <ctype.h>

#include "cli/format/go_literal.h"
#include "cli/format/json_plain.h"
#include "cli/format/template_calls.h"

/* Rows keep Go's escapes of <, > and &; everything else goes without. */
int call_json(struct arena *a, const struct call_args *args, struct value *out,
              struct err *e unused_arg)
{
	_cleanup_buf_ struct buf b = { 0 };
	struct json_value tree = value_to_json(a, &args->v[0]);

	json_write(&b, &tree, NULL);
	if (args->v[0].kind != VALUE_ROW)
		json_unescape_html(&b);
	*out = call_text(a, &b);
	return 0;
}

/* Bytes up to the next separator; an empty separator splits between characters. */
static size_t split_length(struct slice s, struct slice sep, bool *last)
{
	const char *hit = sep.len ? memmem(s.data, s.len, sep.data, sep.len) : NULL;
	uint32_t rune;
	size_t len;

	if (sep.len) {
		*last = hit == NULL;
		return hit ? (size_t)(hit - s.data) : s.len;
	}
	len = utf8_decode(s, &rune);
	*last = len >= s.len;
	return MIN(len, s.len);
}

int call_split(struct arena *a, const struct call_args *args, struct value *out, struct err *e)
{
	struct json_value *list = arena_new(a, struct json_value);
	struct slice s = args->v[0].text, sep = args->v[1].text;
	struct {
		size_t n;
		struct json_value *v;
	} parts = { 0 };
	bool last = false;

	if (call_want_string(&args->v[0], e) < 0 || call_want_string(&args->v[1], e) < 0)
		return -1;
	while (!last && (s.len || sep.len)) {
		size_t len = split_length(s, sep, &last);
		struct json_value part = { .kind = JV_STRING, .text = { s.data, len } };

		arena_push(a, &parts, part);
		if (!last)
			s = (struct slice){ s.data + len + sep.len, s.len - len - sep.len };
	}
	*list = (struct json_value){ .kind = JV_ARRAY, .n = parts.n, .values = parts.v };
	*out = value_json(list);
	return 0;
}

int call_join(struct arena *a, const struct call_args *args, struct value *out, struct err *e)
{
	_cleanup_buf_ struct buf b = { 0 };
	const struct value *list = &args->v[0];

	if (call_want_string(&args->v[1], e) < 0)
		return -1;
	if (list->kind != VALUE_LIST && list->kind != VALUE_NIL)
		return err_set(e, ERR_INVALID, "wrong type for value; expected []string; got %s",
		               value_type_name(list));
	for (size_t i = 0; i < value_len(list); i++) {
		if (i)
			buf_add(&b, args->v[1].text.data, args->v[1].text.len);
		{
			struct value element = value_element(list, i);

			value_print_nested(&b, &element);
		}
	}
	*out = call_text(a, &b);
	return 0;
}

/* The text with each byte passed through `map`; `first` tells where words begin. */
static int map_text(struct arena *a, const struct call_args *args, struct value *out,
                    char (*map)(char c, bool first), struct err *e)
{
	struct slice s = args->v[0].text;
	char *text;

	if (call_want_string(&args->v[0], e) < 0)
		return -1;
	text = arena_strndup(a, s.len ? s.data : "", s.len);
	for (size_t i = 0; i < s.len; i++) {
		unsigned char before = i ? (unsigned char)s.data[i - 1] : ' ';

		text[i] = map(s.data[i],
		              !isalnum(before) && before != '_' && before != '\'' && before < 0x80);
	}
	*out = value_slice((struct slice){ text, s.len });
	return 0;
}

static char map_lower(char c, bool first unused_arg)
{
	return c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
}

static char map_upper(char c, bool first unused_arg)
{
	return c >= 'a' && c <= 'z' ? (char)(c - 32) : c;
}

static char map_title(char c, bool first)
{
	return first ? map_upper(c, first) : c;
}

int call_lower(struct arena *a, const struct call_args *args, struct value *out, struct err *e)
{
	return map_text(a, args, out, map_lower, e);
}

int call_upper(struct arena *a, const struct call_args *args, struct value *out, struct err *e)
{
	return map_text(a, args, out, map_upper, e);
}

int call_title(struct arena *a, const struct call_args *args, struct value *out, struct err *e)
{
	return map_text(a, args, out, map_title, e);
}

#define PAD_MAX 10000

/* pad text before after: blanks around it, unless it is empty. */
int call_pad(struct arena *a, const struct call_args *args, struct value *out, struct err *e)
{
	struct slice s = args->v[0].text;

	if (call_want_string(&args->v[0], e) < 0)
		return -1;
	for (int i = 1; i <= 2; i++)
		if (args->v[i].kind != VALUE_INT || args->v[i].integer < 0 ||
		    args->v[i].integer > PAD_MAX)
			return err_set(e, ERR_INVALID, "expected an integer up to %d", PAD_MAX);
	*out = args->v[0];
	if (s.len)
		*out = value_str(arena_printf(a, "%*s%.*s%*s", (int)args->v[1].integer, "",
		                              (int)s.len, s.data, (int)args->v[2].integer, ""));
	return 0;
}

int call_truncate(struct arena *a unused_arg, const struct call_args *args, struct value *out,
                  struct err *e)
{
	if (call_want_string(&args->v[0], e) < 0)
		return -1;
	if (args->v[1].kind != VALUE_INT || args->v[1].integer < 0)
		return err_set(e, ERR_INVALID, "expected integer; got %s",
		               value_type_name(&args->v[1]));
	*out = args->v[0];
	out->text.len = MIN(out->text.len, (size_t)args->v[1].integer);
	return 0;
}
