/* Headers of a tar. See tar_index.h; the format: pax(1) of POSIX, and GNU tar's manual. */
#include "image/tar_index.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>
#include "base/file.h"
#include "base/limits.h"
#include "base/str.h"

#define BLOCK     512
#define LINKS_MAX 8

struct header {
	char name[100], mode[8], uid[8], gid[8], size[12], mtime[12], checksum[8], type, link[100];
	char magic[6], version[2], user[32], group[32], major[8], minor[8], prefix[155], pad[12];
};
_Static_assert(sizeof(struct header) == BLOCK, "a header is one block");

/* What extended headers say of the next member. */
struct extended {
	const char *name, *link;
	bool has_size;
	int64_t size;
};

struct reader {
	int fd;
	int64_t at, end;
	struct arena *arena;
	struct extended ext;
};

static int read_at(struct reader *r, void *p, size_t n, int64_t at, struct err *e)
{
	ssize_t got = pread(r->fd, p, n, at);

	if (got < 0)
		return err_errno(e, errno, "read archive");
	if ((size_t)got < n)
		return err_set(e, ERR_DATA_LOSS, "archive is cut off at byte %lld",
		               (long long)at + got);
	return 0;
}

/* Octal digits, or base 256 when the first bit is set. */
static int parse_number(const char *field, size_t n, int64_t *out, struct err *e)
{
	const unsigned char *u = (const unsigned char *)field;
	uint64_t v = u[0] & 0x80 ? u[0] & 0x7f : 0;
	size_t i = u[0] & 0x80 ? 1 : strspn(field, " ");

	for (; i < n && field[i] && field[i] != ' '; i++) {
		unsigned bits = u[0] & 0x80 ? 8 : 3,
		         digit = u[0] & 0x80 ? u[i] : (unsigned)(u[i] - '0');

		if (v >> (63 - bits) || digit >> bits)
			return err_set(e, ERR_INVALID, "archive: invalid number in a header");
		v = v << bits | digit;
	}
	*out = (int64_t)v;
	return 0;
}

static bool checksum_fits(const struct header *h)
{
	const unsigned char *u = (const unsigned char *)h;
	int64_t want, sum = 0;

	for (size_t i = 0; i < BLOCK; i++) {
		bool own =
		        i >= offsetof(struct header, checksum) && i < offsetof(struct header, type);

		sum += own ? ' ' : u[i];
	}
	return parse_number(h->checksum, sizeof(h->checksum), &want, NULL) == 0 && want == sum;
}

static const char *clean(struct arena *a, const char *name)
{
	return path_clean(a, arena_printf(a, "/%s", name)) + 1;
}

static const char *field(struct arena *a, const char *p, size_t n)
{
	return arena_strndup(a, p, strnlen(p, n));
}

/* The records of a PAX header: "<length> <key>=<value>\n", the length counting all of it. */
static int parse_pax(struct reader *r, char *p, size_t n, struct err *e)
{
	for (size_t len; n > 0; p += len, n -= len) {
		char *end, *key, *eq;

		len = strtoul(p, &end, 10);
		if (end == p || *end != ' ' || len > n || len < (size_t)(end - p) + 3 ||
		    p[len - 1] != '\n')
			return err_set(e, ERR_INVALID, "archive: malformed extended header");
		p[len - 1] = '\0';
		key = end + 1;
		eq = strchr(key, '=');
		if (!eq)
			return err_set(e, ERR_INVALID, "archive: malformed extended header");
		*eq = '\0';
		if (str_eq(key, "path"))
			r->ext.name = eq + 1;
		else if (str_eq(key, "linkpath"))
			r->ext.link = eq + 1;
		else if (str_eq(key, "size"))
			r->ext.has_size = str_i64(eq + 1, &r->ext.size);
	}
	return 0;
}

