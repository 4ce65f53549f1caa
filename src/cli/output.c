/* See output.h. */
#include "cli/output.h"

#include <unistd.h>

#include "base/fd.h"

static int flush(struct output *o, struct err *e)
{
	int fd = o->stream == 2 ? STDERR_FILENO : STDOUT_FILENO;
	int r = o->held.len ? fd_write_all(fd, o->held.data, o->held.len, e) : 0;

	buf_reset(&o->held);
	return r;
}

static int hold(void *arg, int stream, const char *p, size_t n, struct err *e)
{
	struct output *o = arg;

	if (stream != o->stream && flush(o, e) < 0)
		return -1;
	o->stream = stream;
	buf_add(&o->held, p, n);
	return 0;
}

void output_init(struct output *o, bool raw)
{
	*o = (struct output){ .demux = { .sink = hold, .arg = o, .raw = raw }, .stream = 1 };
}

void output_free(struct output *o)
{
	demux_free(&o->demux);
	buf_free(&o->held);
}

int output_feed(struct output *o, const char *p, size_t n, struct err *e)
{
	int r = demux_feed(&o->demux, p, n, e);

	/* What came before an error is shown, and the error is the one that is told. */
	return flush(o, r < 0 ? NULL : e) < 0 ? -1 : r;
}

int output_end(struct output *o, struct err *e)
{
	return demux_end(&o->demux, e);
}
