/* Any bytes as a log of either driver: what one reads again is within the bytes, and ends. */
#include <stdint.h>
#include <stdlib.h>
#include "engine/stdio/log_file.h"

static void read_all(const struct log_format *format, const char *p, size_t n)
{
	size_t used;

	while (n > 0) {
		struct log_entry en = { 0 };
		bool ok = false;

		used = format->parse(p, n, &en, &ok);
		if (used > n || (ok && en.text.len > used))
			abort();
		if (ok && en.text.len &&
		    (en.text.data < p || en.text.data + en.text.len > p + used))
			abort();
		if (used == 0)
			return;
		p += used;
		n -= used;
	}
}

/* What is written is read back as it was. */
static void write_and_read(const struct log_format *format, const char *p, size_t n)
{
	_cleanup_buf_ struct buf out = { 0 };
	struct log_entry en = { 0 };
	struct log_time time = { .ns = 1234567890, .text = "2026-01-02T03:04:05Z" };
	bool ok = false;

	format->add(&out, OUTPUT_STDERR, (struct slice){ p, n }, &time, NULL);
	if (format->parse(out.data, out.len, &en, &ok) != out.len || !ok || !en.is_stderr)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	read_all(&log_format_json, (const char *)bytes, size);
	read_all(&log_format_local, (const char *)bytes, size);
	if (size > 0 && size <= LINE_BYTES) {
		write_and_read(&log_format_json, (const char *)bytes, size);
		write_and_read(&log_format_local, (const char *)bytes, size);
	}
	return 0;
}
