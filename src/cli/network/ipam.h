/* From --subnet, --ip-range, --gateway and --aux-address to the pools of a new network. */
#ifndef CLI_NETWORK_IPAM_H
#define CLI_NETWORK_IPAM_H

#include "api/network.h"

struct ipam_words {
	struct strs subnets, ranges, gateways;
	struct json_map aux; /* name to address */
};
struct ipam_pools {
	size_t n;
	struct api_ipam_pool *v;
};

/* A pool for each subnet; each range, gateway and address goes to the subnet that holds it. */
int ipam_pools_make(struct arena *a, const struct ipam_words *words, struct ipam_pools *out,
                    struct err *e) must_check;

#endif
