/* Base64 (RFC 4648): reads both alphabets, with padding or without; writes either with padding. */
#ifndef BASE_BASE64_H
#define BASE_BASE64_H

#include <stdbool.h>
#include "base/arena.h"
#include "base/str.h"

enum base64_alphabet { BASE64_STANDARD, BASE64_URL };

/* The decoded bytes are NUL-terminated besides. False when malformed. */
bool base64_decode(struct arena *a, const char *text, struct slice *out);
char *base64_encode(struct arena *a, struct slice s, enum base64_alphabet alphabet);

#endif
