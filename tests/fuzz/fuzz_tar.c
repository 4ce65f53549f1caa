/* The tar reader of `docker cp`: any bytes are an archive, an end or an error. */
#include <stdint.h>
#include "cli/client/tar.h"

static ssize_t from_slice(void *arg, void *p, size_t n, struct err *e)
{
	struct slice *s = arg;
	size_t k = MIN(n, s->len);

	(void)e;
	memcpy(p, s->data, k);
	s->data += k;
	s->len -= k;
	return (ssize_t)k;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice s = { (const char *)data, size };
	struct tar_source from = { from_slice, &s, 0, 0 };
	_cleanup_arena_ struct arena a = { 0 };
	struct tar_entry t;
	char content[1000];

	while (tar_next(&from, &a, &t, NULL) == 1)
		while (tar_content(&from, content, sizeof(content), NULL) > 0)
			;
	return 0;
}
