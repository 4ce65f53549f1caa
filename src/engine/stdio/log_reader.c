/*
 * Entries of a json-file log as `docker logs` sends them. The lines are our own (json_log.c), so they
 * are taken apart by hand: two million of them must not cost two million JSON trees. A line that
 * does not look like an entry is skipped.
 */
#include "engine/stdio/stdio_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/arena.h"
#include "base/clock.h"
#include "base/fd.h"

#define MAX_PARTS 1000

struct entry {
	struct slice text; /* escaped, without the quotes */
	struct slice attrs;
	struct slice time;
	bool is_stderr;
};

/* ---- one line ---- */

static const char *find(const char *p, const char *end, const char *what)
{
	return p < end ? memmem(p, (size_t)(end - p), what, strlen(what)) : NULL;
}

static bool parse_entry(const char *p, const char *end, struct entry *out)
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
	out->text = (struct slice){ p, (size_t)(q - p) };
	q += sizeof(stream) - 1;
	if (q + 4 > end)
		return false;
	out->is_stderr = memcmp(q, "err\"", 4) == 0;
	for (const char *next = q; (next = find(next, end, time)); next++)
		t = next;
	if (!t)
		return false;
	attrs = find(q, t, "\"attrs\":");
	out->attrs =
	        attrs ? (struct slice){ attrs + 8, (size_t)(t - attrs - 9) } : (struct slice){ 0 };
	t += sizeof(time) - 1;
	q = memchr(t, '"', (size_t)(end - t));
	out->time = (struct slice){ t, q ? (size_t)(q - t) : 0 };
	return q != NULL;
}

static unsigned hex4(const char *p)
{
	unsigned v = 0;

	for (int i = 0; i < 4; i++) {
		unsigned char c = (unsigned char)p[i];

		v = v * 16 + (c <= '9' ? c - 48U : (c | 32U) - 87U);
	}
	return v & 0xffff;
}

/* Undoes json_quote, which writes no surrogate pairs. */
static void add_unescaped(struct buf *b, struct slice s)
{
	static const char from[] = "nrtbf", to[] = "\n\r\t\b\f";
	const char *p = s.data, *end = p + s.len;

	while (p < end) {
		const char *back = memchr(p, '\\', (size_t)(end - p)), *k;

		buf_add(b, p, (size_t)((back ? back : end) - p));
		if (!back || back + 1 >= end)
			return;
		p = back + 2;
		if (back[1] == 'u' && end - p >= 4) {
			buf_add_utf8(b, hex4(p));
			p += 4;
		} else {
			k = back[1] ? strchr(from, back[1]) : NULL;
			buf_addc(b, k ? to[k - from] : back[1]);
		}
	}
}

/* {"k":"v","l":"w"} -> "k=v,l=w " as --details shows them. */
static void add_details(struct buf *out, struct slice attrs)
{
	for (size_t i = 0; i < attrs.len; i++) {
		char c = attrs.data[i];

		if (c == ':')
			buf_addc(out, '=');
		else if (c != '{' && c != '}' && c != '"')
			buf_addc(out, c);
	}
	buf_addc(out, ' ');
}

static void add_time(struct buf *out, struct slice time)
{
	char text[CLOCK_TEXT_SIZE], fixed[CLOCK_TEXT_SIZE];
	int64_t ns;

	if (time.len >= sizeof(text))
		return;
	memcpy(text, time.data, time.len);
	text[time.len] = '\0';
	if (!clock_parse(text, &ns))
		return;
	buf_adds(out, clock_format_fixed(fixed, ns));
	buf_addc(out, ' ');
}

static int64_t time_of(struct slice time)
{
	char text[CLOCK_TEXT_SIZE];
	int64_t ns = 0;

	if (time.len < sizeof(text)) {
		memcpy(text, time.data, time.len);
		text[time.len] = '\0';
		clock_parse(text, &ns);
	}
	return ns;
}

/* Does the query want it? Past the end of the query nothing more is wanted. */
static bool wanted(struct log_reader *r, const struct entry *en)
{
	if (r->q.since || r->q.until) {
		int64_t ns = time_of(en->time);

		if (r->q.until && ns > r->q.until)
			r->over = true;
		if (r->over || (r->q.since && ns < r->q.since))
			return false;
	}
	return en->is_stderr ? r->q.err : r->q.out;
}

