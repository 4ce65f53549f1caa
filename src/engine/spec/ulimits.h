/* Ulimits of containers: --ulimit, and the daemon's --default-ulimit. */
#ifndef ENGINE_SPEC_ULIMITS_H
#define ENGINE_SPEC_ULIMITS_H

#include "api/container.h"

struct ulimits {
	size_t n;
	struct api_ulimit *v;
};

/* A known name, and a soft limit that is not above the hard one (-1: unlimited). */
int ulimit_check(const struct api_ulimit *u, struct err *e) must_check;

#endif
