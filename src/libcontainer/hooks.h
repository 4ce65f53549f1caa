/* Hooks: programs of the configuration, run one after the other with the state on stdin. */
#ifndef LIBCONTAINER_HOOKS_H
#define LIBCONTAINER_HOOKS_H

#include "oci/runtime.h"

/*
 * Runs `n` hooks of one kind ("prestart", for messages) until one fails: exit code, signal, or its
 * timeout. What a failed hook wrote is in the error. They inherit the caller's namespaces and cwd.
 */
int hooks_run(const char *kind, size_t n, const struct oci_hook *hooks,
              const struct oci_state *state, struct err *e) must_check;

/* Absolute paths, positive timeouts. */
int hooks_check(const struct oci_hooks *hooks, struct err *e) must_check;

#endif
