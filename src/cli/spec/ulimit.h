/* --ulimit name=soft[:hard]. */
#ifndef CLI_SPEC_ULIMIT_H
#define CLI_SPEC_ULIMIT_H

#include "api/container.h"

int ulimit_parse(struct arena *a, const char *text, struct api_ulimit *out, struct err *e)
        must_check;

#endif
