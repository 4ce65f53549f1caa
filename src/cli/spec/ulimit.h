/* --ulimit name=soft[:hard]. */
#ifndef CLI_SPEC_ULIMIT_H
#define CLI_SPEC_ULIMIT_H

#include "base/json.h"

#define ULIMIT(F)               \
	F(STR, name, "Name", 0) \
	F(I64, hard, "Hard", 0) \
	F(I64, soft, "Soft", 0)
JSON_STRUCT(ulimit, ULIMIT)

int ulimit_parse(struct arena *a, const char *text, struct ulimit *out, struct err *e) must_check;

#endif
