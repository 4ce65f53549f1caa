/* The table of formats, and the format that is none. See decompress.h. */
#include "helpers/unpack/decompress.h"

#include <string.h>
#include "base/str.h"

static void *none_start(void)
{
	return NULL;
}

static int none_step(void *state unused_arg, struct window *w, struct err *e unused_arg)
{
	size_t n = MIN(w->nin, w->nout);

	memcpy(w->out, w->in, n);
	w->in += n;
	w->nin -= n;
	w->out += n;
	w->nout -= n;
	return 0;
}

static bool none_at_end(void *state unused_arg)
{
	return true;
}

static void none_stop(void *state unused_arg)
{
}

const struct decompress_format decompress_none = {
	.name = "none",
	.magic = "",
	.start = none_start,
	.step = none_step,
	.at_end = none_at_end,
	.stop = none_stop,
};

static const struct decompress_format *const formats[] = {
	&decompress_gzip, &decompress_zstd, &decompress_none, /* last: it has no magic */
};

bool decompress_is_known(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(formats); i++)
		if (str_eq(name, formats[i]->name))
			return true;
	return str_eq(name, "auto");
}

const struct decompress_format *decompress_find(const char *name, const void *first, size_t n)
{
	bool guess = str_eq(name, "auto");

	for (size_t i = 0; i < ARRAY_LEN(formats); i++) {
		const struct decompress_format *f = formats[i];

		if (guess ? n >= f->magic_len && memcmp(first, f->magic, f->magic_len) == 0
		          : str_eq(name, f->name))
			return f;
	}
	return &decompress_none;
}