static void add_line(struct log_reader *r, struct buf *out, const char *p, const char *end)
{
	struct entry en;
	size_t start, n;

	if (!parse_entry(p, end, &en) || !wanted(r, &en))
		return;
	start = out->len;
	if (r->q.mux)
		buf_add(out, "\0\0\0\0\0\0\0\0", 8);
	if (r->q.timestamps)
		add_time(out, en.time);
	if (r->q.details)
		add_details(out, en.attrs);
	add_unescaped(out, en.text);
	if (!r->q.mux)
		return;
	n = out->len - start - 8;
	out->data[start] = en.is_stderr ? 2 : 1;
	for (int i = 0; i < 4; i++)
		out->data[start + 4 + (size_t)i] = (char)(n >> (24 - 8 * i));
}

/* ---- files ---- */

static int open_part(const struct log_reader *r, unsigned index)
{
	_cleanup_arena_ struct arena a = { 0 };

	return open(index ? arena_printf(&a, "%s.%u", r->path, index) : r->path,
	            O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
}

static void use_part(struct log_reader *r, int fd, unsigned index, uint64_t pos)
{
	fd_close(&r->fd);
	r->fd = fd;
	r->index = index;
	r->pos = pos;
	buf_reset(&r->raw);
}

/* Where the last *lines lines of a file begin; *lines is lowered by those that it has. */
static uint64_t tail_of(int fd, int64_t *lines)
{
	char block[BLOCK_BYTES];
	struct stat st;
	uint64_t at = fstat(fd, &st) == 0 ? (uint64_t)st.st_size : 0;
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

static void begin(struct log_reader *r)
{
	int64_t lines = r->q.tail;

	for (unsigned i = 0; i < MAX_PARTS; i++) {
		_cleanup_close_ int fd = open_part(r, i);
		uint64_t pos;

		if (fd < 0)
			return;
		pos = lines > 0 ? tail_of(fd, &lines) : 0;
		use_part(r, take_fd(&fd), i, pos);
		if (r->q.tail >= 0 && lines <= 0)
			return;
	}
}

int log_reader_open(struct log_reader *r, const char *path, const struct log_query *q,
                    struct err *e)
{
	struct stat st;

	*r = (struct log_reader){ .q = *q, .fd = -1, .path = strdup(path) };
	if (q->tail != 0) {
		begin(r);
	} else {
		r->fd = open_part(r, 0);
		r->pos = r->fd >= 0 && fstat(r->fd, &st) == 0 ? (uint64_t)st.st_size : 0;
	}
	if (r->fd < 0 && errno != ENOENT) {
		err_errno(e, errno, "open %s", path);
		log_reader_close(r);
		return -1;
	}
	return 0;
}

/* At the end of a part: the next newer one. */
static bool advance(struct log_reader *r)
{
	int fd;

	if (r->fd < 0 || r->index > 0) {
		fd = open_part(r, r->fd < 0 ? 0 : r->index - 1);
		if (fd < 0)
			return false;
		use_part(r, fd, r->fd < 0 ? 0 : r->index - 1, 0);
		return true;
	}
	return false;
}

bool log_reader_next(struct log_reader *r, struct buf *out)
{
	const char *p, *end, *nl;
	ssize_t n;

	if (r->over || (r->fd < 0 && !advance(r)))
		return false;
	buf_reserve(&r->raw, BLOCK_BYTES);
	n = pread(r->fd, r->raw.data + r->raw.len, BLOCK_BYTES, (off_t)r->pos);
	if (n <= 0)
		return advance(r);
	r->pos += (uint64_t)n;
	r->raw.len += (size_t)n;
	p = r->raw.data;
	end = p + r->raw.len;
	for (; !r->over && (nl = memchr(p, '\n', (size_t)(end - p))); p = nl + 1)
		add_line(r, out, p, nl);
	buf_drop(&r->raw, (size_t)(p - r->raw.data));
	return !r->over;
}

void log_reader_rotated(struct log_reader *r, bool emptied)
{
	if (emptied) {
		r->pos = 0;
		buf_reset(&r->raw);
	} else if (r->fd >= 0) {
		r->index++;
	}
}

void log_reader_close(struct log_reader *r)
{
	fd_close(&r->fd);
	buf_free(&r->raw);
	free(r->path);
	r->path = NULL;
}
