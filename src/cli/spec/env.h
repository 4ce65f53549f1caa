/* Lists of NAME=VALUE: environment and labels, from flags and files. */
#ifndef CLI_SPEC_ENV_H
#define CLI_SPEC_ENV_H

#include "base/json.h"

/* Files first, then single variables. A name alone takes its value from our environment; if it is
 * not there, `-e NAME` stays a name (which removes it) and a line of a file is dropped. */
int env_collect(struct arena *a, const struct strs *files, const struct strs *single,
                struct strs *out, struct err *e) must_check;

/* key=value pairs of files and flags; a key alone has the value "". */
int labels_collect(struct arena *a, const struct strs *files, const struct strs *single,
                   struct json_map *out, struct err *e) must_check;

/* "key=value" strings as a map. */
void pairs_to_map(struct arena *a, const struct strs *pairs, struct json_map *out);

#endif
