/* --device, and the limits of block devices. */
#ifndef CLI_SPEC_DEVICE_H
#define CLI_SPEC_DEVICE_H

#include "api/container.h"

/* /dev/a[:/dev/b][:rwm] */
int device_parse(struct arena *a, const char *text, struct api_device_mapping *out, struct err *e)
        must_check;
/* /dev/sda:500 */
int weight_parse(struct arena *a, const char *text, struct api_weight_device *out, struct err *e)
        must_check;
/* /dev/sda:10mb, or operations per second as a plain number. */
int throttle_parse(struct arena *a, const char *text, bool bytes, struct api_throttle_device *out,
                   struct err *e) must_check;

#endif
