/* --network NAME, or --network name=NAME,alias=...,ip=...,driver-opt=key=value. */
#ifndef CLI_SPEC_NETWORK_H
#define CLI_SPEC_NETWORK_H

#include "base/json.h"

#define IPAM_CONFIG(F)                          \
	F(STR, ipv4, "IPv4Address", OMIT_EMPTY) \
	F(STR, ipv6, "IPv6Address", OMIT_EMPTY) \
	F(STRS, link_local, "LinkLocalIPs", OMIT_EMPTY)
JSON_STRUCT(ipam_config, IPAM_CONFIG)

#define ENDPOINT_CONFIG(F)                                 \
	F(OBJ, ipam, "IPAMConfig", 0, ipam_config)         \
	F(STRS, links, "Links", NULL_WHEN_EMPTY)           \
	F(STRS, aliases, "Aliases", NULL_WHEN_EMPTY)       \
	F(STR, mac, "MacAddress", 0)                       \
	F(MAP, driver_opts, "DriverOpts", NULL_WHEN_EMPTY) \
	F(I64, priority, "GwPriority", OMIT_EMPTY)
JSON_STRUCT(endpoint_config, ENDPOINT_CONFIG)

struct network_spec {
	const char *name;
	struct endpoint_config endpoint;
};

int network_parse(struct arena *a, const char *text, struct network_spec *out, struct err *e)
        must_check;

struct ipam_config *network_ipam(struct arena *a, struct endpoint_config *endpoint);

#endif
