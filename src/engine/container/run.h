/*
 * Starting and ending: what turns a created container into a running one and back.
 * Functions named container_do_* are for the changer (container_begin).
 */
#ifndef ENGINE_CONTAINER_RUN_H
#define ENGINE_CONTAINER_RUN_H

#include "engine/container/container.h"
#include "engine/ctrd/ctrd.h"

/* `docker start`. ERR_NOT_MODIFIED when it runs. */
int container_start(struct container *c, struct err *e) must_check;
int container_do_start(struct container *c, struct err *e) must_check;

/* Its init has ended, says containerd; or must have, says recovery. Any thread; returns at once. */
void container_exited(struct container *c, const struct ctrd_exit *exit);
void container_do_exited(struct container *c, const struct ctrd_exit *exit);

/* How it has ended if containerd has no task of it and nobody was told; before its streams are closed. */
struct ctrd_exit container_end_untold(struct container *c, int pid);

/* Does its restart policy bring back a container that ended like this? */
bool container_wants_restart(const struct container_record *r, const struct container_state *s);
/* It waited for its restart when the engine before us ended. */
void container_restart_after_boot(struct container *c);

/* `docker kill`: sends a signal; SIGKILL waits for the end. */
int container_kill(struct container *c, int signo, struct err *e) must_check;

/* `docker stop`: signal (0: the container's own), then SIGKILL after `seconds` (-1: never, -2: its own). */
#define STOP_TIMEOUT_OWN (-2)
int container_stop(struct container *c, int signo, int64_t seconds, struct err *e) must_check;
int container_restart(struct container *c, int signo, int64_t seconds, struct err *e) must_check;

int container_pause(struct container *c, bool pause, struct err *e) must_check;

/* `docker update`: what is zero or absent in `u` stays as it was. */
int container_update(struct container *c, const struct api_update *u, struct err *e) must_check;

/* `docker rm`: a running one only by force; `volumes`: its anonymous volumes with it. */
int container_remove(struct container *c, bool force, bool volumes, struct err *e) must_check;
int container_do_remove(struct container *c, bool volumes, struct err *e) must_check;

#endif
