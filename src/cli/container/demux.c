/* See demux.h. */
#include "cli/container/demux.h"

enum { STREAM_STDIN, STREAM_STDOUT, STREAM_STDERR, STREAM_SYSTEM_ERROR };

#define ERROR_TEXT_MAX (64 * 1024)

void demux_free(struct demux *d)
{
	buf_free(&d->error);
}

static int read_head(struct demux *d, struct err *e)
{
	const unsigned char *h = d->head;

	if (h[0] > STREAM_SYSTEM_ERROR)
		return err_set(e, ERR_DATA_LOSS, "Unrecognized input header: %d", h[0]);
	d->left = (uint32_t)h[4] << 24 | (uint32_t)h[5] << 16 | (uint32_t)h[6] << 8 | h[7];
	return 0;
}

static int take_text(struct demux *d, const char *p, size_t n, struct err *e)
{
	if (d->head[0] != STREAM_SYSTEM_ERROR)
		return d->sink(d->arg, d->head[0] == STREAM_STDERR ? 2 : 1, p, n, e);
	buf_add(&d->error, p, MIN(n, ERROR_TEXT_MAX - MIN(d->error.len, ERROR_TEXT_MAX)));
	return 0;
}

/* A frame is complete: that of a system error ends all. */
static int end_frame(struct demux *d, struct err *e)
{
	d->have = 0;
	if (d->head[0] == STREAM_SYSTEM_ERROR)
		return err_set(e, ERR_UNKNOWN, "error from daemon in stream: %s",
		               buf_cstr(&d->error));
	return 0;
}

int demux_feed(struct demux *d, const char *p, size_t n, struct err *e)
{
	if (d->raw)
		return n ? d->sink(d->arg, 1, p, n, e) : 0;
	while (n > 0) {
		size_t take = d->have < sizeof(d->head) ? MIN(n, sizeof(d->head) - d->have)
		                                        : MIN(n, (size_t)d->left);

		if (d->have < sizeof(d->head)) {
			memcpy(d->head + d->have, p, take);
			d->have += take;
			if (d->have == sizeof(d->head) && read_head(d, e) < 0)
				return -1;
		} else {
			if (take_text(d, p, take, e) < 0)
				return -1;
			d->left -= (uint32_t)take;
		}
		p += take;
		n -= take;
		if (d->have == sizeof(d->head) && d->left == 0 && end_frame(d, e) < 0)
			return -1;
	}
	return 0;
}

int demux_end(const struct demux *d, struct err *e)
{
	if (d->raw || d->have == 0)
		return 0;
	return err_set(e, ERR_DATA_LOSS, "unexpected EOF");
}
