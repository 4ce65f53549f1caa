/* fmt.Sprintf (https://pkg.go.dev/fmt) for the values that templates know. */
#include "cli/format/template_internal.h"

#include <ctype.h>

#include "cli/format/go_literal.h"

#define WIDTH_MAX 1000

struct directive {
	bool plus, minus, sharp, space, zero;
	int width, precision; /* -1: not given */
	char verb;
};

/* Pads to the width; zeros go behind a sign. */
static void add_padded(struct buf *b, const struct directive *d, struct slice text, bool number)
{
	int fill = d->width - (int)text.len;
	bool zero = d->zero && !d->minus && number;

	if (zero && text.len && strchr("+-", text.data[0])) {
		buf_addc(b, text.data[0]);
		text = (struct slice){ text.data + 1, text.len - 1 };
	}
	for (; !d->minus && fill > 0; fill--)
		buf_addc(b, zero ? '0' : ' ');
	buf_add(b, text.data, text.len);
	for (; fill > 0; fill--)
		buf_addc(b, ' ');
}

static void add_bad(struct buf *b, const struct directive *d, const struct value *v)
{
	if (v->kind == VALUE_NIL) {
		buf_printf(b, "%%!%c(<nil>)", d->verb);
		return;
	}
	buf_printf(b, "%%!%c(%s=", d->verb, value_type_name(v));
	value_print(b, v);
	buf_addc(b, ')');
}

static void add_digits(struct buf *b, uint64_t u, unsigned base, bool upper)
{
	char tmp[65];
	size_t n = sizeof(tmp);

	do
		tmp[--n] = (upper ? "0123456789ABCDEF" : "0123456789abcdef")[u % base];
	while (u /= base);
	buf_add(b, tmp + n, sizeof(tmp) - n);
}

static void add_int(struct buf *b, const struct directive *d, int64_t i)
{
	static const char verbs[] = "dboxX";
	static const unsigned bases[] = { 10, 2, 8, 16, 16 };
	static const char *const prefixes[] = { "", "0b", "0", "0x", "0X" };
	_cleanup_buf_ struct buf text = { 0 };
	size_t which = (size_t)(strchr(verbs, d->verb) - verbs);
	uint64_t magnitude = i < 0 ? -(uint64_t)i : (uint64_t)i;

	buf_adds(&text, i < 0 ? "-" : d->plus ? "+" : d->space ? " " : "");
	buf_adds(&text, d->sharp ? prefixes[which] : "");
	add_digits(&text, magnitude, bases[which], d->verb == 'X');
	add_padded(b, d, (struct slice){ buf_cstr(&text), text.len }, true);
}

static void add_float(struct buf *b, const struct directive *d, double real)
{
	_cleanup_buf_ struct buf text = { 0 };
	char fmt[] = { '%', '.', '*', d->verb, '\0' };
	char tmp[400];

	if (real >= 0 && (d->plus || d->space))
		buf_addc(&text, d->plus ? '+' : ' ');
	if (d->verb == 'g' && d->precision < 0) {
		float_print(&text, real);
	} else {
		snprintf(tmp, sizeof(tmp), fmt, d->precision < 0 ? 6 : d->precision, real);
		buf_adds(&text, tmp);
	}
	add_padded(b, d, (struct slice){ buf_cstr(&text), text.len }, true);
}

static void add_hex_text(struct buf *b, const struct directive *d, struct slice s)
{
	_cleanup_buf_ struct buf text = { 0 };

	for (size_t i = 0; i < s.len; i++)
		buf_printf(&text, d->verb == 'x' ? "%02x" : "%02X", (unsigned char)s.data[i]);
	add_padded(b, d, (struct slice){ buf_cstr(&text), text.len }, false);
}

static void add_string(struct buf *b, const struct directive *d, struct slice s)
{
	_cleanup_buf_ struct buf text = { 0 };

	if (d->precision >= 0)
		s.len = MIN(s.len, (size_t)d->precision);
	if (d->verb == 'x' || d->verb == 'X') {
		add_hex_text(b, d, s);
		return;
	}
	if (d->verb == 'q' || (d->verb == 'v' && d->sharp)) {
		go_quote(&text, s);
		s = (struct slice){ buf_cstr(&text), text.len };
	}
	add_padded(b, d, s, false);
}

static void add_rune(struct buf *b, const struct directive *d, int64_t i)
{
	_cleanup_buf_ struct buf text = { 0 };

	if (d->verb == 'U')
		buf_printf(&text, "U+%04llX", (unsigned long long)i);
	else if (d->verb == 'q')
		buf_addc(&text, '\'');
	if (d->verb != 'U')
		utf8_encode(&text, (uint32_t)i);
	if (d->verb == 'q')
		buf_addc(&text, '\'');
	add_padded(b, d, (struct slice){ buf_cstr(&text), text.len }, false);
}

/* %v and the verb that a kind prints it with. */
static char natural_verb(const struct value *v)
{
	return v->kind == VALUE_BOOL    ? 't'
	       : v->kind == VALUE_INT   ? 'd'
	       : v->kind == VALUE_FLOAT ? 'g'
	                                : 's';
}

static void add_value(struct buf *b, struct directive d, const struct value *v);

