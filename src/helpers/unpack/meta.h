/*
 * What a file has besides its name and content: owner, mode, times, extended attributes.
 * Attributes that overlayfs keeps for itself are never taken from a layer.
 */
#ifndef UNPACK_META_H
#define UNPACK_META_H

#include <stdbool.h>
#include <sys/stat.h>
#include "base/arena.h"
#include "base/err.h"

struct xattr {
	const char *name;
	const void *value;
	size_t size;
};

/* What a file has besides its name and content. */
struct meta {
	uid_t uid;
	gid_t gid;
	mode_t mode;              /* permission bits only */
	struct timespec times[2]; /* access, modification */
	struct xattrs {
		size_t n;
		struct xattr *v;
	} xattrs;
};

/* Adds an attribute unless it is overlayfs's own; name and value are copied into the arena. */
void meta_add_xattr(struct arena *a, struct meta *m, const char *name, const void *value,
                    size_t size);

struct meta meta_copy(struct arena *a, const struct meta *m);

int meta_read(struct arena *a, int fd, struct meta *m, struct err *e) must_check;

/*
 * By descriptor: a file that we made with mode `made` and that root owns, or one of which nothing
 * is known (MODE_UNKNOWN). Calls that would change nothing are left out.
 */
#define MODE_UNKNOWN ((mode_t)-1)
int meta_apply(int fd, const struct meta *m, mode_t made, struct err *e) must_check;

/* By name, never following a link: links, devices, fifos. Changes the working directory. */
int meta_apply_at(int dir, const char *base, const struct meta *m, bool is_link, struct err *e)
        must_check;

#endif
