/* --gpus all | COUNT | count=..,driver=..,device=..,capabilities=..,options=.. */
#ifndef CLI_SPEC_GPUS_H
#define CLI_SPEC_GPUS_H

#include "base/json.h"

#define DEVICE_REQUEST(F)                          \
	F(STR, driver, "Driver", 0)                \
	F(I64, count, "Count", 0)                  \
	F(STRS, ids, "DeviceIDs", NULL_WHEN_EMPTY) \
	F(RAW, capabilities, "Capabilities", 0)    \
	F(MAP, options, "Options", 0)
JSON_STRUCT(device_request, DEVICE_REQUEST)

int gpus_parse(struct arena *a, const char *text, struct device_request *out, struct err *e)
        must_check;

#endif
