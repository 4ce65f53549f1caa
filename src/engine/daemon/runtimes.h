/* Which program runs a container: --add-runtime, --default-runtime, HostConfig.Runtime. */
#ifndef ENGINE_DAEMON_RUNTIMES_H
#define ENGINE_DAEMON_RUNTIMES_H

#include "engine/engine.h"

/* Writes a script for each runtime that has arguments: containerd takes a program's name only. */
int runtimes_prepare(struct engine *g, const struct live_options *o, struct err *e) must_check;

/* The program of a runtime, in the arena. ERR_INVALID when there is no runtime of that name. */
const char *runtime_program(struct engine *g, struct arena *a, const char *name, struct err *e)
        must_check;

#endif
