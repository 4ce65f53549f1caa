/* The table of IPAM drivers. See ipam.h. */
#include "libnetwork/ipam/ipam.h"

static const struct ipam_driver *const drivers[] = { &ipam_default, &ipam_null };

const struct ipam_driver *ipam_driver_find(const char *name, struct err *e)
{
	for (size_t i = 0; i < ARRAY_LEN(drivers); i++)
		if (str_eq(drivers[i]->name, name))
			return drivers[i];
	err_set(e, ERR_NOT_FOUND, "plugin \"%s\" not found (IPAM drivers: default, null)", name);
	return NULL;
}

/* ---- "null": no addresses at all, for networks of the drivers null and host ---- */

static int null_request_pool(unused_arg struct ipam *i,
                             unused_arg const struct ipam_pool_request *r, struct ipam_pool *out,
                             unused_arg struct err *e)
{
	*out = (struct ipam_pool){ .id = "null" };
	return 0;
}

static int null_release_pool(unused_arg struct ipam *i, unused_arg const char *pool_id,
                             unused_arg struct err *e)
{
	return 0;
}

static int null_request_address(unused_arg struct ipam *i, unused_arg const char *pool_id,
                                unused_arg const struct inet *wanted,
                                unused_arg const struct json_map *options, struct inet *out,
                                unused_arg struct err *e)
{
	*out = (struct inet){ 0 };
	return 0;
}

static int null_release_address(unused_arg struct ipam *i, unused_arg const char *pool_id,
                                unused_arg const struct inet *ip, unused_arg struct err *e)
{
	return 0;
}

const struct ipam_driver ipam_null = {
	.name = "null",
	.request_pool = null_request_pool,
	.release_pool = null_release_pool,
	.request_address = null_request_address,
	.release_address = null_release_address,
};
