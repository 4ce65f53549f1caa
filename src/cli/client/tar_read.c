/* See tar.h. What comes is not trusted: every number and length is checked. */
#include "cli/client/tar.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/limits.h"

#define EXTENDED_MAX (1024 * KIB) /* bytes of extended headers or a long name */
#define HEADERS_MAX  16           /* in front of one entry */

static int bad(struct err *e, const char *what)
{
	return err_set(e, ERR_INVALID, "archive/tar: invalid tar header: %s", what);
}

/* Exactly n bytes; 0 when there is nothing at all, 1 else. */
static int read_exactly(struct tar_source *from, char *p, size_t n, struct err *e)
{
	size_t have = 0;

	while (have < n) {
		ssize_t k = from->read(from->arg, p + have, n - have, e);

		if (k < 0)
			return -1;
		if (k == 0)
			return have ? err_set(e, ERR_DATA_LOSS, "unexpected EOF") : 0;
		have += (size_t)k;
	}
	return 1;
}

/* Octal text, or base 256 behind a byte with its highest bit set (GNU). */
static int number(const char *field, size_t size, int64_t *out, struct err *e)
{
	uint64_t v = 0;
	size_t i = 0;

	if ((unsigned char)field[0] == 0x80) {
		for (i = 1; i < size; i++) {
			if (v >> 55)
				return bad(e, "number");
			v = v << 8 | (unsigned char)field[i];
		}
		*out = (int64_t)v;
		return 0;
	}
	while (i < size && (field[i] == ' ' || field[i] == '0'))
		i++;
	for (; i < size && field[i] >= '0' && field[i] <= '7'; i++) {
		if (v >> 59)
			return bad(e, "number");
		v = v << 3 | (unsigned)(field[i] - '0');
	}
	if (i < size && field[i] && field[i] != ' ')
		return bad(e, "number");
	*out = (int64_t)v;
	return 0;
}

static bool checksum_is_right(const char *block)
{
	unsigned sum = 0;
	int64_t want;

	for (size_t i = 0; i < TAR_BLOCK; i++)
		sum += i >= 148 && i < 156 ? ' ' : (unsigned char)block[i];
	return number(block + 148, 8, &want, NULL) == 0 && want == (int64_t)sum;
}

static const char *text(struct arena *a, const char *field, size_t size)
{
	return arena_strndup(a, field, strnlen(field, size));
}

static int parse_block(struct arena *a, const char *b, struct tar_entry *t, struct err *e)
{
	int64_t mode, mtime, major, minor;
	const char *prefix;

	if (!checksum_is_right(b))
		return bad(e, "checksum");
	if (number(b + 100, 8, &mode, e) < 0 || number(b + 108, 8, &t->uid, e) < 0 ||
	    number(b + 116, 8, &t->gid, e) < 0 || number(b + 124, 12, &t->size, e) < 0 ||
	    number(b + 136, 12, &mtime, e) < 0 || number(b + 329, 8, &major, e) < 0 ||
	    number(b + 337, 8, &minor, e) < 0)
		return -1;
	t->name = text(a, b, 100);
	t->link = text(a, b + 157, 100);
	t->type = b[156] == '\0' || b[156] == '7' ? TAR_FILE : (enum tar_type)b[156];
	t->mode = (mode_t)mode & 07777;
	t->mtime = mtime > INT64_MAX / NS_PER_S ? 0 : mtime * NS_PER_S;
	t->major = (unsigned)major;
	t->minor = (unsigned)minor;
	prefix = memcmp(b + 257, "ustar\0", 6) == 0 ? text(a, b + 345, 155) : "";
	if (*prefix)
		t->name = arena_printf(a, "%s/%s", prefix, t->name);
	return 0;
}

/* One record of an extended header over the entry. Unknown ones are skipped. */
static void apply(struct arena *a, const char *key, struct slice value, struct tar_entry *t)
{
	const char *v = arena_strndup(a, value.data, value.len);

	if (str_eq(key, "path"))
		t->name = v;
	else if (str_eq(key, "linkpath"))
		t->link = v;
	else if (str_eq(key, "size"))
		str_i64(v, &t->size);
	else if (str_eq(key, "uid"))
		str_i64(v, &t->uid);
	else if (str_eq(key, "gid"))
		str_i64(v, &t->gid);
	else if (str_eq(key, "mtime") && strtod(v, NULL) < 9e9)
		t->mtime = (int64_t)(strtod(v, NULL) * (double)NS_PER_S);
	else if (str_eq(key, "SCHILY.xattr.security.capability"))
		t->capability = (struct slice){ v, value.len };
}

