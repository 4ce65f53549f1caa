/* --network NAME, or --network name=NAME,alias=...,ip=...,driver-opt=key=value. */
#ifndef CLI_SPEC_NETWORK_H
#define CLI_SPEC_NETWORK_H

#include "api/network.h"

struct network_spec {
	const char *name;
	struct api_endpoint endpoint;
};

int network_parse(struct arena *a, const char *text, struct network_spec *out, struct err *e)
        must_check;

struct api_endpoint_ipam *network_ipam(struct arena *a, struct api_endpoint *endpoint);

#endif
