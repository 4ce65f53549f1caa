/*
 * A tar that is written as it goes: folders and files with fixed owners and times, so that the same
 * content gives the same bytes. ustar (POSIX pax(1)); sizes of 8 GB and more in GNU's base 256.
 */
#ifndef IMAGE_TAR_WRITE_H
#define IMAGE_TAR_WRITE_H

#include <stdint.h>
#include "base/err.h"
#include "base/str.h"

struct tar_writer {
	int (*write)(void *user, const void *p, size_t n, struct err *e);
	void *user;
	int64_t left; /* bytes that the file being written still lacks */
	unsigned pad; /* and zeros behind them */
};

int tar_folder(struct tar_writer *w, const char *name, struct err *e) must_check;

/* The head of a file; then exactly `size` bytes through tar_data. Names have at most 99 bytes. */
int tar_file(struct tar_writer *w, const char *name, int64_t size, struct err *e) must_check;
int tar_data(struct tar_writer *w, const void *p, size_t n, struct err *e) must_check;

int tar_text(struct tar_writer *w, const char *name, struct slice text, struct err *e) must_check;
int tar_end(struct tar_writer *w, struct err *e) must_check;

#endif
