/* The tables of prune.h. */
#include "api/prune.h"

JSON_TYPE(api_containers_pruned, API_CONTAINERS_PRUNED)
JSON_TYPE(api_volumes_pruned, API_VOLUMES_PRUNED)
JSON_TYPE(api_images_pruned, API_IMAGES_PRUNED)
JSON_TYPE(api_build_pruned, API_BUILD_PRUNED)
