/*
 * The jail of a helper that reads bytes from outside: it cannot run programs, mount, enter namespaces
 * or load code into the kernel, and keeps only the capabilities that it names.
 */
#ifndef HELPERS_SANDBOX_H
#define HELPERS_SANDBOX_H

#include <stdbool.h>
#include <stdint.h>
#include "base/err.h"

struct sandbox {
	int root;      /* a directory that becomes "/", or -1: the file system stays as it is */
	uint64_t keep; /* capabilities: 1ULL << CAP_... */
	bool network;  /* may make sockets */
};

/* Before any thread is started. */
int sandbox_enter(const struct sandbox *s, struct err *e) must_check;

#endif
