/*
 * The networks of a container, as JSON tables. Docker Engine API 1.24 to 1.51, "NetworkingConfig"
 * and "EndpointSettings".
 */
#ifndef API_NETWORK_H
#define API_NETWORK_H

#include "base/json.h"

#define API_ENDPOINT_IPAM(F)                            \
	F(STR, ipv4_address, "IPv4Address", OMIT_EMPTY) \
	F(STR, ipv6_address, "IPv6Address", OMIT_EMPTY) \
	F(STRS, link_local_ips, "LinkLocalIPs", OMIT_EMPTY)
JSON_STRUCT(api_endpoint_ipam, API_ENDPOINT_IPAM)

#define API_ENDPOINT(F)                                          \
	F(OBJ, ipam_config, "IPAMConfig", 0, api_endpoint_ipam)  \
	F(STRS, links, "Links", NULL_WHEN_EMPTY)                 \
	F(STRS, aliases, "Aliases", NULL_WHEN_EMPTY)             \
	F(STR, mac_address, "MacAddress", 0)                     \
	F(MAP, driver_opts, "DriverOpts", NULL_WHEN_EMPTY)       \
	F(I64, gw_priority, "GwPriority", SINCE(48))             \
	F(STR, network_id, "NetworkID", 0)                       \
	F(STR, endpoint_id, "EndpointID", 0)                     \
	F(STR, gateway, "Gateway", 0)                            \
	F(STR, ip_address, "IPAddress", 0)                       \
	F(I64, ip_prefix_len, "IPPrefixLen", 0)                  \
	F(STR, ipv6_gateway, "IPv6Gateway", 0)                   \
	F(STR, global_ipv6_address, "GlobalIPv6Address", 0)      \
	F(I64, global_ipv6_prefix_len, "GlobalIPv6PrefixLen", 0) \
	F(STRS, dns_names, "DNSNames", NULL_WHEN_EMPTY | SINCE(44))
JSON_STRUCT(api_endpoint, API_ENDPOINT)

#define API_NETWORKING_CONFIG(F) F(OBJMAP, endpoints, "EndpointsConfig", OMIT_EMPTY, api_endpoint)
JSON_STRUCT(api_networking_config, API_NETWORKING_CONFIG)

#endif
