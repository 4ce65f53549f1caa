/* Making a container, for `create` and `run`. */
#ifndef CLI_CONTAINER_CREATE_H
#define CLI_CONTAINER_CREATE_H

#include "cli/cli.h"
#include "cli/container/create_body.h"

/*
 * Creates the container that *body describes, pulling the image where --pull says so, and prints
 * the daemon's warnings. *id lives in the cli's arena.
 */
int container_make(struct cli *cli, const struct create_options *o, const struct api_create *body,
                   const char **id, struct err *e) must_check;

#endif
