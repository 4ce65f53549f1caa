/* How Go's fmt prints values with %v, as far as templates need it. See value.h. */
#include "cli/format/value.h"

#include <math.h>

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

void value_print(struct buf *b, const struct value *v)
{
	switch (v->kind) {
	case VALUE_NIL:
		buf_adds(b, "<no value>");
		break;
	case VALUE_BOOL:
		buf_adds(b, v->boolean ? "true" : "false");
		break;
	case VALUE_INT:
		buf_printf(b, "%lld", (long long)v->integer);
		break;
	case VALUE_FLOAT:
		float_print(b, v->real);
		break;
	case VALUE_STRING:
		buf_add(b, v->text.data, v->text.len);
		break;
	case VALUE_LIST:
	case VALUE_MAP:
		value_print_nested(b, v->json);
		break;
	case VALUE_ROW:
		buf_adds(b, "{}");
		break;
	}
}

static int by_key(const void *a, const void *b, void *map)
{
	const struct json_value *m = map;

	return strcmp(m->keys[*(const size_t *)a], m->keys[*(const size_t *)b]);
}

/* Maps print with their keys sorted. */
static void print_map(struct buf *b, const struct json_value *m)
{
	_cleanup_arena_ struct arena scratch = { 0 };
	size_t *order = arena_array(&scratch, size_t, m->n);

	for (size_t i = 0; i < m->n; i++)
		order[i] = i;
	qsort_r(order, m->n, sizeof(*order), by_key, (void *)m);
	buf_adds(b, "map[");
	for (size_t i = 0; i < m->n; i++) {
		buf_printf(b, "%s%s:", i ? " " : "", m->keys[order[i]]);
		value_print_nested(b, &m->values[order[i]]);
	}
	buf_addc(b, ']');
}

void value_print_nested(struct buf *b, const struct json_value *v)
{
	struct value scalar;

	switch (v->kind) {
	case JV_NULL:
		buf_adds(b, "<nil>");
		break;
	case JV_ARRAY:
		buf_addc(b, '[');
		for (size_t i = 0; i < v->n; i++) {
			buf_adds(b, i ? " " : "");
			value_print_nested(b, &v->values[i]);
		}
		buf_addc(b, ']');
		break;
	case JV_OBJECT:
		print_map(b, v);
		break;
	default:
		scalar = value_json(v);
		value_print(b, &scalar);
		break;
	}
}
