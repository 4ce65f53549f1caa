/* --device, and the limits of block devices. */
#ifndef CLI_SPEC_DEVICE_H
#define CLI_SPEC_DEVICE_H

#include "base/json.h"

#define DEVICE_MAPPING(F)                       \
	F(STR, host, "PathOnHost", 0)           \
	F(STR, container, "PathInContainer", 0) \
	F(STR, permissions, "CgroupPermissions", 0)
JSON_STRUCT(device_mapping, DEVICE_MAPPING)

#define WEIGHT_DEVICE(F)        \
	F(STR, path, "Path", 0) \
	F(U64, weight, "Weight", 0)
JSON_STRUCT(weight_device, WEIGHT_DEVICE)

#define THROTTLE_DEVICE(F)      \
	F(STR, path, "Path", 0) \
	F(U64, rate, "Rate", 0)
JSON_STRUCT(throttle_device, THROTTLE_DEVICE)

/* /dev/a[:/dev/b][:rwm] */
int device_parse(struct arena *a, const char *text, struct device_mapping *out, struct err *e)
        must_check;
/* /dev/sda:500 */
int weight_parse(struct arena *a, const char *text, struct weight_device *out, struct err *e)
        must_check;
/* /dev/sda:10mb, or operations per second as a plain number. */
int throttle_parse(struct arena *a, const char *text, bool bytes, struct throttle_device *out,
                   struct err *e) must_check;

#endif
