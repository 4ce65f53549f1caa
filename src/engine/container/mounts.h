/*
 * The mounts of a container: from what its client asked for to the record's list, which inspect
 * shows, and from there to what the specification is built of.
 */
#ifndef ENGINE_CONTAINER_MOUNTS_H
#define ENGINE_CONTAINER_MOUNTS_H

#include "engine/container/container.h"
#include "engine/spec/spec.h"

/*
 * Fills r->mounts: what --volumes-from brings, over that what -v and --mount say, then the image's
 * volumes where nothing else is. Volumes have no source yet, and anonymous ones no name.
 */
int mounts_resolve(struct engine *g, struct arena *a, struct container_record *r, struct err *e)
        must_check;

struct mount_points mounts_points(struct arena *a, const struct container_record *r);

/* What inspect and ps show. */
struct mount_rows {
	size_t n;
	struct api_mount_point *v;
};
struct mount_rows mounts_rows(struct arena *a, const struct container_record *r);

#endif
