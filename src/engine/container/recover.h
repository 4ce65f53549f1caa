/*
 * Starting is recovering: what the store says and what containerd says become one truth, and what
 * belongs to neither is removed. Also what follows containerd's events while the engine runs.
 */
#ifndef ENGINE_CONTAINER_RECOVER_H
#define ENGINE_CONTAINER_RECOVER_H

#include "engine/engine.h"

struct grpc_stream;

/* Before the API answers, after the subscription: no event is missed. */
int recover_containers(struct engine *g, struct err *e) must_check;

/* Takes the subscription and handles its events, in a thread of its own; subscribes again when it breaks. */
void watch_start(struct engine *g, struct grpc_stream *events);

/*
 * Containers that run by our books but not by containerd's are handled as ended. `patient`: those
 * that containerd knows nothing of as well, which takes some seconds. Any thread.
 */
void recover_missed_exits(struct engine *g, bool patient);

#endif
