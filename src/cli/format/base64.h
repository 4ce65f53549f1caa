/* Base64 (RFC 4648): reading the standard alphabet, writing the URL one with padding. */
#ifndef CLI_FORMAT_BASE64_H
#define CLI_FORMAT_BASE64_H

#include <stdbool.h>
#include "base/arena.h"
#include "base/str.h"

/* The decoded text is NUL-terminated besides. False when malformed. */
bool base64_decode(struct arena *a, const char *text, struct slice *out);
char *base64url_encode(struct arena *a, struct slice data);

#endif
