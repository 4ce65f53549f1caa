/* See list.h. */
#include "cli/format/list.h"

#include <time.h>

#include "base/clock.h"
#include "cli/format/table.h"
#include "cli/format/units.h"

static bool is_table(const char *format)
{
	return str_empty(format) || str_eq(format, "table") || str_starts(format, "table ");
}

/* The template inside a format: escapes \t and \n are written out, blanks around it dropped. */
static char *template_text(struct arena *a, const struct list *l)
{
	const char *s = l->format;
	char *text, *to;

	if (str_empty(s) || str_eq(s, "table"))
		s = l->columns;
	else if (str_eq(s, "json"))
		s = "{{json .}}";
	else if (str_starts(s, "table "))
		s += strlen("table ");
	s += strspn(s, " ");
	text = to = arena_strdup(a, s);
	for (; *s; s++) {
		if (s[0] == '\\' && (s[1] == 't' || s[1] == 'n'))
			*to++ = *++s == 't' ? '\t' : '\n';
		else
			*to++ = *s;
	}
	while (to > text && to[-1] == ' ')
		to--;
	*to = '\0';
	return text;
}

static int add_row(const struct template *t, struct arena *a, const struct list *l, const void *row,
                   struct buf *b, struct err *e)
{
	struct value v = value_row(l->type, row);

	if (template_execute(t, a, &v, row ? 0 : TEMPLATE_HEADER, b, e) < 0)
		return err_wrap(e, "template parsing error");
	buf_addc(b, '\n');
	return 0;
}

int list_print(struct arena *a, const struct list *l, FILE *out, struct err *e)
{
	_cleanup_buf_ struct buf text = { 0 }, aligned = { 0 };
	struct template *t = template_parse(a, "", template_text(a, l), e);

	if (!t)
		return err_wrap(e, "template parsing error");
	if (is_table(l->format) && add_row(t, a, l, NULL, &text, e) < 0)
		return -1;
	for (size_t i = 0; i < l->n; i++)
		if (add_row(t, a, l, l->rows[i], &text, e) < 0)
			return -1;
	if (is_table(l->format))
		table_align(&aligned, (struct slice){ buf_cstr(&text), text.len }, TABLE_MIN,
		            TABLE_PADDING);
	else
		buf_add(&aligned, buf_cstr(&text), text.len);
	fwrite(buf_cstr(&aligned), 1, aligned.len, out);
	return 0;
}

int list_try(struct arena *a, const struct list *l, const char *field, bool *mentioned,
             struct err *e)
{
	_cleanup_buf_ struct buf unused = { 0 };
	struct value headers = value_row(l->type, NULL);
	struct template *t;

	*mentioned = false;
	if (str_empty(l->format) || str_eq(l->format, "table") || str_eq(l->format, "json"))
		return 0;
	t = template_parse(a, "", template_text(a, l), e);
	if (!t)
		return err_wrap(e, "failed to parse template");
	if (template_execute(t, a, &headers, TEMPLATE_HEADER, &unused, e) < 0)
		return err_wrap(e, "failed to execute template");
	*mentioned = template_mentions(t, field);
	return 0;
}

const void *const *list_rows(struct arena *a, const void *v, size_t n, size_t size)
{
	const void **rows = arena_array(a, const void *, n);

	for (size_t i = 0; i < n; i++)
		rows[i] = (const char *)v + i * size;
	return rows;
}

const char *list_quiet_format(const char *format, const char *quiet_template)
{
	return str_empty(format) || str_eq(format, "table") ? quiet_template : format;
}

const char *pairs_text(struct arena *a, const struct json_map *pairs)
{
	_cleanup_buf_ struct buf b = { 0 };

	for (size_t i = 0; i < pairs->n; i++)
		buf_printf(&b, "%s%s=%s", i ? "," : "", pairs->v[i].key, pairs->v[i].value);
	return arena_strdup(a, buf_cstr(&b));
}

const char *short_id(struct arena *a, const char *id)
{
	const char *colon = strchr(id, ':');

	return arena_printf(a, "%.12s", colon ? colon + 1 : id);
}

const char *ellipsis(struct arena *a, const char *s, size_t width)
{
	size_t cut = 0, n = 0, i;

	for (i = 0; s[i]; i++) {
		if (((unsigned char)s[i] & 0xc0) == 0x80)
			continue;
		if (n == width - 1)
			cut = i;
		n++;
	}
	return n <= width ? s : arena_printf(a, "%.*s…", (int)cut, s);
}

const char *local_time(struct arena *a, int64_t seconds)
{
	time_t t = (time_t)seconds;
	char text[64];
	struct tm tm;

	localtime_r(&t, &tm);
	strftime(text, sizeof(text), "%Y-%m-%d %H:%M:%S %z %Z", &tm);
	return arena_strdup(a, text);
}

const char *exact_time(struct arena *a, int64_t ns)
{
	char text[CLOCK_TEXT_SIZE];
	char *date;

	date = arena_strdup(a, clock_format(text, ns));
	date[strcspn(date, "T")] = ' ';
	return arena_printf(a, "%.*s +0000 UTC", (int)strcspn(date, "Z"), date);
}

const char *time_ago(struct arena *a, int64_t seconds)
{
	char text[UNITS_TEXT];

	return arena_printf(a, "%s ago", duration_human(text, clock_now_ns() - seconds * NS_PER_S));
}

const char *label_header(struct arena *a, const char *label)
{
	const char *dot = strrchr(label, '.');
	char *text = arena_strdup(a, dot ? dot + 1 : label);

	for (char *p = text; *p; p++)
		if (*p == '-' || *p == '_')
			*p = ' ';
	return text;
}
