/* Encoding by table, straight into a buffer. See json.h. */
#include "base/json.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include "base/clock.h"
#include "base/json_internal.h"

/* Plain ASCII that needs no escape; Go also escapes <, >, & (and U+2028, U+2029). */
static const bool plain[256] = {
	[' '] = true, ['!'] = true,         ['#' ... '%'] = true, ['\'' ... ';'] = true,
	['='] = true, ['?' ... '['] = true, [']' ... 127] = true,
};

static void quote_ascii(struct buf *b, unsigned char c, bool short_tab)
{
	switch (c) {
	case '"':
	case '\\':
		buf_addc(b, '\\');
		buf_addc(b, (char)c);
		break;
	case '\n':
		buf_adds(b, "\\n");
		break;
	case '\r':
		buf_adds(b, "\\r");
		break;
	case '\t':
		buf_adds(b, short_tab ? "\\t" : "\\u0009");
		break;
	default:
		buf_printf(b, "\\u%04x", c);
	}
}

static void quote(struct buf *b, struct slice s, bool short_tab)
{
	const char *p = s.data, *end = s.data + s.len;

	buf_addc(b, '"');
	while (p < end) {
		const char *from = p;
		size_t n;

		while (p < end && plain[(unsigned char)*p])
			p++;
		buf_add(b, from, (size_t)(p - from));
		if (p >= end)
			break;
		if ((unsigned char)*p < 0x80) {
			quote_ascii(b, (unsigned char)*p++, short_tab);
			continue;
		}
		n = utf8_len(p, (size_t)(end - p));
		if (n == 0)
			buf_adds(b, "\\ufffd");
		else if (n == 3 && memcmp(p, "\xe2\x80", 2) == 0 && ((p[2] & 0xfe) == 0xa8))
			buf_printf(b, "\\u20%02x", (unsigned char)p[2] - 0x80U);
		else
			buf_add(b, p, n);
		p += n ? n : 1;
	}
	buf_addc(b, '"');
}

void json_quote(struct buf *b, struct slice s)
{
	quote(b, s, true);
}

void json_quote_log(struct buf *b, struct slice s)
{
	quote(b, s, false);
}

static void add_string(struct buf *b, const char *s)
{
	json_quote(b, slice_of(s ? s : ""));
}

static void add_key(struct buf *b, const char *key, bool first)
{
	if (!first)
		buf_addc(b, ',');
	add_string(b, key);
	buf_addc(b, ':');
}

/* The shortest text that reads back as the same number. */
static void add_double(struct buf *b, double v)
{
	char text[40];

	if (!isfinite(v)) {
		buf_adds(b, "null");
		return;
	}
	for (int precision = 15; precision <= 17; precision++) {
		snprintf(text, sizeof(text), "%.*g", precision, v);
		if (strtod(text, NULL) == v)
			break;
	}
	buf_adds(b, text);
}

static void add_time(struct buf *b, int64_t ns)
{
	char text[CLOCK_TEXT_SIZE];

	add_string(b, clock_format(text, ns));
}

static void add_strs(struct buf *b, const struct strs *s)
{
	buf_addc(b, '[');
	for (size_t i = 0; i < s->n; i++) {
		if (i)
			buf_addc(b, ',');
		add_string(b, s->v[i]);
	}
	buf_addc(b, ']');
}

static void add_ints(struct buf *b, const struct json_list_view *list, bool is_signed)
{
	buf_addc(b, '[');
	for (size_t i = 0; i < list->n; i++) {
		if (i)
			buf_addc(b, ',');
		if (is_signed)
			buf_printf(b, "%" PRId64, ((const int64_t *)list->v)[i]);
		else
			buf_printf(b, "%" PRIu64, ((const uint64_t *)list->v)[i]);
	}
	buf_addc(b, ']');
}

static void add_set(struct buf *b, const struct strs *s)
{
	buf_addc(b, '{');
	for (size_t i = 0; i < s->n; i++) {
		add_key(b, s->v[i], i == 0);
		buf_adds(b, "{}");
	}
	buf_addc(b, '}');
}

static void add_map(struct buf *b, const struct json_map *m)
{
	buf_addc(b, '{');
	for (size_t i = 0; i < m->n; i++) {
		add_key(b, m->v[i].key, i == 0);
		add_string(b, m->v[i].value);
	}
	buf_addc(b, '}');
}

static void add_strsmap(struct buf *b, const struct json_strsmap *m)
{
	buf_addc(b, '{');
	for (size_t i = 0; i < m->n; i++) {
		add_key(b, m->v[i].key, i == 0);
		add_strs(b, &m->v[i].value);
	}
	buf_addc(b, '}');
}

static void add_obj(struct buf *b, const struct json_table *t, const void *o, int version)
{
	if (o)
		json_encode_for(b, t, o, version);
	else
		buf_adds(b, "null");
}

static void add_objs(struct buf *b, const struct json_table *t, size_t n, const void *v,
                     int version)
{
	buf_addc(b, '[');
	for (size_t i = 0; i < n; i++) {
		if (i)
			buf_addc(b, ',');
		json_encode_for(b, t, (const char *)v + i * t->size, version);
	}
	buf_addc(b, ']');
}

static void add_objmap(struct buf *b, const struct json_table *t, const struct json_objmap_view *m,
                       int version)
{
	buf_addc(b, '{');
	for (size_t i = 0; i < m->n; i++) {
		add_key(b, m->v[i].key, i == 0);
		add_obj(b, t, m->v[i].value, version);
	}
	buf_addc(b, '}');
}

