/* gzip by isa-l: three times as fast as zlib. See decompress.h. */
#include "helpers/unpack/decompress.h"
#include "base/mem.h"

#include <isa-l/igzip_lib.h>
#include <stdint.h>
#include <stdlib.h>

struct gzip {
	struct inflate_state z;
	bool between; /* no member is open */
};

static void *gzip_start(void)
{
	struct gzip *g = xalloc(sizeof(*g));

	g->between = true;
	return g;
}

static void open_member(struct gzip *g)
{
	isal_inflate_init(&g->z);
	g->z.crc_flag = ISAL_GZIP;
	g->between = false;
}

static const char *what(int code)
{
	switch (code) {
	case ISAL_INVALID_WRAPPER:
	case ISAL_UNSUPPORTED_METHOD:
		return "invalid header";
	case ISAL_INCORRECT_CHECKSUM:
		return "invalid checksum";
	default:
		return "invalid data";
	}
}

static int gzip_step(void *state, struct window *w, struct err *e)
{
	struct gzip *g = state;
	int code;

	if (g->between && w->nin == 0)
		return 0;
	if (g->between)
		open_member(g);
	g->z.next_in = (uint8_t *)w->in;
	g->z.avail_in = (uint32_t)w->nin;
	g->z.next_out = w->out;
	g->z.avail_out = (uint32_t)w->nout;
	code = isal_inflate(&g->z);
	if (code != ISAL_DECOMP_OK && code != ISAL_END_INPUT)
		return err_set(e, ERR_DATA_LOSS, "gzip: %s", what(code));
	w->in = g->z.next_in;
	w->nin = g->z.avail_in;
	w->out = g->z.next_out;
	w->nout = g->z.avail_out;
	g->between = g->z.block_state == ISAL_BLOCK_FINISH;
	return 0;
}

static bool gzip_at_end(void *state)
{
	return ((struct gzip *)state)->between;
}

const struct decompress_format decompress_gzip = {
	.name = "gzip",
	.magic = "\x1f\x8b\x08",
	.magic_len = 3,
	.start = gzip_start,
	.step = gzip_step,
	.at_end = gzip_at_end,
	.stop = free,
};
