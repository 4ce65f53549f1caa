/*
 * Our own containerd: started as a child, started again when it dies, and taken over when one that
 * an earlier engine started still lives. It does not die with us: containers go on without both.
 */
#ifndef ENGINE_CTRD_CHILD_H
#define ENGINE_CTRD_CHILD_H

#include "engine/engine.h"

/* Starts or adopts; when this returns its socket answers. Before the loop runs, or in its thread. */
struct ctrd_child *ctrd_child_start(struct engine *g, struct err *e) must_check;

/* Where it listens, in the engine's arena. */
const char *ctrd_child_address(struct engine *g);

/* SIGTERM and wait a while: the engine ends. In the loop's thread or after the loop. */
void ctrd_child_stop(struct ctrd_child *c);

#endif