/* Elements of lists and maps take the verb one by one, keys too. */
static void add_composite(struct buf *b, const struct directive *d, const struct value *v)
{
	_cleanup_arena_ struct arena scratch = { 0 };
	bool map = v->kind == VALUE_MAP;
	size_t n = value_len(v), *order = map && n ? value_key_order(&scratch, v->json) : NULL;

	buf_adds(b, map ? "map[" : "[");
	for (size_t i = 0; i < n; i++) {
		struct value element = value_element(v, order ? order[i] : i);

		buf_adds(b, i ? " " : "");
		if (order) {
			struct value key = value_str(v->json->keys[order[i]]);

			add_value(b, *d, &key);
			buf_addc(b, ':');
		}
		add_value(b, *d, &element);
	}
	buf_addc(b, ']');
}

static void add_struct(struct buf *b, const struct directive *d, const struct value *v)
{
	_cleanup_buf_ struct buf text = { 0 };

	value_print(&text, v);
	add_padded(b, d, (struct slice){ buf_cstr(&text), text.len }, false);
}

static void add_scalar(struct buf *b, const struct directive *d, const struct value *v)
{
	if (v->kind == VALUE_BOOL && d->verb == 't')
		add_padded(b, d, slice_of(v->boolean ? "true" : "false"), false);
	else if (v->kind == VALUE_INT && strchr("dboxX", d->verb))
		add_int(b, d, v->integer);
	else if (v->kind == VALUE_INT && strchr("cqU", d->verb))
		add_rune(b, d, v->integer);
	else if (v->kind == VALUE_FLOAT && strchr("eEfFgG", d->verb))
		add_float(b, d, v->real);
	else if (v->kind == VALUE_STRING && strchr("vsqxX", d->verb))
		add_string(b, d, v->text);
	else if (v->kind > VALUE_STRING || v->kind == VALUE_DURATION || v->kind == VALUE_TIME)
		add_struct(b, d, v);
	else
		add_bad(b, d, v);
}

static void add_value(struct buf *b, struct directive d, const struct value *v)
{
	if (d.verb == 'T') {
		add_padded(b, &d, slice_of(v->kind == VALUE_NIL ? "<nil>" : value_type_name(v)),
		           false);
		return;
	}
	if (v->kind == VALUE_NIL) {
		if (d.verb == 'v')
			add_padded(b, &d, slice_of("<nil>"), false);
		else
			add_bad(b, &d, v);
		return;
	}
	if (d.verb == 'v')
		d.plus = false;
	if (v->kind == VALUE_LIST || v->kind == VALUE_MAP) {
		add_composite(b, &d, v);
		return;
	}
	if (d.verb == 'v' && v->kind != VALUE_STRING)
		d.verb = natural_verb(v);
	add_scalar(b, &d, v);
}

/* A number or, for '*', the next argument. Returns what follows; -1 stays when nothing was there. */
static const char *parse_number(const char *p, const struct call_args *args, size_t *arg, int *out)
{
	if (*p == '*') {
		if (*arg < args->n && args->v[*arg].kind == VALUE_INT &&
		    args->v[*arg].integer >= 0 && args->v[*arg].integer <= WIDTH_MAX)
			*out = (int)args->v[*arg].integer;
		(*arg)++;
		return p + 1;
	}
	for (; isdigit((unsigned char)*p); p++)
		*out = MIN((*out < 0 ? 0 : *out) * 10 + (*p - '0'), WIDTH_MAX);
	return p;
}

static const char *parse_flags(const char *p, struct directive *d)
{
	for (;; p++) {
		if (*p == '+')
			d->plus = true;
		else if (*p == '-')
			d->minus = true;
		else if (*p == '#')
			d->sharp = true;
		else if (*p == ' ')
			d->space = true;
		else if (*p == '0')
			d->zero = true;
		else
			return p;
	}
}

static const char *directive(struct buf *b, const char *p, const struct call_args *args,
                             size_t *arg)
{
	struct directive d = { .width = -1, .precision = -1 };

	p = parse_number(parse_flags(p, &d), args, arg, &d.width);
	if (*p == '.') {
		d.precision = 0;
		p = parse_number(p + 1, args, arg, &d.precision);
	}
	d.verb = *p;
	if (!d.verb)
		buf_adds(b, "%!(NOVERB)");
	else if (d.verb == '%')
		buf_addc(b, '%');
	else if (*arg >= args->n)
		buf_printf(b, "%%!%c(MISSING)", d.verb);
	else
		add_value(b, d, &args->v[(*arg)++]);
	return *p ? p + 1 : p;
}

static void add_extra(struct buf *b, const struct call_args *args, size_t arg)
{
	buf_adds(b, "%!(EXTRA ");
	for (size_t i = arg; i < args->n; i++) {
		const struct value *v = &args->v[i];

		buf_adds(b, i > arg ? ", " : "");
		if (v->kind == VALUE_NIL) {
			buf_adds(b, "<nil>");
			continue;
		}
		buf_printf(b, "%s=", value_type_name(v));
		value_print(b, v);
	}
	buf_addc(b, ')');
}

void go_printf(struct buf *b, const struct call_args *args)
{
	_cleanup_buf_ struct buf format = { 0 };
	size_t arg = 1;

	buf_add(&format, args->v[0].text.data, args->v[0].text.len);
	for (const char *p = buf_cstr(&format); *p;) {
		if (*p != '%')
			buf_addc(b, *p++);
		else
			p = directive(b, p + 1, args, &arg);
	}
	if (arg < args->n)
		add_extra(b, args, arg);
}
