/* Times as --since and --until take them. */
#ifndef CLI_FORMAT_TIMESTAMP_H
#define CLI_FORMAT_TIMESTAMP_H

#include "base/arena.h"
#include "base/err.h"

/*
 * "42m" before now, "2013-01-02T13:23:37Z" with parts and zone left out at will (local time
 * then), or Unix seconds "1357133017.5": as seconds with nine digits, which the daemon reads.
 */
int timestamp_parse(struct arena *a, const char *text, const char **out, struct err *e) must_check;

#endif
