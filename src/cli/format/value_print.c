/* How Go's fmt prints values with %v, as far as templates need it. See value.h. */
#include "cli/format/value.h"

#include <math.h>

#include "base/clock.h"
#include "cli/format/units.h"

/* Go prints with the fewest digits that read back the same, exponent form from 1e21 on. */
void float_print(struct buf *b, double d)
{
	char tmp[400];
	int precision = 0;

	if (isnan(d) || isinf(d)) {
		buf_adds(b, isnan(d) ? "NaN" : d > 0 ? "+Inf" : "-Inf");
		return;
	}
	do
		snprintf(tmp, sizeof(tmp), "%.*e", precision, d);
	while (strtod(tmp, NULL) != d && precision++ < 17);
	if (d == 0 || (fabs(d) >= 1e-4 && fabs(d) < 1e21)) {
		int exponent = (int)strtol(strchr(tmp, 'e') + 1, NULL, 10);

		snprintf(tmp, sizeof(tmp), "%.*f", MAX(precision - exponent, 0), d);
	}
	buf_adds(b, tmp);
}

static int by_key(const void *a, const void *b, void *map)
{
	const struct json_value *m = map;

	return strcmp(m->keys[*(const size_t *)a], m->keys[*(const size_t *)b]);
}

size_t *value_key_order(struct arena *a, const struct json_value *map)
{
	size_t *order = arena_array(a, size_t, map->n);

	for (size_t i = 0; i < map->n; i++)
		order[i] = i;
	qsort_r(order, map->n, sizeof(*order), by_key, (void *)map);
	return order;
}

static void print_list(struct buf *b, const struct value *v)
{
	buf_addc(b, '[');
	for (size_t i = 0; i < value_len(v); i++) {
		struct value element = value_element(v, i);

		buf_adds(b, i ? " " : "");
		value_print_nested(b, &element);
	}
	buf_addc(b, ']');
}

/* Maps print with their keys sorted. */
static void print_map(struct buf *b, const struct value *v)
{
	_cleanup_arena_ struct arena scratch = { 0 };
	size_t *order = v->json ? value_key_order(&scratch, v->json) : NULL;

	buf_adds(b, "map[");
	for (size_t i = 0; order && i < value_len(v); i++) {
		struct value element = value_element(v, order[i]);

		buf_printf(b, "%s%s:", i ? " " : "", v->json->keys[order[i]]);
		value_print_nested(b, &element);
	}
	buf_addc(b, ']');
}

/* Embedded structs print as fields like any other. */
static void print_struct(struct buf *b, const struct value *v)
{
	buf_addc(b, '{');
	for (size_t i = 0; i < v->type->n; i++) {
		const struct go_field *f = &v->type->fields[i];
		struct value field =
		        f->flags & GO_EMBEDDED
		                ? value_typed(v->json, f->type)
		                : value_typed(json_member(v->json, f->json ? f->json : f->name),
		                              f->type);

		buf_adds(b, i ? " " : "");
		value_print_nested(b, &field);
	}
	buf_addc(b, '}');
}

/* "2026-11-24T12:14:50.5+01:00" as "2026-11-24 12:14:50.5 +0100 +0100", UTC by its name. */
static void print_time(struct buf *b, struct slice text)
{
	const char *t = memchr(text.data, 'T', text.len);
	size_t date = t ? (size_t)(t - text.data) : text.len;
	size_t time = t ? strcspn(t + 1, "Z+-") : 0;
	const char *zone = t ? t + 1 + time : "";

	buf_printf(b, "%.*s %.*s ", (int)date, text.data, (int)time, t ? t + 1 : "");
	if (*zone == '+' || *zone == '-')
		buf_printf(b, "%.3s%.2s %.3s%.2s", zone, zone + 4, zone, zone + 4);
	else
		buf_adds(b, "+0000 UTC");
}

void value_print(struct buf *b, const struct value *v)
{
	char text[UNITS_TEXT];

	switch (v->kind) {
	case VALUE_NIL:
		buf_adds(b, v->pointer ? "<nil>" : "<no value>");
		break;
	case VALUE_BOOL:
		buf_adds(b, v->boolean ? "true" : "false");
		break;
	case VALUE_INT:
		buf_printf(b, "%lld", (long long)v->integer);
		break;
	case VALUE_DURATION:
		buf_adds(b, clock_format_duration(text, v->integer));
		break;
	case VALUE_FLOAT:
		float_print(b, v->real);
		break;
	case VALUE_TIME:
		print_time(b, v->text);
		break;
	case VALUE_STRING:
		buf_add(b, v->text.data, v->text.len);
		break;
	case VALUE_LIST:
		print_list(b, v);
		break;
	case VALUE_MAP:
		print_map(b, v);
		break;
	case VALUE_STRUCT:
		print_struct(b, v);
		break;
	case VALUE_ROW:
		buf_adds(b, "{}");
		break;
	}
}

void value_print_nested(struct buf *b, const struct value *v)
{
	if (v->kind == VALUE_NIL)
		buf_adds(b, "<nil>");
	else
		value_print(b, v);
}
