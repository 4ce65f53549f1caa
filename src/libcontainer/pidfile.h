/* Telling others the pid of a new process: --pid-file and --pidfd-socket. */
#ifndef LIBCONTAINER_PIDFILE_H
#define LIBCONTAINER_PIDFILE_H

#include <sys/types.h>
#include "base/err.h"

/* Either path may be NULL. The file appears as a whole. */
int pidfile_write(const char *path, pid_t pid, const char *socket, int pidfd, struct err *e)
        must_check;

#endif
