/* The JSON tables of libnetwork.h. */
#include "libnetwork/libnetwork.h"

JSON_TYPE(net_port, NET_PORT)
JSON_TYPE(net_ipam_pool, NET_IPAM_POOL)
JSON_TYPE(net_ipam, NET_IPAM)
JSON_TYPE(network_info, NETWORK_INFO)
JSON_TYPE(endpoint_info, ENDPOINT_INFO)
JSON_TYPE(net_server, NET_SERVER)
JSON_TYPE(sandbox_info, SANDBOX_INFO)
