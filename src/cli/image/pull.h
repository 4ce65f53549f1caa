/* Pulling, for `pull` itself and for `run` and `create` of a missing image. */
#ifndef CLI_IMAGE_PULL_H
#define CLI_IMAGE_PULL_H

#include <stdio.h>
#include "cli/cli.h"
#include "oci/reference.h"

/* `tag` "" means all tags. Progress goes to `out`, or nowhere when it is NULL. */
int image_fetch(struct cli *cli, const struct reference *ref, const char *tag, const char *platform,
                FILE *out, struct err *e) must_check;

#endif
