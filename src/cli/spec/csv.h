/* One record of comma-separated values (RFC 4180), as --mount and --gpus take it. */
#ifndef CLI_SPEC_CSV_H
#define CLI_SPEC_CSV_H

#include "base/arena.h"
#include "base/err.h"

int csv_split(struct arena *a, const char *text, struct strs *out, struct err *e) must_check;

/* "key=value" in two; *value is NULL without "=". The key is lower-cased. */
void csv_pair(struct arena *a, const char *field, const char **key, const char **value);

#endif
