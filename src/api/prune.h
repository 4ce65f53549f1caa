/* What POST /containers/prune, /volumes/prune, ... answer. Docker Engine API 1.25 to 1.51. */
#ifndef API_PRUNE_H
#define API_PRUNE_H

#include "api/image.h"

#define API_CONTAINERS_PRUNED(F)                                   \
	F(STRS, containers, "ContainersDeleted", NULL_WHEN_ABSENT) \
	F(U64, reclaimed, "SpaceReclaimed", 0)
JSON_STRUCT(api_containers_pruned, API_CONTAINERS_PRUNED)

#define API_VOLUMES_PRUNED(F)                                \
	F(STRS, volumes, "VolumesDeleted", NULL_WHEN_ABSENT) \
	F(U64, reclaimed, "SpaceReclaimed", 0)
JSON_STRUCT(api_volumes_pruned, API_VOLUMES_PRUNED)

#define API_IMAGES_PRUNED(F)                                                  \
	F(OBJS, images, "ImagesDeleted", NULL_WHEN_ABSENT, api_image_deleted) \
	F(U64, reclaimed, "SpaceReclaimed", 0)
JSON_STRUCT(api_images_pruned, API_IMAGES_PRUNED)

#define API_BUILD_PRUNED(F)                                \
	F(STRS, caches, "CachesDeleted", NULL_WHEN_ABSENT) \
	F(U64, reclaimed, "SpaceReclaimed", 0)
JSON_STRUCT(api_build_pruned, API_BUILD_PRUNED)

#endif
