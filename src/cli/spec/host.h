/* --add-host host:ip, host=ip, host:host-gateway. */
#ifndef CLI_SPEC_HOST_H
#define CLI_SPEC_HOST_H

#include "base/arena.h"
#include "base/err.h"

/* In the form that the daemon takes: "host:ip", without brackets around an IPv6 address. */
int host_parse(struct arena *a, const char *text, const char **out, struct err *e) must_check;

#endif
