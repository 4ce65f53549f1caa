/*
 * Archives that clients send (load, import) on their way through a file: DATA/tmp, without a name, so
 * that it goes with its descriptor, whatever happens to us.
 */
#ifndef ENGINE_IMAGE_SPOOL_H
#define ENGINE_IMAGE_SPOOL_H

#include "engine/routes/api.h"

/*
 * The request's body, decompressed (by the `unpack` helper) if it is gzip or zstd: a descriptor at
 * the file's start, owned by the caller.
 */
int image_spool(struct api_call *c, struct err *e) must_check;

#endif
