/*
 * Networks, and a container's place on them, as JSON tables. Docker Engine API 1.24 to 1.51,
 * "Network", "NetworkingConfig" and "EndpointSettings".
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
	F(STRS, links, "Links", NULL_WHEN_ABSENT)                \
	F(STRS, aliases, "Aliases", NULL_WHEN_ABSENT)            \
	F(STR, mac_address, "MacAddress", 0)                     \
	F(MAP, driver_opts, "DriverOpts", NULL_WHEN_ABSENT)      \
	F(I64, gw_priority, "GwPriority", SINCE(48))             \
	F(STR, network_id, "NetworkID", 0)                       \
	F(STR, endpoint_id, "EndpointID", 0)                     \
	F(STR, gateway, "Gateway", 0)                            \
	F(STR, ip_address, "IPAddress", 0)                       \
	F(I64, ip_prefix_len, "IPPrefixLen", 0)                  \
	F(STR, ipv6_gateway, "IPv6Gateway", 0)                   \
	F(STR, global_ipv6_address, "GlobalIPv6Address", 0)      \
	F(I64, global_ipv6_prefix_len, "GlobalIPv6PrefixLen", 0) \
	F(STRS, dns_names, "DNSNames", NULL_WHEN_ABSENT | SINCE(44))
JSON_STRUCT(api_endpoint, API_ENDPOINT)

#define API_NETWORKING_CONFIG(F) F(OBJMAP, endpoints, "EndpointsConfig", OMIT_EMPTY, api_endpoint)
JSON_STRUCT(api_networking_config, API_NETWORKING_CONFIG)

/* ---- GET /networks, GET /networks/{id} ---- */

#define API_IPAM_POOL(F)                        \
	F(STR, subnet, "Subnet", OMIT_EMPTY)    \
	F(STR, ip_range, "IPRange", OMIT_EMPTY) \
	F(STR, gateway, "Gateway", OMIT_EMPTY)  \
	F(MAP, aux_addresses, "AuxiliaryAddresses", OMIT_EMPTY)
JSON_STRUCT(api_ipam_pool, API_IPAM_POOL)

#define API_IPAM(F)                                  \
	F(STR, driver, "Driver", 0)                  \
	F(MAP, options, "Options", NULL_WHEN_ABSENT) \
	F(OBJS, config, "Config", 0, api_ipam_pool)
JSON_STRUCT(api_ipam, API_IPAM)

#define API_NETWORK_MEMBER(F)                  \
	F(STR, name, "Name", 0)                \
	F(STR, endpoint_id, "EndpointID", 0)   \
	F(STR, mac_address, "MacAddress", 0)   \
	F(STR, ipv4_address, "IPv4Address", 0) \
	F(STR, ipv6_address, "IPv6Address", 0)
JSON_STRUCT(api_network_member, API_NETWORK_MEMBER)

#define API_CONFIG_FROM(F) F(STR, network, "Network", 0)
JSON_STRUCT(api_config_from, API_CONFIG_FROM)

#define API_NETWORK(F)                                             \
	F(STR, name, "Name", 0)                                    \
	F(STR, id, "Id", 0)                                        \
	F(TIME, created, "Created", 0)                             \
	F(STR, scope, "Scope", 0)                                  \
	F(STR, driver, "Driver", 0)                                \
	F(BOOL, enable_ipv4, "EnableIPv4", SINCE(48))              \
	F(BOOL, enable_ipv6, "EnableIPv6", 0)                      \
	F(OBJ, ipam, "IPAM", 0, api_ipam)                          \
	F(BOOL, internal, "Internal", 0)                           \
	F(BOOL, attachable, "Attachable", 0)                       \
	F(BOOL, ingress, "Ingress", 0)                             \
	F(OBJ, config_from, "ConfigFrom", 0, api_config_from)      \
	F(BOOL, config_only, "ConfigOnly", 0)                      \
	F(OBJMAP, containers, "Containers", 0, api_network_member) \
	F(MAP, options, "Options", 0)                              \
	F(MAP, labels, "Labels", 0)
JSON_STRUCT(api_network, API_NETWORK)

/* ---- POST /networks/create ---- */

#define API_NETWORK_CREATE(F)                                          \
	F(STR, name, "Name", 0)                                        \
	F(BOOL, check_duplicate, "CheckDuplicate", UNTIL(44))          \
	F(STR, driver, "Driver", OMIT_EMPTY)                           \
	F(STR, scope, "Scope", OMIT_EMPTY)                             \
	F(OPT_BOOL, enable_ipv4, "EnableIPv4", OMIT_EMPTY | SINCE(47)) \
	F(BOOL, enable_ipv6, "EnableIPv6", 0)                          \
	F(OBJ, ipam, "IPAM", OMIT_EMPTY, api_ipam)                     \
	F(BOOL, internal, "Internal", 0)                               \
	F(BOOL, attachable, "Attachable", 0)                           \
	F(BOOL, ingress, "Ingress", 0)                                 \
	F(BOOL, config_only, "ConfigOnly", 0)                          \
	F(OBJ, config_from, "ConfigFrom", OMIT_EMPTY, api_config_from) \
	F(MAP, options, "Options", OMIT_EMPTY)                         \
	F(MAP, labels, "Labels", OMIT_EMPTY)
JSON_STRUCT(api_network_create, API_NETWORK_CREATE)

#define API_NETWORK_CREATED(F) \
	F(STR, id, "Id", 0)    \
	F(STR, warning, "Warning", 0)
JSON_STRUCT(api_network_created, API_NETWORK_CREATED)

/* ---- POST /networks/{id}/connect, /networks/{id}/disconnect, /networks/prune ---- */

#define API_NETWORK_CONNECT(F)            \
	F(STR, container, "Container", 0) \
	F(OBJ, endpoint, "EndpointConfig", OMIT_EMPTY, api_endpoint)
JSON_STRUCT(api_network_connect, API_NETWORK_CONNECT)

#define API_NETWORK_DISCONNECT(F)         \
	F(STR, container, "Container", 0) \
	F(BOOL, force, "Force", 0)
JSON_STRUCT(api_network_disconnect, API_NETWORK_DISCONNECT)

#define API_NETWORKS_PRUNED(F) F(STRS, deleted, "NetworksDeleted", NULL_WHEN_ABSENT)
JSON_STRUCT(api_networks_pruned, API_NETWORKS_PRUNED)

#endif
