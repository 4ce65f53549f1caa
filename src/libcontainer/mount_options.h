/*
 * Mount options: one table of words for the parser, for `runc features` and for the docs.
 * A word changes mount attributes, a superblock flag, propagation, or how the mount is made;
 * what the table does not know is data for the file system ("size=64k", "mode=755").
 */
#ifndef LIBCONTAINER_MOUNT_OPTIONS_H
#define LIBCONTAINER_MOUNT_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>
#include "base/arena.h"

/* How the mount is made, beyond attributes. */
enum mount_how {
	MOUNT_HOW_BIND = 1 << 0,
	MOUNT_HOW_RECURSIVE = 1 << 1, /* rbind */
	MOUNT_HOW_COPY_UP = 1 << 2,   /* tmpcopyup: fill the tmpfs with what it hides */
	MOUNT_HOW_REMOUNT = 1 << 3,
	MOUNT_HOW_IDMAP = 1 << 4,
	MOUNT_HOW_IDMAP_REC = 1 << 5,
	MOUNT_HOW_SRC_NOFOLLOW = 1 << 6,
	MOUNT_HOW_DEST_NOFOLLOW = 1 << 7,
};

struct mount_options {
	uint64_t set, clear;         /* MOUNT_ATTR_* of this mount */
	uint64_t rec_set, rec_clear; /* the same, of the whole tree below */
	unsigned how;                /* MOUNT_HOW_* */
	bool read_only;              /* "ro" was said: the superblock too, where it is ours alone */
	struct strs flags;           /* superblock flags for fsconfig: "sync", "dirsync", ... */
	struct strs data;            /* "key=value" or "key" for the file system */
	struct {
		size_t n;
		struct {
			uint64_t flag;
			bool recursive;
		} v[8];
	} propagation; /* MS_* */
};

/* Everything the result points to lives in the arena or in `words`. */
void mount_options_parse(struct arena *a, const struct strs *words, struct mount_options *out);

/* The value of a data option ("mode"), or NULL. */
const char *mount_options_data(const struct mount_options *o, const char *key);

/* The known words, in the table's order; NULL at the end. */
const char *mount_options_word(size_t i);

#endif