static int apply_records(struct arena *a, struct slice s, struct tar_entry *t, struct err *e)
{
	while (s.len) {
		char *end;
		unsigned long len = strtoul(s.data, &end, 10);
		const char *eq;

		if (end == s.data || *end != ' ' || len > s.len || s.data + len <= end + 1 ||
		    s.data[len - 1] != '\n' ||
		    !(eq = memchr(end, '=', (size_t)(s.data + len - end))))
			return bad(e, "extended header");
		apply(a, arena_strndup(a, end + 1, (size_t)(eq - end - 1)),
		      (struct slice){ eq + 1, (size_t)(s.data + len - 1 - (eq + 1)) }, t);
		s.data += len;
		s.len -= len;
	}
	return 0;
}

static void begin(struct tar_source *from, int64_t size)
{
	from->content = size;
	from->left = size + (-size & (TAR_BLOCK - 1));
}

/* The whole content of a small entry. */
static int hold(struct tar_source *from, struct arena *a, int64_t size, struct slice *out,
                struct err *e)
{
	char *p;
	int r;

	if (size < 0 || size > (int64_t)EXTENDED_MAX)
		return bad(e, "extended header");
	begin(from, size);
	p = arena_alloc(a, (size_t)from->left + 1);
	r = read_exactly(from, p, (size_t)from->left, e);
	if (r <= 0 && from->left)
		return r < 0 ? -1 : err_set(e, ERR_DATA_LOSS, "unexpected EOF");
	from->left = 0;
	*out = (struct slice){ p, (size_t)size };
	p[size] = '\0';
	return 0;
}

static int skip(struct tar_source *from, struct err *e)
{
	char chunk[8192];

	while (from->left > 0) {
		ssize_t n = from->read(from->arg, chunk,
		                       (size_t)MIN(from->left, (int64_t)sizeof(chunk)), e);

		if (n < 0)
			return -1;
		if (n == 0)
			return err_set(e, ERR_DATA_LOSS, "unexpected EOF");
		from->left -= n;
	}
	return 0;
}

/* Headers that describe the next one, kept until it comes. */
struct pending {
	struct slice records, name, link;
};

static int finish(struct tar_source *from, struct arena *a, const struct pending *p,
                  struct tar_entry *t, struct err *e)
{
	size_t n;
	char *name;

	if (p->name.data)
		t->name = p->name.data;
	if (p->link.data)
		t->link = p->link.data;
	if (apply_records(a, p->records, t, e) < 0)
		return -1;
	if (t->size < 0 || t->size > INT64_MAX - TAR_BLOCK)
		return bad(e, "size");
	name = arena_strdup(a, t->name);
	n = strlen(name);
	if (n > 1 && name[n - 1] == '/' && t->type == TAR_FILE)
		t->type = TAR_FOLDER;
	while (n > 1 && name[n - 1] == '/')
		name[--n] = '\0';
	t->name = name;
	begin(from, t->type == TAR_FILE ? t->size : 0);
	return 1;
}

int tar_next(struct tar_source *from, struct arena *a, struct tar_entry *out, struct err *e)
{
	static const char zeros[TAR_BLOCK];
	struct pending p = { 0 };
	char block[TAR_BLOCK];

	for (int n = 0; n < HEADERS_MAX; n++) {
		int r = skip(from, e) < 0 ? -1 : read_exactly(from, block, sizeof(block), e);

		if (r <= 0)
			return r;
		if (memcmp(block, zeros, sizeof(block)) == 0)
			return 0;
		*out = (struct tar_entry){ 0 };
		if (parse_block(a, block, out, e) < 0)
			return -1;
		switch ((int)out->type) {
		case 'x':
			r = hold(from, a, out->size, &p.records, e);
			break;
		case 'L':
			r = hold(from, a, out->size, &p.name, e);
			break;
		case 'K':
			r = hold(from, a, out->size, &p.link, e);
			break;
		case 'g':
			begin(from, out->size);
			break;
		default:
			return finish(from, a, &p, out, e);
		}
		if (r < 0)
			return -1;
	}
	return bad(e, "too many headers of one entry");
}

ssize_t tar_content(struct tar_source *from, void *p, size_t n, struct err *e)
{
	ssize_t k;

	if (from->content <= 0)
		return 0;
	k = from->read(from->arg, p, (size_t)MIN(from->content, (int64_t)n), e);
	if (k == 0)
		return err_set(e, ERR_DATA_LOSS, "unexpected EOF");
	if (k > 0) {
		from->content -= k;
		from->left -= k;
	}
	return k;
}
