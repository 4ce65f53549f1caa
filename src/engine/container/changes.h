/*
 * What a container changed in its image's files, for GET /containers/{id}/changes: read from the
 * overlay's upper directory, which holds just that.
 */
#ifndef ENGINE_CONTAINER_CHANGES_H
#define ENGINE_CONTAINER_CHANGES_H

#include "api/archive.h"
#include "engine/ctrd/ctrd.h"

struct change_list {
	size_t n;
	struct api_change *v;
};

/* By path. What the runtime made to mount on is left out. */
int changes_read(const struct ctrd_mounts *rootfs, struct arena *a, struct change_list *out,
                 struct err *e) must_check;

#endif
