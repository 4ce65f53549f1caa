/* SIGHUP: the configuration is read again, as a whole or not at all. */
#ifndef ENGINE_DAEMON_RELOAD_H
#define ENGINE_DAEMON_RELOAD_H

#include "engine/engine.h"

/* In the loop's thread. What is wrong is logged and changes nothing. */
void engine_reload(struct engine *g);

#endif
