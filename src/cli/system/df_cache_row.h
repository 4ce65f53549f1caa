/* Entries of the build cache as rows, for `system df -v`. */
#ifndef CLI_SYSTEM_DF_CACHE_ROW_H
#define CLI_SYSTEM_DF_CACHE_ROW_H

#include "api/df.h"
#include "cli/format/list.h"

extern const struct row_type df_cache_row_type;

const void *const *df_cache_rows(struct arena *a, const struct api_build_cache *v, size_t n,
                                 bool trunc);

#endif
