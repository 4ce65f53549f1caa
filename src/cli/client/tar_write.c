/* See tar.h. */
#include "cli/client/tar.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"

/* Positions of a ustar header; numbers are octal text with a NUL behind. */
enum {
	AT_NAME = 0,
	AT_MODE = 100,
	AT_UID = 108,
	AT_GID = 116,
	AT_SIZE = 124,
	AT_MTIME = 136,
	AT_CHECKSUM = 148,
	AT_TYPE = 156,
	AT_LINK = 157,
	AT_MAGIC = 257,
	AT_MAJOR = 329,
	AT_MINOR = 337,
	AT_PREFIX = 345,
};
#define NAME_MAX_USTAR   100
#define PREFIX_MAX_USTAR 155
#define ID_MAX_USTAR     07777777
#define SIZE_MAX_USTAR   077777777777LL

static void put_octal(char *field, size_t size, uint64_t value)
{
	field[--size] = '\0';
	while (size) {
		field[--size] = (char)('0' + (value & 7));
		value >>= 3;
	}
}

static void put_text(char *field, size_t size, const char *text)
{
	memcpy(field, text, MIN(strlen(text), size));
}

static int put_header(const struct tar_sink *to, char block[TAR_BLOCK], struct err *e)
{
	unsigned sum = 0;

	memcpy(block + AT_MAGIC,
	       "ustar\0"
	       "00",
	       8);
	memset(block + AT_CHECKSUM, ' ', 8);
	for (size_t i = 0; i < TAR_BLOCK; i++)
		sum += (unsigned char)block[i];
	put_octal(block + AT_CHECKSUM, 7, sum);
	return to->write(to->arg, block, TAR_BLOCK, e);
}

/*
 * How many bytes of a name stand in the prefix, where a slash divides it so that both parts have
 * room; 0: it fits as it is; -1: it does not.
 */
static ssize_t prefix_of(const char *name)
{
	size_t len = strlen(name), at = MIN(len, (size_t)PREFIX_MAX_USTAR + 1);

	if (len <= NAME_MAX_USTAR)
		return 0;
	while (at-- > 1)
		if (name[at] == '/' && name[at + 1] && len - at - 1 <= NAME_MAX_USTAR)
			return (ssize_t)at;
	return -1;
}

/* "LENGTH key=value\n", where the length counts itself. */
static void add_record(struct buf *b, const char *key, struct slice value)
{
	size_t rest = strlen(key) + value.len + 3, len = rest + 1;
	char digits[24];

	while (rest + (size_t)snprintf(digits, sizeof(digits), "%zu", len) != len)
		len = rest + strlen(digits);
	buf_printf(b, "%zu %s=", len, key);
	buf_add(b, value.data, value.len);
	buf_addc(b, '\n');
}

static void add_number(struct buf *b, const char *key, int64_t value)
{
	char text[24];

	snprintf(text, sizeof(text), "%lld", (long long)value);
	add_record(b, key, slice_of(text));
}

/* What a ustar header has no room for. */
static void add_records(struct buf *b, const struct tar_entry *t)
{
	if (prefix_of(t->name) < 0)
		add_record(b, "path", slice_of(t->name));
	if (t->link && strlen(t->link) > NAME_MAX_USTAR)
		add_record(b, "linkpath", slice_of(t->link));
	if (t->size > SIZE_MAX_USTAR)
		add_number(b, "size", t->size);
	if (t->uid > ID_MAX_USTAR)
		add_number(b, "uid", t->uid);
	if (t->gid > ID_MAX_USTAR)
		add_number(b, "gid", t->gid);
	if (t->capability.len)
		add_record(b, "SCHILY.xattr.security.capability", t->capability);
}

static void put_name(char block[TAR_BLOCK], const char *name)
{
	ssize_t prefix = prefix_of(name);

	if (prefix > 0) {
		memcpy(block + AT_PREFIX, name, (size_t)prefix);
		name += prefix + 1;
	}
	put_text(block + AT_NAME, NAME_MAX_USTAR, name);
}

static int put_extended(const struct tar_sink *to, const struct tar_entry *t, struct err *e)
{
	_cleanup_buf_ struct buf records = { 0 };
	char block[TAR_BLOCK] = { 0 };

	add_records(&records, t);
	if (!records.len)
		return 0;
	put_text(block + AT_NAME, NAME_MAX_USTAR, "PaxHeaders.0/entry");
	put_octal(block + AT_MODE, 8, 0644);
	put_octal(block + AT_UID, 8, 0);
	put_octal(block + AT_GID, 8, 0);
	put_octal(block + AT_SIZE, 12, records.len);
	put_octal(block + AT_MTIME, 12, 0);
	block[AT_TYPE] = 'x';
	if (put_header(to, block, e) < 0 || to->write(to->arg, records.data, records.len, e) < 0)
		return -1;
	return tar_put_padding(to, (int64_t)records.len, e);
}

static int put_entry(const struct tar_sink *to, const struct tar_entry *t, struct err *e)
{
	char block[TAR_BLOCK] = { 0 };

	if (put_extended(to, t, e) < 0)
		return -1;
	put_name(block, t->name);
	put_octal(block + AT_MODE, 8, t->mode);
	put_octal(block + AT_UID, 8, (uint64_t)t->uid & ID_MAX_USTAR);
	put_octal(block + AT_GID, 8, (uint64_t)t->gid & ID_MAX_USTAR);
	put_octal(block + AT_SIZE, 12, (uint64_t)t->size & (uint64_t)SIZE_MAX_USTAR);
	put_octal(block + AT_MTIME, 12, t->mtime > 0 ? (uint64_t)(t->mtime / NS_PER_S) : 0);
	block[AT_TYPE] = (char)t->type;
	if (t->link)
		put_text(block + AT_LINK, NAME_MAX_USTAR, t->link);
	put_octal(block + AT_MAJOR, 8, t->major);
	put_octal(block + AT_MINOR, 8, t->minor);
	return put_header(to, block, e);
}

int tar_put(const struct tar_sink *to, const struct tar_entry *t, struct err *e)
{
	_cleanup_buf_ struct buf name = { 0 };
	struct tar_entry named = *t;

	if (t->type != TAR_FOLDER)
		return put_entry(to, t, e);
	buf_printf(&name, "%s/", str_eq(t->name, "/") ? "" : t->name);
	named.name = buf_cstr(&name);
	return put_entry(to, &named, e);
}

int tar_put_padding(const struct tar_sink *to, int64_t size, struct err *e)
{
	static const char zeros[TAR_BLOCK];
	size_t n = (size_t)(-size & (TAR_BLOCK - 1));

	return n ? to->write(to->arg, zeros, n, e) : 0;
}

int tar_put_end(const struct tar_sink *to, struct err *e)
{
	static const char zeros[2 * TAR_BLOCK];

	return to->write(to->arg, zeros, sizeof(zeros), e);
}
