/* The tables of network.h. */
#include "api/network.h"

JSON_TYPE(api_endpoint_ipam, API_ENDPOINT_IPAM)
JSON_TYPE(api_endpoint, API_ENDPOINT)
JSON_TYPE(api_networking_config, API_NETWORKING_CONFIG)
JSON_TYPE(api_ipam_pool, API_IPAM_POOL)
JSON_TYPE(api_ipam, API_IPAM)
JSON_TYPE(api_network_member, API_NETWORK_MEMBER)
JSON_TYPE(api_config_from, API_CONFIG_FROM)
JSON_TYPE(api_network, API_NETWORK)
JSON_TYPE(api_network_create, API_NETWORK_CREATE)
JSON_TYPE(api_network_created, API_NETWORK_CREATED)
JSON_TYPE(api_network_connect, API_NETWORK_CONNECT)
JSON_TYPE(api_network_disconnect, API_NETWORK_DISCONNECT)
JSON_TYPE(api_networks_pruned, API_NETWORKS_PRUNED)
