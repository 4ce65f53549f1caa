/* See table.h. The algorithm recurses over columns: a column's lines are a block of the next. */
#include "cli/format/table.h"

#include "base/arena.h"

struct line {
	size_t n;
	struct slice *v;
};

struct table {
	struct arena a;
	struct {
		size_t n;
		struct line *v;
	} lines;
	struct {
		size_t n;
		size_t *v;
	} widths; /* of the columns left of the one being laid out */
	size_t min, padding;
	struct buf *out;
};

static void split_lines(struct table *t, struct slice text)
{
	struct line line = { 0 };
	size_t start = 0;

	for (size_t i = 0; i <= text.len; i++) {
		char c = i < text.len ? text.data[i] : '\0';
		struct slice cell = { text.data + start, i - start };

		if (i < text.len && c != '\t' && c != '\n')
			continue;
		if (i == text.len && cell.len == 0 && line.n == 0)
			break;
		arena_push(&t->a, &line, cell);
		start = i + 1;
		if (c == '\t')
			continue;
		arena_push(&t->a, &t->lines, line);
		line = (struct line){ 0 };
	}
}

/* Characters, not bytes. */
static size_t text_width(struct slice s)
{
	size_t n = 0;

	for (size_t i = 0; i < s.len; i++)
		n += ((unsigned char)s.data[i] & 0xc0) != 0x80;
	return n;
}

static void write_lines(struct table *t, size_t from, size_t to)
{
	for (size_t i = from; i < to; i++) {
		const struct line *line = &t->lines.v[i];

		for (size_t j = 0; j < line->n; j++) {
			buf_add(t->out, line->v[j].data, line->v[j].len);
			if (j < t->widths.n)
				buf_printf(t->out, "%*s",
				           (int)(t->widths.v[j] - text_width(line->v[j])), "");
		}
		buf_addc(t->out, '\n');
	}
}

static void layout(struct table *t, size_t from, size_t to)
{
	size_t column = t->widths.n;

	for (size_t i = from; i < to; i++) {
		size_t width = t->min;

		if (column + 1 >= t->lines.v[i].n)
			continue;
		write_lines(t, from, i);
		from = i;
		for (; i < to && column + 1 < t->lines.v[i].n; i++)
			width = MAX(width, text_width(t->lines.v[i].v[column]) + t->padding);
		arena_push(&t->a, &t->widths, width);
		layout(t, from, i);
		t->widths.n--;
		from = i--;
	}
	write_lines(t, from, to);
}

void table_align(struct buf *out, struct slice text, size_t min, size_t padding)
{
	struct table t = { .min = min, .padding = padding, .out = out };

	split_lines(&t, text);
	layout(&t, 0, t.lines.n);
	arena_free(&t.a);
}
