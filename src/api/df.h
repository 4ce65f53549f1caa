/* What GET /system/df answers. Docker Engine API 1.25 to 1.51. */
#ifndef API_DF_H
#define API_DF_H

#include "api/image.h"
#include "api/inspect.h"
#include "api/volume.h"

/* Cached results of builds. */
#define API_BUILD_CACHE(F)                                  \
	F(STR, id, "ID", 0)                                 \
	F(STRS, parents, "Parents", OMIT_EMPTY | SINCE(42)) \
	F(STR, type, "Type", 0)                             \
	F(STR, description, "Description", 0)               \
	F(BOOL, in_use, "InUse", 0)                         \
	F(BOOL, shared, "Shared", 0)                        \
	F(I64, size, "Size", 0)                             \
	F(TIME, created_at, "CreatedAt", 0)                 \
	F(TIME, last_used_at, "LastUsedAt", 0)              \
	F(I64, usage_count, "UsageCount", 0)
JSON_STRUCT(api_build_cache, API_BUILD_CACHE)

#define API_DF(F)                                         \
	F(I64, layers_size, "LayersSize", 0)              \
	F(OBJS, images, "Images", 0, api_image_summary)   \
	F(OBJS, containers, "Containers", 0, api_summary) \
	F(OBJS, volumes, "Volumes", 0, api_volume)        \
	F(OBJS, build_cache, "BuildCache", 0, api_build_cache)
JSON_STRUCT(api_df, API_DF)

#endif
