/* A tar stream of a daemon's into a folder of ours, for `docker cp` out of a container. */
#ifndef CLI_CONTAINER_CP_UNPACK_H
#define CLI_CONTAINER_CP_UNPACK_H

#include "cli/container/cp_paths.h"
#include "cli/client/tar.h"

/*
 * Unpacks all entries, renamed by each of the plans in turn, below plan->dir: the container may have
 * made them, so nothing leaves that folder and no link in it is followed. Owners are ours.
 */
int cp_unpack(struct tar_source *from, const struct cp_plan *rebase, const struct cp_plan *plan,
              struct err *e) must_check;

#endif
