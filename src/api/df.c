/* The tables of df.h. */
#include "api/df.h"

JSON_TYPE(api_build_cache, API_BUILD_CACHE)
JSON_TYPE(api_df, API_DF)
