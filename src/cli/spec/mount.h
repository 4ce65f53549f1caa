/* --mount type=bind,source=/a,target=/b,readonly: https://docs.docker.com/engine/storage/ */
#ifndef CLI_SPEC_MOUNT_H
#define CLI_SPEC_MOUNT_H

#include "api/container.h"

int mount_parse(struct arena *a, const char *text, struct api_mount *out, struct err *e) must_check;

#endif
