/* zstd by libzstd. See decompress.h. */
#include "helpers/unpack/decompress.h"

#include <stdlib.h>
#include <zstd.h>

struct zst {
	ZSTD_DStream *z;
	bool between; /* no frame is open */
};

#define WINDOW_LOG_MAX 27 /* 128 MiB: what `zstd --ultra -22` needs, and the memory it may take */

static void *zstd_start(void)
{
	struct zst *s = calloc(1, sizeof(*s));

	if (!s || !(s->z = ZSTD_createDStream()))
		abort();
	ZSTD_DCtx_setParameter(s->z, ZSTD_d_windowLogMax, WINDOW_LOG_MAX);
	s->between = true;
	return s;
}

static int zstd_step(void *state, struct window *w, struct err *e)
{
	struct zst *s = state;
	ZSTD_inBuffer in = { w->in, w->nin, 0 };
	ZSTD_outBuffer out = { w->out, w->nout, 0 };
	size_t left;

	if (s->between && w->nin == 0)
		return 0;
	left = ZSTD_decompressStream(s->z, &out, &in);
	if (ZSTD_isError(left))
		return err_set(e, ERR_DATA_LOSS, "zstd: %s", ZSTD_getErrorName(left));
	w->in += in.pos;
	w->nin -= in.pos;
	w->out += out.pos;
	w->nout -= out.pos;
	s->between = left == 0;
	return 0;
}

static bool zstd_at_end(void *state)
{
	return ((struct zst *)state)->between;
}

static void zstd_stop(void *state)
{
	ZSTD_freeDStream(((struct zst *)state)->z);
	free(state);
}

const struct decompress_format decompress_zstd = {
	.name = "zstd",
	.magic = "\x28\xb5\x2f\xfd",
	.magic_len = 4,
	.start = zstd_start,
	.step = zstd_step,
	.at_end = zstd_at_end,
	.stop = zstd_stop,
};
