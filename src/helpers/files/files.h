/* The parts of the `files` helper. What it does: main.c; how it is told: image/files.h. */
#ifndef FILES_FILES_H
#define FILES_FILES_H

#include "base/arena.h"
#include "base/err.h"
#include "image/files.h"

/* ---- root.c: the container's root as a directory descriptor ---- */

int root_open(const struct files_job *job, struct err *e) must_check;

/* ---- path.c: what a path means, as `docker cp` reads it ---- */

/*
 * "/a/b" is b itself, even if it is a symlink; "/a/b/" and "/a/b/." are the directory that it leads
 * to. `root` stands for "/".
 */
struct place {
	const char *absolute; /* clean */
	const char *name;     /* what entries of a tar begin with: "b", "." or "/" */
	bool follow;          /* the last component too */
};
struct place place_of(struct arena *a, const char *path);

/* O_PATH. ERR_NOT_FOUND when it is not there. */
int place_open(int root, const struct place *p, struct err *e) must_check;

/* Where a path ends when all symlinks are followed inside the root; it need not exist. */
const char *path_resolve(struct arena *a, int root, const char *path);

/* ---- read.c: a tar to standard output ---- */

struct subject {
	int fd;           /* O_PATH of a file of any kind */
	const char *name; /* what its entry is called */
	const char *path; /* where it is in the container, without symlinks */
};
/*
 * `procfs` is a descriptor of /proc/self/fd. What is mounted below the subject is seen as an empty
 * directory, unless it is one of the job's mounts: nobody wants a copy of /proc or /dev.
 */
int read_tree(const struct subject *s, int procfs, const struct files_job *job, struct err *e)
        must_check;
/* An overlayfs's upper directory, as a layer of an image. */
int read_layer(int fd, int procfs, struct err *e) must_check;

/* ---- write.c: a tar from standard input ---- */

/* Into the directory `path`, which is absolute, clean and free of symlinks. */
int write_tree(int root, const char *path, const struct files_job *job, struct err *e) must_check;

#endif
