/*
 * The filter language of containerd's List and Subscribe calls.
 *
 *     filter    := selector ("," selector)*              all must match
 *     selector  := fieldpath [("==" | "!=" | "~=") value]   without operator: the field is there
 *     fieldpath := field ("." field)*                    field is a word or "quoted"
 *     value     := word | "quoted" | |quoted| | /quoted/    the last two after ~= only
 *
 * Of several filters any may match; no filter matches everything. Regular expressions are POSIX
 * extended ones, which agree with the original's in what clients write.
 */
#ifndef CONTAINERD_FILTER_H
#define CONTAINERD_FILTER_H

#include <stdbool.h>
#include "base/arena.h"
#include "base/err.h"

struct filter;

/* The value of an object's field, or NULL when it has none. */
typedef const char *filter_field(const void *object, const struct strs *path);

/* ERR_INVALID when malformed. *out is NULL when everything matches. */
int filter_parse(size_t n, const char *const *texts, struct filter **out, struct err *e) must_check;
void filter_free(struct filter *f);
bool filter_match(const struct filter *f, filter_field *get, const void *object);

#define _cleanup_filter_ cleanup_with(filter_cleanup)
void filter_cleanup(struct filter **f);

#endif
