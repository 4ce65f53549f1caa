/*
 * WWW-Authenticate: how a registry says who may come in (RFC 9110 section 11, and the distribution
 * project's token specification). Bytes from outside.
 */
#ifndef IMAGE_CHALLENGE_H
#define IMAGE_CHALLENGE_H

#include "base/arena.h"

enum challenge_scheme { CHALLENGE_NONE, CHALLENGE_BASIC, CHALLENGE_BEARER };

struct challenge {
	enum challenge_scheme scheme;
	const char *realm, *service, *scope; /* NULL when not said */
	const char *error;                   /* "insufficient_scope", ... */
};

/* One header's value. A scheme that we do not speak, or nonsense, is CHALLENGE_NONE. */
void challenge_parse(struct arena *a, const char *value, struct challenge *out);

#endif
