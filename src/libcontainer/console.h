/*
 * Consoles: a pseudo-terminal of the container's own devpts. The master goes to whoever listens on
 * the console socket (one message, SCM_RIGHTS), the slave becomes stdio and /dev/console.
 */
#ifndef LIBCONTAINER_CONSOLE_H
#define LIBCONTAINER_CONSOLE_H

#include "oci/runtime.h"
#include "base/err.h"

/*
 * In the container's process: makes a terminal from the devpts below `root`, makes it stdio and the
 * controlling terminal (the caller is a session leader), sends the master over `sock`. `bind`: on
 * /dev/console too (the init does, exec does not).
 */
int console_setup(int root, int sock, const struct oci_box *size, bool bind, struct err *e)
        must_check;

#endif
