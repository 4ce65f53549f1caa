/*
 * Paths of `docker cp`: what a slash or "/." at the end means, and where an archive goes.
 *
 * "a/" asserts a folder, "a/." means what is in it; both survive cleaning. The rules are those that
 * docs.docker.com describes for `docker container cp`, the messages the original's.
 */
#ifndef CLI_CONTAINER_CP_PATHS_H
#define CLI_CONTAINER_CP_PATHS_H

#include <stdbool.h>
#include "base/arena.h"
#include "base/err.h"

/* Something to be copied, or the place that it is copied to. */
struct cp_info {
	const char *path;
	bool exists, is_dir;
	const char *rebase; /* name in the archive where that is not the path's own; or NULL */
};

/* Where an archive is unpacked, and what its first name becomes. */
struct cp_plan {
	const char *dir;
	const char *from,
	        *to; /* names that begin with `from` begin with `to` instead; NULL: as is */
};

/* "CONTAINER:PATH" in two; *container is NULL for a path of our own. */
void cp_split_arg(struct arena *a, const char *arg, const char **container, const char **path);

const char *cp_base(struct arena *a, const char *path);
/* Folder and entry; of "a/." the folder is "a", the entry ".". */
void cp_split(struct arena *a, const char *path, const char **dir, const char **base);

/* Absolute, with the slash or dot at its end. */
int cp_local_path(struct arena *a, const char *path, const char **out, struct err *e) must_check;

/* A link followed on behalf of the user: the path as far as it was meant, and the name to keep. */
const char *cp_rebase(struct arena *a, const char *path, const char *resolved, const char **rebase);

/* Can a file be written there? The folder exists, and what is there is a file or a folder. */
int cp_check_output(struct arena *a, const char *path, struct err *e) must_check;

/* Our own side of a copy: what is to be read, and where is to be written. */
int cp_source_info(struct arena *a, const char *path, bool follow, struct cp_info *out,
                   struct err *e) must_check;
int cp_target_info(struct arena *a, const char *path, struct cp_info *out, struct err *e)
        must_check;

int cp_plan(struct arena *a, const struct cp_info *from, const struct cp_info *to,
            struct cp_plan *out, struct err *e) must_check;

/* A name of the archive by the plan. */
const char *cp_rename(struct arena *a, const struct cp_plan *plan, const char *name);

#endif
