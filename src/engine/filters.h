/*
 * The `filters` query parameter: {"name":["a","b"]}, or {"name":{"a":true}} as older and Go clients
 * send it. Values of one name are alternatives; different names must all hold.
 */
#ifndef ENGINE_FILTERS_H
#define ENGINE_FILTERS_H

#include <stdbool.h>
#include "base/json.h"

struct filters {
	struct json_strsmap names;
};

/*
 * Decodes; `allowed` is a NULL-terminated list of names that make sense here, others are
 * ERR_INVALID ("invalid filter 'x'"). NULL or "" is no filter.
 */
int filters_parse(struct arena *a, const char *text, const char *const *allowed,
                  struct filters *out, struct err *e) must_check;

/* The values given for a name; none is {0}. */
struct strs filters_get(const struct filters *f, const char *name);
bool filters_has(const struct filters *f, const char *name);

/* True when the name was not given, or when one of its values ... */
bool filters_equal(const struct filters *f, const char *name, const char *value);
/* ... is `value` or a prefix of it */
bool filters_prefix(const struct filters *f, const char *name, const char *value);
/* ... is a regular expression (or else a part) of `value` */
bool filters_match(const struct filters *f, const char *name, const char *value);
/* ... is "key" or "key=value" of the labels. All of them must hold here. */
bool filters_labels(const struct filters *f, const char *name, const struct json_map *labels);

/* A value that reads as a boolean: 1, 0, or `absent`; other text is ERR_INVALID. */
int filters_bool(const struct filters *f, const char *name, int absent, struct err *e) must_check;

/*
 * "until" of a prune: what was made before this moment goes. "24h", seconds since 1970 or RFC 3339;
 * INT64_MAX when it was not given.
 */
int filters_until(const struct filters *f, int64_t *ns, struct err *e) must_check;

#endif
