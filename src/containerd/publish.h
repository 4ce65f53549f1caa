/* `containerd publish`: an event from a shim that has no connection of its own. */
#ifndef CONTAINERD_PUBLISH_H
#define CONTAINERD_PUBLISH_H

#include "base/err.h"

/* Reads a packed Any from fd and publishes it through the daemon at `address`. */
int publish_event(const char *address, const char *ns, const char *topic, int fd, struct err *e)
        must_check;

#endif
