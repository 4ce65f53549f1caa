/*
 * Shim programs: how one is found, started and, when it died, cleaned up after. The contract is
 * containerd's "runtime v2": https://github.com/containerd/containerd/blob/main/core/runtime/v2/README.md
 */
#ifndef CONTAINERD_SHIM_H
#define CONTAINERD_SHIM_H

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"
#include "containerd/daemon.h"
#include "proto/shim.pb-c.h"

struct shim_command {
	struct daemon *d;
	const char *ns, *id;
	const char *bundle;
	const char *binary; /* absolute */
};

/* "io.containerd.runc.v2" -> the path of containerd-shim-runc-v2; an absolute path is itself. */
const char *shim_binary(struct arena *a, const char *runtime, struct err *e) must_check;

/* Runs the program's `start`; the address of its socket. `options` is a packed Any, or empty. */
const char *shim_start(const struct shim_command *c, struct arena *a, struct slice options,
                       struct err *e) must_check;

/* Where the shim of a container that is in no group listens, as the contract has it. */
const char *shim_default_address(const struct shim_command *c, struct arena *a);

/* Removes the socket, which a shim that was killed leaves, if nobody listens there. */
void shim_remove_socket(const struct shim_command *c);

/* Runs its `delete`, which ends the container and says how it ended. */
Shim__DeleteResponse *shim_delete(const struct shim_command *c, struct arena *a, struct err *e)
        must_check;

#endif
