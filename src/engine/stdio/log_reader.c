/*
 * Entries of a log as `docker logs` sends them, from the oldest part that the query wants to the newest.
 * All parts are opened at the beginning, as one moment has them: a rotation takes nothing away from a
 * reader, and a follower hears of it (log_reader_rotated).
 */
#include "engine/stdio/stdio_internal.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/arena.h"
#include "base/clock.h"
#include "base/fd.h"
#include "base/json.h"

#define ENTRY_MAX (2 * 1024 * 1024) /* what is longer is no log */

/* ---- one entry ---- */

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

/* As Go's url.QueryEscape. */
static void add_escaped(struct buf *out, struct slice s)
{
	static const char plain[] =
	        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.~";

	for (size_t i = 0; i < s.len; i++) {
		unsigned char c = (unsigned char)s.data[i];

		if (c && strchr(plain, c))
			buf_addc(out, (char)c);
		else if (c == ' ')
			buf_addc(out, '+');
		else
			buf_printf(out, "%%%02X", c);
	}
}

/* {"k":"v","l":"w/"} -> "k=v,l=w%2F " as --details shows them. */
static void add_details(struct buf *out, struct slice attrs)
{
	_cleanup_arena_ struct arena a = { 0 };
	struct json_value v = { 0 };

	if (attrs.len && json_parse(&a, attrs, &v, NULL) == 0 && v.kind == JV_OBJECT) {
		for (size_t i = 0; i < v.n; i++) {
			if (i)
				buf_addc(out, ',');
			add_escaped(out, slice_of(v.keys[i]));
			buf_addc(out, '=');
			add_escaped(out, v.values[i].text);
		}
	}
	buf_addc(out, ' ');
}

static int64_t time_of(const struct log_entry *en)
{
	char text[CLOCK_TEXT_SIZE];
	int64_t ns = 0;

	if (en->time.len == 0)
		return en->ns;
	if (en->time.len < sizeof(text)) {
		memcpy(text, en->time.data, en->time.len);
		text[en->time.len] = '\0';
		clock_parse(text, &ns);
	}
	return ns;
}

static void add_time(struct buf *out, const struct log_entry *en)
{
	char fixed[CLOCK_TEXT_SIZE];

	buf_adds(out, clock_format_fixed(fixed, time_of(en)));
	buf_addc(out, ' ');
}

/* Does the query want it? Past the end of the query nothing more is wanted. */
static bool wanted(struct log_reader *r, const struct log_entry *en)
{
	if (r->q.since || r->q.until) {
		int64_t ns = time_of(en);

		if (r->q.until && ns > r->q.until)
			r->over = true;
		if (r->over || (r->q.since && ns < r->q.since))
			return false;
	}
	return en->is_stderr ? r->q.err : r->q.out;
}

static void add_entry(struct log_reader *r, struct buf *out, const struct log_entry *en)
{
	size_t start = out->len, n;

	if (r->q.mux)
		buf_add(out, "\0\0\0\0\0\0\0\0", 8);
	if (r->q.timestamps)
		add_time(out, en);
	if (r->q.details)
		add_details(out, en->attrs);
	if (en->escaped)
		add_unescaped(out, en->text);
	else
		buf_add(out, en->text.data, en->text.len);
	if (en->newline)
		buf_addc(out, '\n');
	if (!r->q.mux)
		return;
	n = out->len - start - 8;
	out->data[start] = en->is_stderr ? 2 : 1;
	for (int i = 0; i < 4; i++)
		out->data[start + 4 + (size_t)i] = (char)(n >> (24 - 8 * i));
}

/* ---- parts ---- */

/* Puts a part before those that are there; tells how many of the wanted entries it has. */
static void put_before(struct log_reader *r, int fd, int64_t *entries)
{
	struct stat st;
	uint64_t size = fstat(fd, &st) == 0 ? (uint64_t)st.st_size : 0;

	memmove(r->parts + 1, r->parts, r->nparts * sizeof(r->parts[0]));
	r->parts[0] = fd;
	r->nparts++;
	r->pos = r->q.tail < 0 ? 0 : *entries > 0 ? r->format->tail(fd, size, entries) : size;
}

struct found {
	size_t n;
	struct found_part {
		int fd;
		bool gz;
	} * v; /* the newest first */
};

