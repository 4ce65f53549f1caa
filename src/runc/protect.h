/*
 * Keeping a container's hands off the runc binary (CVE-2019-5736).
 *
 * A process that enters a container still shows the runtime's file as /proc/PID/exe, and whoever can
 * open that there could overwrite the host's runc. So the commands that enter containers run from a
 * file that nobody can write: a private read-only mount of the binary, else a sealed copy in memory.
 */
#ifndef RUNC_PROTECT_H
#define RUNC_PROTECT_H

#include "base/err.h"

/* Executes itself again from such a file unless it already runs from one. Returns when it does. */
int protect_self(char **argv, struct err *e) must_check;

#endif
