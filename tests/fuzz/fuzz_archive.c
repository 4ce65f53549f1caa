/* Image archives: any bytes as a tar; all that it names can be read, or is refused. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>
#include "base/fd.h"
#include "image/archive.h"
#include "image/challenge.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void read_images(struct image_archive *ar)
{
	const struct archived_images *images = image_archive_images(ar);
	struct image_source *src = image_archive_source(ar);

	for (size_t i = 0; i < images->n; i++) {
		_cleanup_arena_ struct arena a = { 0 };
		struct blob_stream blob;
		struct slice text;

		if (src->ops->open(src, &images->v[i].target, 0, &blob, NULL) == 0)
			(void)!src->ops->close(src, &blob, NULL);
		if (images->v[i].target.size < 65536)
			(void)!src->ops->document(src, &images->v[i].target, &a, &text, NULL);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_close_ int fd = memfd_create("archive", MFD_CLOEXEC);
	_cleanup_arena_ struct arena a = { 0 };
	struct image_archive *ar;
	struct challenge c;
	char path[32];

	if (write(fd, data, size) != (ssize_t)size)
		abort();
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	ar = image_archive_open(path, NULL);
	if (ar)
		read_images(ar);
	image_archive_free(ar);
	challenge_parse(&a, arena_strndup(&a, (const char *)data, size), &c);
	return 0;
}
