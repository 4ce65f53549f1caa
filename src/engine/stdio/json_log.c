/*
 * Docker's json-file format: one JSON object a line,
 *     {"log":"text\n","stream":"stdout","time":"2026-01-02T03:04:05.678Z"}
 * with "attrs" before "time" when the container has some. A line that is longer than LINE_BYTES
 * becomes several entries, of which only the last ends in "\n".
 *
 * The lines are our own, so they are taken apart by hand: two million of them must not cost two million
 * JSON trees. A line that does not look like an entry is skipped.
 */
#include <unistd.h>
#include "base/json.h"
#include "engine/stdio/log_file.h"

static void add(struct buf *out, enum output which, struct slice text, const struct log_time *time,
                const char *attrs)
{
	buf_adds(out, "{\"log\":");
	json_quote_log(out, text);
	buf_adds(out, which == OUTPUT_STDOUT ? ",\"stream\":\"stdout\"" : ",\"stream\":\"stderr\"");
	if (attrs)
		buf_printf(out, ",\"attrs\":%s", attrs);
	buf_adds(out, ",\"time\":\"");
	buf_adds(out, time->text);
	buf_adds(out, "\"}\n");
}

/* ---- reading ---- */

static const char *find(const char *p, const char *end, const char *what)
{
	return p < end ? memmem(p, (size_t)(end - p), what, strlen(what)) : NULL;
}

static bool parse_line(const char *p, const char *end, struct log_entry *out)
{
	static const char head[] = "{\"log\":\"", stream[] = "\",\"stream\":\"std",
	                  time[] = "\"time\":\"";
	const char *q, *t = NULL, *attrs;

	if ((size_t)(end - p) < sizeof(head) || memcmp(p, head, sizeof(head) - 1) != 0)
		return false;
	p += sizeof(head) - 1;
	/* The text cannot hold this: its quotes are escaped. */
	q = find(p, end, stream);
	if (!q)
		return false;
	*out = (struct log_entry){ .text = { p, (size_t)(q - p) }, .escaped = true };
	q += sizeof(stream) - 1;
	if (q + 4 > end)
		return false;
	out->is_stderr = memcmp(q, "err\"", 4) == 0;
	for (const char *next = q; (next = find(next, end, time)); next++)
		t = next;
	if (!t)
		return false;
	attrs = find(q, t, "\"attrs\":");
	if (attrs)
		out->attrs = (struct slice){ attrs + 8, (size_t)(t - attrs - 9) };
	t += sizeof(time) - 1;
	q = memchr(t, '"', (size_t)(end - t));
	out->time = (struct slice){ t, q ? (size_t)(q - t) : 0 };
	return q != NULL;
}

static size_t parse(const char *p, size_t n, struct log_entry *out, bool *ok)
{
	const char *nl = memchr(p, '\n', n);

	if (!nl)
		return 0;
	*ok = parse_line(p, nl, out);
	return (size_t)(nl - p) + 1;
}

/* ---- from the end of a file ---- */

static uint64_t whole(int fd, uint64_t size)
{
	char block[4096];

	while (size > 0) {
		size_t n = (size_t)MIN(size, sizeof(block));
		ssize_t k = pread(fd, block, n, (off_t)(size - n));
		const char *nl;

		if (k != (ssize_t)n)
			return 0;
		nl = memrchr(block, '\n', n);
		if (nl)
			return size - n + (uint64_t)(nl - block) + 1;
		size -= n;
	}
	return 0;
}

static uint64_t tail(int fd, uint64_t size, int64_t *lines)
{
	char block[BLOCK_BYTES];
	uint64_t at = size;
	bool last = true; /* the newline that ends the last line begins no other */

	while (at > 0) {
		size_t n = (size_t)MIN(at, sizeof(block));

		if (pread(fd, block, n, (off_t)(at - n)) != (ssize_t)n)
			return 0;
		for (size_t i = n; i-- > 0;) {
			if (block[i] != '\n')
				continue;
			if (!last && --*lines == 0)
				return at - n + i + 1;
			last = false;
		}
		at -= n;
	}
	*lines -= !last;
	return 0;
}

const struct log_format log_format_json = { add, parse, whole, tail };
