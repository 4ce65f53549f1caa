/*
 * Health checks: a container's own command, run in it from time to time, says whether the container
 * does its work. Meaning of the fields and words: Docker's HEALTHCHECK instruction and the
 * Health object of "Container Inspect" in the Engine API.
 *
 * One check at a time for a container, the next one an interval after the end of the last. All
 * waiting is timers of the engine's loop; a check is an exec (exec.h) and costs no more than one.
 * What was found is kept below the exec root, so that an engine that is killed and started again goes
 * on where it was, and puts away the check that was running.
 */
#ifndef ENGINE_CONTAINER_HEALTH_H
#define ENGINE_CONTAINER_HEALTH_H

#include "engine/container/container.h"

/* "" for HEALTH_NONE. */
const char *health_status_name(enum health_status s);
bool health_status_known(const char *name); /* and "none" */

/* Refuses what cannot be obeyed, in Docker's words. `h` may be NULL. */
int health_validate(const struct api_healthcheck *h, struct err *e) must_check;

/* For the container's changer. A container without a check is left alone. */
void health_begin(struct container *c);  /* it has started: "starting", no failures yet */
void health_resume(struct container *c); /* it was paused */
void health_adopt(struct container *c); /* a former engine started it; paused: nothing is run yet */
void health_end(
        struct container *c); /* it has ended, or is paused: "unhealthy", as Docker has it */

/* What inspect shows, in the arena; NULL when there is no check or it never ran. */
struct api_health *health_view(struct container *c, struct arena *a);

/* Of the container's object, when that goes. */
void health_free(struct health *h);

#endif
