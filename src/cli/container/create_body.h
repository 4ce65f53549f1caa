/*
 * The body of POST /containers/create (api/container.h), made of what the user said.
 * https://docs.docker.com/reference/api/engine/version/v1.50/#tag/Container/operation/ContainerCreate
 */
#ifndef CLI_CONTAINER_CREATE_BODY_H
#define CLI_CONTAINER_CREATE_BODY_H

#include "api/container.h"
#include "cli/container/create_options.h"

/*
 * Options, image and command as the body; what the attach flags ask for is in it, and the proxies of
 * the configuration where the environment does not name its own.
 */
int create_body_make(struct cli *cli, const struct call *call, struct api_create *out,
                     struct err *e) must_check;

#endif
