/* The seccomp profile that a container gets when it asks for no other. */
#ifndef ENGINE_SPEC_SECCOMP_DEFAULT_H
#define ENGINE_SPEC_SECCOMP_DEFAULT_H

#include "base/arena.h"
#include "oci/runtime.h"

/*
 * Docker's default policy for this machine's architecture: what is not listed fails with EPERM;
 * some calls are allowed only to a container that has been given the capability they need anyway
 * ("CAP_SYS_ADMIN", ... in `caps`). Lives in the arena; the names are borrowed constants.
 */
struct oci_seccomp *seccomp_default(struct arena *a, const struct strs *caps);

#endif
