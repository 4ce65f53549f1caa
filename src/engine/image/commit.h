/* `docker commit`: what a container has written becomes a layer, and it and its image a new image. */
#ifndef ENGINE_IMAGE_COMMIT_H
#define ENGINE_IMAGE_COMMIT_H

#include "engine/container/container.h"

struct image_commit {
	const char *repo, *tag, *comment, *author; /* "" when not said */
	struct strs changes;
	bool pause; /* the container meanwhile, if it runs */
};

/* *id lives in the arena. */
int image_commit(struct container *c, const struct image_commit *how, struct arena *a,
                 const char **id, struct err *e) must_check;

#endif
