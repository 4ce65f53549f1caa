/*
 * A logging program of the user's, binary://PATH?ARG=VALUE: it reads a process's stdout and stderr
 * from descriptors 3 and 4, and closes 5 (or writes to it) when it is ready.
 * https://github.com/containerd/containerd/blob/main/core/runtime/v2/README.md#logging
 */
#ifndef SHIM_LOGGER_H
#define SHIM_LOGGER_H

#include "shim/reaper.h"

struct logger;

struct logger_config {
	struct loop *loop;
	struct reaper *reaper;
	const char *uri; /* what follows binary:// */
	const char *id, *ns;
};

/* Starts it. out: the ends to write stdout and stderr to; they are the caller's. */
struct logger *logger_new(const struct logger_config *c, int out[2], struct err *e) must_check;

/* fn is called once: now, or when it is ready or has failed to become so. */
typedef void logger_fn(void *arg, const struct err *e);
void logger_wait(struct logger *l, logger_fn *fn, void *arg);

/* Asks it to end, and sees to it that it does. The object frees itself. */
void logger_close(struct logger *l);

#endif
