/* Short-lived helpers that look at bytes from outside: where they lie, and what they print. */
#ifndef CONTAINERD_HELPER_H
#define CONTAINERD_HELPER_H

#include "base/arena.h"
#include "base/err.h"

/* libexec/lighter/NAME beside the bin directory that we run from. */
const char *helper_path(struct arena *a, const char *name);

/* An anonymous file that takes a short output, so that nobody has to read while the helper runs. */
int helper_output(struct err *e) must_check;
const char *helper_text(struct arena *a, int fd); /* without the last newline */

#endif
