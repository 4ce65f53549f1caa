/* Writing a tar. See tar_write.h. */
#include "image/tar_write.h"

#include <stdio.h>
#include <string.h>

#define BLOCK     512
#define OCTAL_MAX 077777777777LL /* what eleven octal digits hold */

struct header {
	char name[100], mode[8], uid[8], gid[8], size[12], mtime[12], checksum[8], type, link[100];
	char magic[6], version[2], user[32], group[32], major[8], minor[8], prefix[155], pad[12];
};
_Static_assert(sizeof(struct header) == BLOCK, "a header is one block");

static void put_size(char field[12], int64_t size)
{
	if (size <= OCTAL_MAX) {
		snprintf(field, 12, "%011llo", (unsigned long long)size);
		return;
	}
	field[0] = (char)0x80;
	for (int i = 11; i > 0; i--, size >>= 8)
		field[i] = (char)(size & 0xff);
}

static void put_checksum(struct header *h)
{
	const unsigned char *u = (const unsigned char *)h;
	unsigned sum = 0;

	memset(h->checksum, ' ', sizeof(h->checksum));
	for (size_t i = 0; i < BLOCK; i++)
		sum += u[i];
	snprintf(h->checksum, sizeof(h->checksum), "%06o", sum);
}

static int write_header(struct tar_writer *w, const char *name, char type, unsigned mode,
                        int64_t size, struct err *e)
{
	struct header h = { .type = type, .magic = "ustar", .version = { '0', '0' } };

	if (w->left > 0)
		return err_set(e, ERR_DATA_LOSS, "%lld bytes are missing before %s",
		               (long long)w->left, name);
	if (!str_copy(h.name, sizeof(h.name), name))
		return err_set(e, ERR_INVALID, "%s: the name is too long", name);
	snprintf(h.mode, sizeof(h.mode), "%07o", mode);
	snprintf(h.uid, sizeof(h.uid), "%07o", 0);
	snprintf(h.gid, sizeof(h.gid), "%07o", 0);
	snprintf(h.mtime, sizeof(h.mtime), "%011o", 0);
	put_size(h.size, size);
	put_checksum(&h);
	w->left = size;
	w->pad = (unsigned)((BLOCK - size % BLOCK) % BLOCK);
	return w->write(w->user, &h, BLOCK, e);
}

int tar_folder(struct tar_writer *w, const char *name, struct err *e)
{
	return write_header(w, name, '5', 0755, 0, e);
}

int tar_file(struct tar_writer *w, const char *name, int64_t size, struct err *e)
{
	return write_header(w, name, '0', 0644, size, e);
}

int tar_data(struct tar_writer *w, const void *p, size_t n, struct err *e)
{
	static const char zero[BLOCK];

	if ((int64_t)n > w->left)
		return err_set(e, ERR_DATA_LOSS, "a file has %lld bytes more than it should",
		               (long long)n - w->left);
	if (n == 0)
		return 0;
	w->left -= (int64_t)n;
	if (w->write(w->user, p, n, e) < 0)
		return -1;
	return w->left == 0 && w->pad > 0 ? w->write(w->user, zero, w->pad, e) : 0;
}

int tar_text(struct tar_writer *w, const char *name, struct slice text, struct err *e)
{
	if (tar_file(w, name, (int64_t)text.len, e) < 0)
		return -1;
	return tar_data(w, text.data, text.len, e);
}

int tar_end(struct tar_writer *w, struct err *e)
{
	static const char zero[2 * BLOCK];

	if (w->left > 0)
		return err_set(e, ERR_DATA_LOSS, "%lld bytes are missing at the end",
		               (long long)w->left);
	return w->write(w->user, zero, sizeof(zero), e);
}
