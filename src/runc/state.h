/* The JSON that `state` prints and `list -f json` makes an array of. */
#ifndef RUNC_STATE_H
#define RUNC_STATE_H

#include "libcontainer/container.h"

#define RUNC_STATE(F)                                  \
	F(STR, oci_version, "ociVersion", 0)           \
	F(STR, id, "id", 0)                            \
	F(I64, pid, "pid", 0)                          \
	F(STR, status, "status", 0)                    \
	F(STR, bundle, "bundle", 0)                    \
	F(STR, rootfs, "rootfs", 0)                    \
	F(TIME, created, "created", 0)                 \
	F(MAP, annotations, "annotations", OMIT_EMPTY) \
	F(STR, owner, "owner", 0)
JSON_STRUCT(runc_state, RUNC_STATE)

void runc_state_of(const struct container *c, struct runc_state *out);

#endif
