/*
 * Whiteouts: how a layer says that something below it is gone. In the tar an empty file ".wh.NAME"
 * hides NAME, and ".wh..wh..opq" all that lower layers have in its directory (OCI image
 * specification, "Whiteouts"); overlayfs wants a character device 0:0, and an attribute.
 */
#ifndef UNPACK_WHITEOUT_H
#define UNPACK_WHITEOUT_H

#include <stdbool.h>
#include <sys/stat.h>
#include "base/err.h"

bool whiteout_is(const char *base); /* is it one of the names above? */

/*
 * Applies `base` in the directory. What the same layer put there stays: a whiteout speaks of lower
 * layers only, so one beside a directory of that name makes the directory opaque. In the lowest
 * layer (`lowest`) there is nothing to hide.
 */
int whiteout_apply(int dir, const char *base, bool lowest, struct err *e) must_check;

/* Is it the name that makes a directory opaque? */
bool whiteout_is_opaque_name(const char *base);

/*
 * Hides every name that `lower`, the root of a lower layer, has: overlayfs merges the roots of all
 * layers, whatever attribute they have.
 */
int whiteout_hide_all(int root, int lower, struct err *e) must_check;

bool whiteout_is_device(const struct stat *st);
int whiteout_make_opaque(int dir, struct err *e) must_check;

#endif
