/* Tables as Go's text/tabwriter lays them out, and sizes. See ctr.h. */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include "ctr/ctr.h"

void ctr_row(struct ctr_table *t, ...)
{
	struct ctr_row row = { 0 };
	struct strs cells = { 0 };
	const char *cell;
	va_list ap;

	va_start(ap, t);
	while ((cell = va_arg(ap, const char *)))
		arena_push(&t->c->a, &cells, cell);
	row.rest = va_arg(ap, const char *);
	va_end(ap);
	row.n = cells.n;
	row.v = cells.v;
	arena_push(&t->c->a, t, row);
}

/* The width of a column is that of the lines around which have it too. */
static size_t width_of(const struct ctr_table *t, size_t line, size_t column)
{
	size_t first = line, width = t->min;

	while (first > 0 && t->v[first - 1].n > column)
		first--;
	for (size_t i = first; i < t->n && t->v[i].n > column; i++) {
		size_t w = strlen(t->v[i].v[column]) + t->padding;

		width = w > width ? w : width;
	}
	return width;
}

void ctr_table_print(const struct ctr_table *t)
{
	for (size_t i = 0; i < t->n; i++) {
		for (size_t k = 0; k < t->v[i].n; k++)
			printf("%-*s", (int)width_of(t, i, k), t->v[i].v[k]);
		printf("%s\n", ctr_text(t->v[i].rest));
	}
}

const char *ctr_bytes(struct ctr *c, int64_t n)
{
	static const char *const units[] = { "B", "KiB", "MiB", "GiB", "TiB" };
	double value = (double)n;
	size_t unit = 0;

	for (; value >= 1024 && unit + 1 < ARRAY_LEN(units); unit++)
		value /= 1024;
	return arena_printf(&c->a, "%.1f %s", value, units[unit]);
}
