/* Any bytes as the multiplexed stream of a daemon, in pieces, and as a stream of JSON. */
#include <stdint.h>
#include <stdlib.h>
#include "cli/container/demux.h"
#include "cli/client/json_stream.h"

static int count(void *arg, int stream, const char *p unused_arg, size_t n,
                 struct err *e unused_arg)
{
	if (stream != 1 && stream != 2)
		abort();
	*(size_t *)arg += n;
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	size_t total = 0, piece = size ? bytes[0] % 16 + 1 : 1;
	struct demux d = { .sink = count, .arg = &total };
	struct slice s = { (const char *)bytes, size };
	int r = 0;

	for (size_t i = 0; r == 0 && i < size; i += piece)
		r = demux_feed(&d, s.data + i, MIN(piece, size - i), NULL);
	if (total > size)
		abort();
	if (r == 0 && demux_end(&d, NULL) == 0 && d.left)
		abort();
	demux_free(&d);
	if (json_stream_first(s) > size)
		abort();
	return 0;
}
