/* The tables of network.h. */
#include "api/network.h"

JSON_TYPE(api_endpoint_ipam, API_ENDPOINT_IPAM)
JSON_TYPE(api_endpoint, API_ENDPOINT)
JSON_TYPE(api_networking_config, API_NETWORKING_CONFIG)