/* As one moment has them. A killed rotation may have left one number out. */
static int find_parts(struct arena *a, const char *path, struct found *out, struct err *e)
{
	unsigned missing = 0;
	int ret = 0;

	log_parts_lock();
	for (unsigned i = 0; i < LOG_PARTS_MAX && missing < 2 && ret == 0; i++) {
		struct found_part p;

		p.fd = log_part_open(path, i, &p.gz);
		if (p.fd >= 0)
			arena_push(a, out, p);
		else if (errno != ENOENT)
			ret = err_errno(e, errno, "open %s", path);
		missing = p.fd < 0 ? missing + 1 : 0;
	}
	log_parts_unlock();
	return ret;
}

/* Takes the part's descriptor. */
static int use_part(struct log_reader *r, struct found_part *p, int64_t *entries, struct err *e)
{
	if (p->gz) {
		int plain = log_decompress(p->fd, r->path, e);

		fd_close(&p->fd);
		p->fd = plain;
		if (plain < 0)
			return -1;
	}
	put_before(r, take_fd(&p->fd), entries);
	return 0;
}

/* From the newest back to where the query begins. */
static int open_parts(struct log_reader *r, struct err *e)
{
	_cleanup_arena_ struct arena a = { 0 };
	struct found all = { 0 };
	int64_t entries = r->q.tail;
	int ret = find_parts(&a, r->path, &all, e);
	bool more = ret == 0;

	for (size_t i = 0; i < all.n; i++) {
		if (more)
			ret = use_part(r, &all.v[i], &entries, e);
		more = more && ret == 0 && (r->q.tail < 0 || entries > 0);
		fd_close(&all.v[i].fd);
	}
	return ret;
}

int log_reader_open(struct log_reader *r, enum log_driver driver, const char *path,
                    const struct log_query *q, struct err *e)
{
	*r = (struct log_reader){ .q = *q, .format = log_format_of(driver), .path = strdup(path) };
	r->parts = arena_array(&r->arena, int, LOG_PARTS_MAX + 1);
	if (open_parts(r, e) == 0)
		return 0;
	log_reader_close(r);
	return -1;
}

bool log_reader_is_current(const struct log_reader *r, int newest)
{
	struct stat a, b;

	if (r->nparts == 0)
		return false;
	return fstat(r->parts[r->nparts - 1], &a) == 0 && fstat(newest, &b) == 0 &&
	       a.st_ino == b.st_ino && a.st_dev == b.st_dev;
}

static void leave_part(struct log_reader *r)
{
	close(r->parts[0]);
	memmove(r->parts, r->parts + 1, --r->nparts * sizeof(r->parts[0]));
	r->pos = 0;
	buf_reset(&r->raw);
}

/* Takes the entries out of what was read. False when it is no log. */
static bool take_entries(struct log_reader *r, struct buf *out)
{
	size_t used = 0, n;

	while (!r->over) {
		struct log_entry en = { 0 };
		bool ok = false;

		n = r->format->parse(r->raw.data + used, r->raw.len - used, &en, &ok);
		if (n == 0)
			break;
		if (ok && wanted(r, &en))
			add_entry(r, out, &en);
		used += n;
	}
	buf_drop(&r->raw, used);
	return r->raw.len < ENTRY_MAX;
}

bool log_reader_next(struct log_reader *r, struct buf *out)
{
	ssize_t n;

	if (r->over || r->nparts == 0)
		return false;
	buf_reserve(&r->raw, BLOCK_BYTES);
	n = pread(r->parts[0], r->raw.data + r->raw.len, BLOCK_BYTES, (off_t)r->pos);
	if (n > 0) {
		r->pos += (uint64_t)n;
		r->raw.len += (size_t)n;
		if (take_entries(r, out))
			return !r->over;
		r->over = r->nparts == 1;
	}
	if (r->nparts == 1)
		return false;
	leave_part(r);
	return true;
}

void log_reader_rotated(struct log_reader *r)
{
	bool gz;
	int fd = r->nparts < LOG_PARTS_MAX ? log_part_open(r->path, 0, &gz) : -1;

	if (fd >= 0)
		r->parts[r->nparts++] = fd;
}

void log_reader_close(struct log_reader *r)
{
	while (r->nparts > 0)
		leave_part(r);
	buf_free(&r->raw);
	arena_free(&r->arena);
	free(r->path);
	r->path = NULL;
}
