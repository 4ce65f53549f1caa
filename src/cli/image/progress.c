/* See progress.h. */
#include "cli/image/progress.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include "base/limits.h"
#include "cli/format/units.h"
#include "cli/client/json_stream.h"

#define BAR_CELLS     50
#define NARROW        110 /* narrower terminals show numbers only */
#define DEFAULT_WIDTH 200

#define PROGRESS_DETAIL(F)                    \
	F(I64, current, "current", 0)         \
	F(I64, total, "total", 0)             \
	F(BOOL, hide_counts, "hidecounts", 0) \
	F(STR, units, "units", 0)
JSON_STRUCT(progress_detail, PROGRESS_DETAIL)
JSON_TYPE(progress_detail, PROGRESS_DETAIL)

#define PROGRESS_ERROR(F) F(STR, message, "message", 0)
JSON_STRUCT(progress_error, PROGRESS_ERROR)
JSON_TYPE(progress_error, PROGRESS_ERROR)

#define PROGRESS_MESSAGE(F)                                  \
	F(STR, stream, "stream", 0)                          \
	F(STR, status, "status", 0)                          \
	F(OBJ, detail, "progressDetail", 0, progress_detail) \
	F(STR, id, "id", 0)                                  \
	F(STR, error, "error", 0)                            \
	F(OBJ, error_detail, "errorDetail", 0, progress_error)
JSON_STRUCT(progress_message, PROGRESS_MESSAGE)
JSON_TYPE(progress_message, PROGRESS_MESSAGE)

struct display {
	struct cli *cli;
	FILE *out;
	bool terminal;
	size_t width;
	struct strs ids; /* of layers with a line of their own, top first */
	struct arena a;  /* for ids: messages live in the stream's arena */
};

void progress_bar(struct buf *b, int64_t current, int64_t total, bool hide_counts, size_t width)
{
	char have[UNITS_TEXT], all[UNITS_TEXT];
	int filled;

	if (current <= 0 && total <= 0)
		return;
	size_format(have, (double)current, 4);
	if (total <= 0) {
		buf_printf(b, "%8s", have);
		return;
	}
	filled = (int)((double)current / (double)total * 100) / 2;
	filled = MIN(filled, BAR_CELLS);
	if (width > NARROW) {
		buf_addc(b, '[');
		for (int i = 0; i < filled; i++)
			buf_addc(b, '=');
		buf_printf(b, ">%*s] ", BAR_CELLS - filled, "");
	}
	if (hide_counts)
		return;
	buf_printf(b, "%8s", have);
	if (current <= total)
		buf_printf(b, "/%s", size_format(all, (double)total, 4));
}

/* The line of a layer, counted from the bottom: 0 when it has none yet. */
static size_t lines_above(const struct display *d, const char *id)
{
	for (size_t i = 0; i < d->ids.n; i++)
		if (str_eq(d->ids.v[i], id))
			return d->ids.n - i;
	return 0;
}

static void print_line(const struct display *d, const struct progress_message *m,
                       const char *before, const char *after)
{
	_cleanup_buf_ struct buf bar = { 0 };

	if (m->detail)
		progress_bar(&bar, m->detail->current, m->detail->total, m->detail->hide_counts,
		             d->width);
	fputs(before, d->out);
	if (!str_empty(m->id))
		fprintf(d->out, "%s: ", m->id);
	if (m->detail)
		fprintf(d->out, "%s %s%s", m->status ? m->status : "", buf_cstr(&bar), after);
	else
		fprintf(d->out, "%s\n%s", m->status ? m->status : "", after);
}

/* On a terminal a layer keeps its line: the cursor goes up to it and down again. */
static void draw(struct display *d, const struct progress_message *m)
{
	size_t up;

	if (str_empty(m->id) || !m->detail) {
		d->ids.n = 0;
		print_line(d, m, "", "");
		return;
	}
	up = lines_above(d, m->id);
	if (!up) {
		arena_push(&d->a, &d->ids, arena_strdup(&d->a, m->id));
		fputc('\n', d->out);
		up = 1;
	}
	fprintf(d->out, "\x1b[%zuA", up);
	print_line(d, m, "\x1b[2K\r", "\r");
	fprintf(d->out, "\x1b[%zuB", up);
}

/* Elsewhere only changes of state are worth a line, no growing numbers. */
static void print(struct display *d, const struct progress_message *m)
{
	if (m->detail && (m->detail->current > 0 || m->detail->total > 0))
		return;
	if (!str_empty(m->id))
		fprintf(d->out, "%s: ", m->id);
	fprintf(d->out, "%s\n", m->status ? m->status : "");
}

static int show(void *arg, struct arena *a unused_arg, struct slice text, struct err *e)
{
	struct display *d = arg;
	struct progress_message m;

	if (json_decode(a, &progress_message_type, text, &m, e) < 0)
		return -1;
	if (m.error_detail && !str_empty(m.error_detail->message))
		return err_set(e, ERR_UNKNOWN, "%s", m.error_detail->message);
	if (!str_empty(m.error))
		return err_set(e, ERR_UNKNOWN, "%s", m.error);
	if (!d->out)
		return 0;
	if (m.stream)
		fputs(m.stream, d->out);
	else if (d->terminal)
		draw(d, &m);
	else
		print(d, &m);
	fflush(d->out);
	return 0;
}

int progress_show(struct cli *cli, struct http_conn *conn, FILE *out, struct err *e)
{
	struct display d = { .cli = cli, .out = out, .width = DEFAULT_WIDTH };
	struct winsize size;
	int r;

	d.terminal = out && isatty(fileno(out));
	if (d.terminal && ioctl(fileno(out), TIOCGWINSZ, &size) == 0 && size.ws_col)
		d.width = size.ws_col;
	r = json_stream_each(conn, show, &d, e);
	arena_free(&d.a);
	return r;
}
