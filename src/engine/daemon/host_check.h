/* What of HostConfig can be refused before anything is made, in Docker's words. */
#ifndef ENGINE_DAEMON_HOST_CHECK_H
#define ENGINE_DAEMON_HOST_CHECK_H

#include "api/container.h"

/* All but what other files refuse: mount points, capabilities, resources' shapes, ports. */
int host_check(struct arena *a, const struct api_host_config *h, struct err *e) must_check;

/* The part that an update may change: limits, and the restart policy. */
int host_check_limits(const struct api_host_config *h, struct err *e) must_check;
int host_check_restart(const struct api_host_config *h, struct err *e) must_check;

/*
 * What this kernel cannot do is left out, with a line for the client: weights of devices, of which
 * there are *weight_devices.
 */
void host_discard(struct arena *a, size_t *weight_devices, struct strs *warnings);

#endif
