/* The tables of image.h. */
#include "api/image.h"

JSON_TYPE(api_image_summary, API_IMAGE_SUMMARY)
JSON_TYPE(api_image_deleted, API_IMAGE_DELETED)
