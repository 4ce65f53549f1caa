/* A file or folder of ours as a tar stream, for `docker cp` into a container. */
#ifndef CLI_CONTAINER_CP_PACK_H
#define CLI_CONTAINER_CP_PACK_H

#include "cli/client/tar.h"

/*
 * Writes `path` as entry `name` with all below it, and the end of the archive. Links stay links;
 * sockets are left out.
 */
int cp_pack(const struct tar_sink *to, const char *path, const char *name, struct err *e)
        must_check;

#endif
