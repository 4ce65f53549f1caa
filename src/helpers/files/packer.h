/* A tar in the making: what read.c (the walk) and entry.c (one entry) share. */
#ifndef FILES_PACKER_H
#define FILES_PACKER_H

#include <archive.h>
#include <archive_entry.h>
#include <sys/stat.h>
#include "base/limits.h"
#include "base/map.h"
#include "helpers/files/files.h"

#define PACKER_BUFFER (128 * KIB)

struct packer {
	struct archive *tar;
	struct arena a;   /* names of files with several links */
	struct map links; /* "dev:ino" -> name of the first entry */
	int procfs;
	const struct files_job *job;
	const struct subject *top;
	bool layer; /* of an overlayfs: its marks become OCI's whiteouts */
	int depth;
	char *buffer;
};

/* What libarchive says is wrong. */
int packer_failed(struct packer *p, struct err *e);
/* The descriptor again, for reading. -1 with errno. */
int packer_reopen(struct packer *p, int fd, int flags);
/* A file system of the kernel's own: procfs, sysfs, cgroups. */
bool packer_is_virtual(int fd);

/* An entry with all that is told of every kind of file. */
void entry_describe(struct archive_entry *ae, const char *name, const struct stat *st);
int entry_header(struct packer *p, struct archive_entry *ae, struct err *e) must_check;
int entry_file(struct packer *p, struct archive_entry *ae, int fd, const char *name,
               const struct stat *st, struct err *e) must_check;
/* Symlinks, devices, fifos. */
int entry_other(struct packer *p, struct archive_entry *ae, int fd, const char *name,
                const struct stat *st, struct err *e) must_check;

/* ---- whiteouts.c: in layers only ---- */

bool layer_is_whiteout(const struct packer *p, const struct stat *st);
int layer_mark_whiteout(struct packer *p, const char *name, struct err *e) must_check;
/* The mark of a directory that hides all below it, if it is one. */
int layer_mark_opaque(struct packer *p, int dir, const char *prefix, struct err *e) must_check;

#endif
