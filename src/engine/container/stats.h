/*
 * What containers use: GET /containers/ID/stats. While somebody looks, all containers that are
 * looked at are read once an interval, in one go, in a thread that lives as long as that takes; the
 * clients are the loop's. Nobody looks: nothing happens.
 */
#ifndef ENGINE_CONTAINER_STATS_H
#define ENGINE_CONTAINER_STATS_H

#include "api/stats.h"
#include "engine/container/container.h"

struct stats;

struct stats *stats_new(struct engine *g);

/*
 * Gives a detached connection (http_reply_detach) to the stream: a document an interval until the
 * client or the container is gone, or, with `once`, one that says what the interval before it was.
 */
void stats_follow(struct stats *s, struct container *c, int fd, bool once);

/* ---- stats_read.c ---- */

/* Where the numbers of one container are; empty at first, kept from one reading to the next. */
struct stats_source {
	struct arena arena;
	int pid; /* of the init that it was looked up for */
	struct cgroup *cgroup;
};
void stats_source_free(struct stats_source *src);

/*
 * One reading, all of it in the arena, from any thread: name and id alone when the container does not
 * run. `precpu` is left to the caller.
 */
void stats_read(struct container *c, struct stats_source *src, struct arena *a,
                struct api_stats *out);
/* Takes the values of an earlier reading for the time before. */
void stats_set_previous(struct api_stats *s, const struct api_stats *before);

#endif
