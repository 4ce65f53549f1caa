/*
 * Files and directories: whole reads with a limit, atomic replacement, trees.
 * Paths here are the host's; paths that a container can influence go through libcontainer/rootfs.
 */
#ifndef BASE_FILE_H
#define BASE_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>
#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"

/*
 * Reads all of a file, at most `limit` bytes (more is ERR_EXHAUSTED). The text is NUL-terminated.
 * `dirfd` may be AT_FDCWD. Only regular files, procfs and sysfs files make sense here.
 */
int file_read(struct arena *a, int dirfd, const char *path, size_t limit, struct slice *out,
              struct err *e) must_check;

/* Overwrites or creates, no durability: for /proc, /sys, cgroup files and files below /run. */
int file_write(int dirfd, const char *path, const void *data, size_t n, mode_t mode, struct err *e)
        must_check;

/* Creates the file if it is missing, empty, and closes it to all but its owner: for databases, whose
 * library makes the files beside it with the same mode. */
int file_make_private(const char *path, struct err *e) must_check;

enum file_durability {
	FILE_VOLATILE, /* atomic for readers: temporary name, rename */
	FILE_DURABLE,  /* and on disk, with its directory entry, when the call returns */
};

/* Replaces `name` as a whole: readers see the old text or the new one, never a part. */
int file_replace(int dirfd, const char *name, const void *data, size_t n, mode_t mode,
                 enum file_durability how, struct err *e) must_check;

/* The same by path; `name` above has no slash. */
int file_replace_path(const char *path, const void *data, size_t n, mode_t mode,
                      enum file_durability how, struct err *e) must_check;

int file_fsync_dir(int dirfd, struct err *e) must_check;

/* Creates all missing directories. An existing directory is fine and keeps its mode. */
int dir_make(const char *path, mode_t mode, struct err *e) must_check;

/*
 * Removes a file or a whole tree below dirfd, never following a symlink, never crossing a mount
 * point (that is ERR_PRECONDITION: somebody must unmount first). Nothing there is success.
 */
int tree_remove(int dirfd, const char *name, struct err *e) must_check;

bool path_exists(const char *path);

/*
 * As openat(2) with `root` for "/": no symlink and no ".." leads out of it, magic links are refused.
 * A plain -1 with errno, for callers that expect ENOENT.
 */
int open_in_root(int root, const char *path, int flags);

/* Joins with one slash. */
char *path_join(struct arena *a, const char *dir, const char *name);

/* Lexical cleaning as Go's filepath.Clean: no "//", ".", "..", no trailing slash. */
char *path_clean(struct arena *a, const char *path);

/* Calls fn for each name in a directory except "." and ".."; stops when fn returns non-zero. */
int dir_each(int dirfd, const char *path, int (*fn)(void *arg, int dirfd, const char *name),
             void *arg, struct err *e) must_check;

#endif
