/* The tables of volume.h. */
#include "api/volume.h"

JSON_TYPE(api_volume_usage, API_VOLUME_USAGE)
JSON_TYPE(api_volume, API_VOLUME)
JSON_TYPE(api_volume_list, API_VOLUME_LIST)
JSON_TYPE(api_volume_create, API_VOLUME_CREATE)
