/* print and its kin, html, js, urlquery: the text functions of text/template. */
#include "cli/format/template_calls.h"

#include <ctype.h>

static void print_plain(struct buf *b, const struct value *v)
{
	if (v->kind == VALUE_NIL)
		buf_adds(b, "<nil>");
	else
		value_print(b, v);
}

/* fmt.Sprint puts a blank between two operands when neither is a string. */
int call_print(struct arena *a, const struct call_args *args, struct value *out,
               struct err *e unused_arg)
{
	_cleanup_buf_ struct buf b = { 0 };

	for (size_t i = 0; i < args->n; i++) {
		if (i && args->v[i].kind != VALUE_STRING && args->v[i - 1].kind != VALUE_STRING)
			buf_addc(&b, ' ');
		print_plain(&b, &args->v[i]);
	}
	*out = call_text(a, &b);
	return 0;
}

int call_println(struct arena *a, const struct call_args *args, struct value *out,
                 struct err *e unused_arg)
{
	_cleanup_buf_ struct buf b = { 0 };

	for (size_t i = 0; i < args->n; i++) {
		buf_adds(&b, i ? " " : "");
		print_plain(&b, &args->v[i]);
	}
	buf_addc(&b, '\n');
	*out = call_text(a, &b);
	return 0;
}

int call_printf(struct arena *a, const struct call_args *args, struct value *out, struct err *e)
{
	_cleanup_buf_ struct buf b = { 0 };

	if (call_want_string(&args->v[0], e) < 0)
		return -1;
	go_printf(&b, args);
	*out = call_text(a, &b);
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
	*out = call_text(a, &b);
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

int call_html(struct arena *a, const struct call_args *args, struct value *out,
              struct err *e unused_arg)
{
	return print_escaped(a, args, out, escape_html);
}

int call_js(struct arena *a, const struct call_args *args, struct value *out,
            struct err *e unused_arg)
{
	return print_escaped(a, args, out, escape_js);
}

int call_urlquery(struct arena *a, const struct call_args *args, struct value *out,
                  struct err *e unused_arg)
{
	return print_escaped(a, args, out, escape_url);
}
