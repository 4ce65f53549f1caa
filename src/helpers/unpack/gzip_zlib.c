/* gzip by zlib, for machines that isa-l does not know. See decompress.h. */
#include "helpers/unpack/decompress.h"

#include <stdlib.h>
#include <zlib.h>

struct gzip {
	z_stream z;
	bool between; /* no member is open */
};

static void *gzip_start(void)
{
	struct gzip *g = calloc(1, sizeof(*g));

	if (!g || inflateInit2(&g->z, 16 + MAX_WBITS) != Z_OK)
		abort();
	g->between = true;
	return g;
}

static int gzip_step(void *state, struct window *w, struct err *e)
{
	struct gzip *g = state;
	int code;

	if (g->between && w->nin == 0)
		return 0;
	if (g->between)
		inflateReset(&g->z);
	g->z.next_in = (unsigned char *)w->in;
	g->z.avail_in = (unsigned)w->nin;
	g->z.next_out = w->out;
	g->z.avail_out = (unsigned)w->nout;
	code = inflate(&g->z, Z_NO_FLUSH);
	if (code != Z_OK && code != Z_STREAM_END && code != Z_BUF_ERROR)
		return err_set(e, ERR_DATA_LOSS, "gzip: invalid data (%s)",
		               g->z.msg ? g->z.msg : "?");
	w->in = g->z.next_in;
	w->nin = g->z.avail_in;
	w->out = g->z.next_out;
	w->nout = g->z.avail_out;
	g->between = code == Z_STREAM_END;
	return 0;
}

static bool gzip_at_end(void *state)
{
	return ((struct gzip *)state)->between;
}

static void gzip_stop(void *state)
{
	inflateEnd(&((struct gzip *)state)->z);
	free(state);
}

const struct decompress_format decompress_gzip = {
	.name = "gzip",
	.magic = "\x1f\x8b\x08",
	.magic_len = 3,
	.start = gzip_start,
	.step = gzip_step,
	.at_end = gzip_at_end,
	.stop = gzip_stop,
};
