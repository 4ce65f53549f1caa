/*
 * What an install says of layers (image/install.h), as lines of a progress stream: each layer under
 * the first digits of its digest, its downloads at most ten times a second.
 */
#ifndef ENGINE_IMAGE_LAYER_PROGRESS_H
#define ENGINE_IMAGE_LAYER_PROGRESS_H

#include "engine/image/progress.h"
#include "image/install.h"

#define IMAGE_PROGRESS_WATCHED 64 /* layers whose last report is remembered */
#define IMAGE_SHORT_ID         12

struct image_progress {
	struct progress *out;
	const char *const *states; /* LAYER_... -> what clients know; NULL is not reported */
	/* When a layer's download was last reported: by digest, any collision costs a report. */
	_Atomic int64_t reported[IMAGE_PROGRESS_WATCHED];
};

extern const char *const image_pull_states[], *const image_load_states[];

/* `p` is `user` of the result. */
struct install_progress image_progress_begin(struct image_progress *p, struct progress *out,
                                             const char *const *states);

/* One layer's line; `counted`: with a bar. */
void image_progress_tell(struct image_progress *p, const char *digest, const char *status,
                         bool counted, int64_t current, int64_t total);

/* The client has gone. `user` is the image_progress. */
bool image_progress_canceled(void *user);

#endif
