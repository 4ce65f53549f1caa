/* --gpus all | COUNT | count=..,driver=..,device=..,capabilities=..,options=.. */
#ifndef CLI_SPEC_GPUS_H
#define CLI_SPEC_GPUS_H

#include "api/container.h"

int gpus_parse(struct arena *a, const char *text, struct api_device_request *out, struct err *e)
        must_check;

#endif
