/*
 * The functions of templates: those of Go's text/template, and json, split, join, title, lower,
 * upper, pad and truncate, which Docker's templates have besides. One table at the end.
 */
#include "cli/format/template_internal.h"

#include <ctype.h>

#include "cli/format/go_literal.h"
#include "cli/format/json_plain.h"

static struct value text_value(struct arena *a, const struct buf *b)
{
	return value_slice((struct slice){ arena_memdup(a, buf_cstr(b), b->len + 1), b->len });
}

static int want_string(const struct value *v, struct err *e)
{
	if (v->kind == VALUE_STRING)
		return 0;
	return err_set(e, ERR_INVALID, "wrong type for value; expected string; got %s",
	               value_type_name(v));
}

/* --- comparison --- */

static int basic_kind(const struct value *v, struct err *e)
{
	if (v->kind == VALUE_BOOL || v->kind == VALUE_INT || v->kind == VALUE_FLOAT ||
	    v->kind == VALUE_STRING)
		return 0;
	return err_set(e, ERR_INVALID, "invalid type for comparison");
}

static int equal(const struct value *x, const struct value *y, bool *out, struct err *e)
{
	if (x->kind == VALUE_NIL || y->kind == VALUE_NIL) {
		*out = x->kind == y->kind;
		return 0;
	}
	if (x->kind == VALUE_LIST || x->kind == VALUE_MAP)
		return err_set(e, ERR_INVALID, "non-comparable type %s", value_type_name(x));
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

static int call_eq(struct arena *a unused_arg, const struct call_args *args, struct value *out,
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

static int call_ne(struct arena *a unused_arg, const struct call_args *args, struct value *out,
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

static int call_lt(struct arena *a unused_arg, const struct call_args *args, struct value *out,
                   struct err *e)
{
	return compare(args, false, false, out, e);
}

static int call_le(struct arena *a unused_arg, const struct call_args *args, struct value *out,
                   struct err *e)
{
	return compare(args, true, true, out, e);
}

static int call_gt(struct arena *a unused_arg, const struct call_args *args, struct value *out,
                   struct err *e)
{
	return compare(args, true, false, out, e);
}

static int call_ge(struct arena *a unused_arg, const struct call_args *args, struct value *out,
                   struct err *e)
{
	return compare(args, false, true, out, e);
}

static int call_not(struct arena *a unused_arg, const struct call_args *args, struct value *out,
                    struct err *e unused_arg)
{
	*out = value_bool(!value_truth(&args->v[0]));
	return 0;
}

/* and, or: the executor evaluates them, operand by operand; the table only knows their names. */
static int call_logic(struct arena *a unused_arg, const struct call_args *args, struct value *out,
                      struct err *e unused_arg)
{
	*out = args->v[0];
	return 0;
}

/* --- collections --- */

static int call_len(struct arena *a unused_arg, const struct call_args *args, struct value *out,
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

static int call_index(struct arena *a unused_arg, const struct call_args *args, struct value *out,
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

static int call_slice(struct arena *a, const struct call_args *args, struct value *out,
                      struct err *e)
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
	part = arena_memdup(a, v->json, sizeof(*part));
	part->values += from;
	part->n = to - from;
	*out = value_json(part);
	return 0;
}

/* --- printing --- */

static void print_plain(struct buf *b, const struct value *v)
{
	if (v->kind == VALUE_NIL)
		buf_adds(b, "<nil>");
	else
		value_print(b, v);
}

/* fmt.Sprint puts a blank between two operands when neither is a string. */
static int call_print(struct arena *a, const struct call_args *args, struct value *out,
                      struct err *e unused_arg)
{
	_cleanup_buf_ struct buf b = { 0 };

	for (size_t i = 0; i < args->n; i++) {
		if (i && args->v[i].kind != VALUE_STRING && args->v[i - 1].kind != VALUE_STRING)
			buf_addc(&b, ' ');
		print_plain(&b, &args->v[i]);
	}
	*out = text_value(a, &b);
	return 0;
}

static int call_println(struct arena *a, const struct call_args *args, struct value *out,
                        struct err *e unused_arg)
{
	_cleanup_buf_ struct buf b = { 0 };

	for (size_t i = 0; i < args->n; i++) {
		buf_adds(&b, i ? " " : "");
		print_plain(&b, &args->v[i]);
	}
	buf_addc(&b, '\n');
	*out = text_value(a, &b);
	return 0;
}

static int call_printf(struct arena *a, const struct call_args *args, struct value *out,
                       struct err *e)
{
	_cleanup_buf_ struct buf b = { 0 };

	if (want_string(&args->v[0], e) < 0)
		return -1;
	go_printf(&b, args);
	*out = text_value(a, &b);
	return 0;
}

/* All arguments as print has them, with some bytes replaced. */
static int print_escaped(struct arena *a, const struct call_args *args, struct value *out,
                         void (*escape)(struct buf *b, char c))
{
	_cleanup_buf_ struct buf b = { 0 };
	struct value text;

	if (call_print(a, args, &text, NULL) < 0)
		return -1;
	for (size_t i = 0; i < text.text.len; i++)
		escape(&b, text.text.data[i]);
	*out = text_value(a, &b);
	return 0;
}

static void escape_html(struct buf *b, char c)
{
	static const struct {
		char c;
		const char *text;
	} names[] = { { '<', "&lt;" },
		      { '>', "&gt;" },
		      { '&', "&amp;" },
		      { '"', "&#34;" },
		      { '\'', "&#39;" } };

	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		if (names[i].c == c) {
			buf_adds(b, names[i].text);
			return;
		}
	}
	buf_addc(b, c);
}

static void escape_js(struct buf *b, char c)
{
	static const char special[] = "\\'\"";

	if (strchr(special, c) && c)
		buf_printf(b, "\\%c", c);
	else if (c == '<' || c == '>' || c == '&' || c == '=' || (c >= 0 && c < 0x20))
		buf_printf(b, "\\u%04X", (unsigned)c);
	else
		buf_addc(b, c);
}

static void escape_url(struct buf *b, char c)
{
	if (isalnum((unsigned char)c) || (c && strchr("-_.~", c)))
		buf_addc(b, c);
	else if (c == ' ')
		buf_addc(b, '+');
	else
		buf_printf(b, "%%%02X", (unsigned char)c);
}

static int call_html(struct arena *a, const struct call_args *args, struct value *out,
                     struct err *e unused_arg)
{
	return print_escaped(a, args, out, escape_html);
}

static int call_js(struct arena *a, const struct call_args *args, struct value *out,
                   struct err *e unused_arg)
{
	return print_escaped(a, args, out, escape_js);
}

static int call_urlquery(struct arena *a, const struct call_args *args, struct value *out,
                         struct err *e unused_arg)
{
	return print_escaped(a, args, out, escape_url);
}

/* --- Docker's --- */

/* Rows keep Go's escapes of <, > and &; everything else goes without. */
static int call_json(struct arena *a, const struct call_args *args, struct value *out,
                     struct err *e unused_arg)
{
	_cleanup_buf_ struct buf b = { 0 };
	struct json_value tree = value_to_json(a, &args->v[0]);

	json_write(&b, &tree, NULL);
	if (args->v[0].kind != VALUE_ROW)
		json_unescape_html(&b);
	*out = text_value(a, &b);
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

static int call_split(struct arena *a, const struct call_args *args, struct value *out,
                      struct err *e)
{
	struct json_value *list = arena_new(a, struct json_value);
	struct slice s = args->v[0].text, sep = args->v[1].text;
	struct {
		size_t n;
		struct json_value *v;
	} parts = { 0 };
	bool last = false;

	if (want_string(&args->v[0], e) < 0 || want_string(&args->v[1], e) < 0)
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

static int call_join(struct arena *a, const struct call_args *args, struct value *out,
                     struct err *e)
{
	_cleanup_buf_ struct buf b = { 0 };
	const struct value *list = &args->v[0];

	if (want_string(&args->v[1], e) < 0)
		return -1;
	if (list->kind != VALUE_LIST && list->kind != VALUE_NIL)
		return err_set(e, ERR_INVALID, "wrong type for value; expected []string; got %s",
		               value_type_name(list));
	for (size_t i = 0; list->kind == VALUE_LIST && i < list->json->n; i++) {
		if (i)
			buf_add(&b, args->v[1].text.data, args->v[1].text.len);
		value_print_nested(&b, &list->json->values[i]);
	}
	*out = text_value(a, &b);
	return 0;
}

/* The text with each byte passed through `map`; `first` tells where words begin. */
static int map_text(struct arena *a, const struct call_args *args, struct value *out,
                    char (*map)(char c, bool first), struct err *e)
{
	struct slice s = args->v[0].text;
	char *text;

	if (want_string(&args->v[0], e) < 0)
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

static int call_lower(struct arena *a, const struct call_args *args, struct value *out,
                      struct err *e)
{
	return map_text(a, args, out, map_lower, e);
}

static int call_upper(struct arena *a, const struct call_args *args, struct value *out,
                      struct err *e)
{
	return map_text(a, args, out, map_upper, e);
}

static int call_title(struct arena *a, const struct call_args *args, struct value *out,
                      struct err *e)
{
	return map_text(a, args, out, map_title, e);
}

#define PAD_MAX 10000

/* pad text before after: blanks around it, unless it is empty. */
static int call_pad(struct arena *a, const struct call_args *args, struct value *out, struct err *e)
{
	struct slice s = args->v[0].text;

	if (want_string(&args->v[0], e) < 0)
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

static int call_truncate(struct arena *a unused_arg, const struct call_args *args,
                         struct value *out, struct err *e)
{
	if (want_string(&args->v[0], e) < 0)
		return -1;
	if (args->v[1].kind != VALUE_INT || args->v[1].integer < 0)
		return err_set(e, ERR_INVALID, "expected integer; got %s",
		               value_type_name(&args->v[1]));
	*out = args->v[0];
	out->text.len = MIN(out->text.len, (size_t)args->v[1].integer);
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