static int read_extended(struct reader *r, char type, int64_t size, struct err *e)
{
	char *text;

	if (size > (int64_t)LIMIT_SMALL_FILE)
		return err_set(e, ERR_EXHAUSTED, "archive: extended header of %lld bytes",
		               (long long)size);
	text = arena_alloc(r->arena, (size_t)size + 1);
	if (read_at(r, text, (size_t)size, r->at, e) < 0)
		return -1;
	if (type == 'L')
		r->ext.name = text;
	else if (type == 'K')
		r->ext.link = text;
	else if (type == 'x')
		return parse_pax(r, text, (size_t)size, e);
	return 0;
}

static const char *ustar_name(struct arena *a, const struct header *h)
{
	const char *name = field(a, h->name, sizeof(h->name));

	if (memcmp(h->magic, "ustar\0", 6) == 0 && h->prefix[0])
		return arena_printf(a, "%.*s/%s", (int)strnlen(h->prefix, sizeof(h->prefix)),
		                    h->prefix, name);
	return name;
}

/* A symlink's target is relative to its directory, a hard link's to the archive. */
static const char *link_name(struct reader *r, const char *name, char type, const char *to)
{
	const char *slash = strrchr(name, '/');

	if (type != '2' || !slash)
		return clean(r->arena, to);
	return clean(r->arena, arena_printf(r->arena, "%.*s/%s", (int)(slash - name), name, to));
}

static void add_member(struct reader *r, const struct header *h, int64_t size,
                       struct tar_index *out)
{
	const char *name = clean(r->arena, r->ext.name ? r->ext.name : ustar_name(r->arena, h));
	const char *to = r->ext.link ? r->ext.link : field(r->arena, h->link, sizeof(h->link));
	bool is_link = h->type == '1' || h->type == '2';
	struct tar_member m = { name, is_link ? link_name(r, name, h->type, to) : NULL, r->at,
		                size };

	if (h->type == '0' || h->type == '\0' || is_link)
		arena_push(r->arena, out, m);
}

/* One header and what belongs to it: 1, or 0 at the end of the archive. */
static int read_member(struct reader *r, struct tar_index *out, struct err *e)
{
	static const struct header zero;
	struct header h;
	int64_t size;
	bool extends;

	if (r->at >= r->end)
		return 0;
	if (read_at(r, &h, sizeof(h), r->at, e) < 0)
		return -1;
	if (memcmp(&h, &zero, sizeof(h)) == 0)
		return 0;
	if (!checksum_fits(&h))
		return err_set(e, ERR_INVALID, "not a tar archive");
	if (parse_number(h.size, sizeof(h.size), &size, e) < 0)
		return -1;
	r->at += BLOCK;
	extends = h.type == 'x' || h.type == 'g' || h.type == 'L' || h.type == 'K';
	if (r->ext.has_size && !extends)
		size = r->ext.size;
	if (size < 0 || size > r->end - r->at)
		return err_set(e, ERR_DATA_LOSS, "archive is cut off");
	if (extends && read_extended(r, h.type, size, e) < 0)
		return -1;
	if (!extends) {
		add_member(r, &h, size, out);
		r->ext = (struct extended){ 0 };
	}
	r->at += (size + BLOCK - 1) / BLOCK * BLOCK;
	return 1;
}

int tar_index_read(int fd, struct arena *a, struct tar_index *out, struct err *e)
{
	struct reader r = { .fd = fd, .end = lseek(fd, 0, SEEK_END), .arena = a };
	int more;

	*out = (struct tar_index){ 0 };
	if (r.end < 0)
		return err_errno(e, errno, "seek in archive");
	do {
		if (out->n > LIMIT_ARCHIVE_MEMBERS)
			return err_set(e, ERR_EXHAUSTED, "archive has more than %d members",
			               LIMIT_ARCHIVE_MEMBERS);
		more = read_member(&r, out, e);
	} while (more > 0);
	return more;
}

const struct tar_member *tar_find(const struct tar_index *x, const char *name)
{
	for (int links = 0; links < LINKS_MAX; links++) {
		const struct tar_member *found = NULL;

		for (size_t i = 0; i < x->n && !found; i++)
			if (str_eq(x->v[i].name, name))
				found = &x->v[i];
		if (!found || !found->link)
			return found;
		name = found->link;
	}
	return NULL;
}