static void add_objsmap(struct buf *b, const struct json_table *t,
                        const struct json_objsmap_view *m, int version)
{
	buf_addc(b, '{');
	for (size_t i = 0; i < m->n; i++) {
		add_key(b, m->v[i].key, i == 0);
		if (m->v[i].v)
			add_objs(b, t, m->v[i].n, m->v[i].v, version);
		else
			buf_adds(b, "null");
	}
	buf_addc(b, '}');
}

/* Empty in the sense of OMIT_EMPTY: Go's zero value; OPT kinds: not set. */
static bool is_empty(const struct json_field *f, const void *p)
{
	switch (f->kind) {
	case JSON_STR:
		return str_empty(*(const char *const *)p);
	case JSON_BOOL:
		return !*(const bool *)p;
	case JSON_I64:
	case JSON_U64:
	case JSON_TIME:
		return *(const int64_t *)p == 0;
	case JSON_F64:
		return *(const double *)p == 0;
	case JSON_OPT_BOOL:
		return !((const struct json_opt_bool *)p)->set;
	case JSON_OPT_I64:
	case JSON_OPT_U64:
	case JSON_OPT_F64:
		return !((const struct json_opt_i64 *)p)->set;
	case JSON_RAW:
		return ((const struct slice *)p)->len == 0;
	case JSON_OBJ:
		return *(void *const *)p == NULL;
	default:
		return ((const struct json_list_view *)p)->n == 0;
	}
}

static void add_member(struct buf *b, const struct json_field *f, const void *p, int version)
{
	const struct json_list_view *list = p;

	switch (f->kind) {
	case JSON_STR:
		return add_string(b, *(const char *const *)p);
	case JSON_BOOL:
		return buf_adds(b, *(const bool *)p ? "true" : "false");
	case JSON_I64:
		return buf_printf(b, "%" PRId64, *(const int64_t *)p);
	case JSON_U64:
		return buf_printf(b, "%" PRIu64, *(const uint64_t *)p);
	case JSON_F64:
		return add_double(b, *(const double *)p);
	case JSON_OPT_BOOL:
		return buf_adds(b, ((const struct json_opt_bool *)p)->value ? "true" : "false");
	case JSON_OPT_I64:
		return buf_printf(b, "%" PRId64, ((const struct json_opt_i64 *)p)->value);
	case JSON_OPT_U64:
		return buf_printf(b, "%" PRIu64, ((const struct json_opt_u64 *)p)->value);
	case JSON_OPT_F64:
		return add_double(b, ((const struct json_opt_f64 *)p)->value);
	case JSON_TIME:
		return add_time(b, *(const int64_t *)p);
	case JSON_STRS:
	case JSON_STRLIST:
		return add_strs(b, p);
	case JSON_I64S:
	case JSON_U64S:
		return add_ints(b, p, f->kind == JSON_I64S);
	case JSON_SET:
		return add_set(b, p);
	case JSON_MAP:
		return add_map(b, p);
	case JSON_STRSMAP:
		return add_strsmap(b, p);
	case JSON_RAW:
		return buf_add(b, ((const struct slice *)p)->data, ((const struct slice *)p)->len);
	case JSON_OBJ:
		return add_obj(b, f->sub, *(void *const *)p, version);
	case JSON_OBJS:
		return add_objs(b, f->sub, list->n, list->v, version);
	case JSON_OBJMAP:
		return add_objmap(b, f->sub, p, version);
	case JSON_OBJSMAP:
		return add_objsmap(b, f->sub, p, version);
	}
}

/* What is empty is null where its kind has no empty text of its own, and where its flag says so. */
static bool is_null(const struct json_field *f, const void *p)
{
	if (f->kind == JSON_RAW || f->kind == JSON_OBJ ||
	    (f->kind >= JSON_OPT_BOOL && f->kind <= JSON_OPT_F64))
		return true;
	if (!(f->flags & NULL_WHEN_ABSENT))
		return false;
	return f->kind < JSON_STRS || !((const struct json_list_view *)p)->v;
}

static bool in_version(unsigned flags, int version)
{
	int since = (int)(flags >> 8 & 0xff), until = (int)(flags >> 16 & 0xff);

	return version == 0 || ((!since || version >= since) && (!until || version < until));
}

void json_encode_for(struct buf *b, const struct json_table *t, const void *in, int version)
{
	size_t n;
	const struct json_field *f = t->fields(&n);
	bool first = true;

	buf_addc(b, '{');
	for (size_t i = 0; i < n; i++) {
		const void *p = (const char *)in + f[i].offset;
		bool empty = is_empty(&f[i], p);

		if ((empty && (f[i].flags & OMIT_EMPTY)) || !in_version(f[i].flags, version))
			continue;
		add_key(b, f[i].name, first);
		first = false;
		if (empty && is_null(&f[i], p))
			buf_adds(b, "null");
		else
			add_member(b, &f[i], p, version);
	}
	buf_addc(b, '}');
}

void json_encode(struct buf *b, const struct json_table *t, const void *in)
{
	json_encode_for(b, t, in, 0);
}

char *json_text(struct arena *a, const struct json_table *t, const void *in)
{
	_cleanup_buf_ struct buf b = { 0 };

	json_encode(&b, t, in);
	return arena_strndup(a, b.data, b.len);
}
