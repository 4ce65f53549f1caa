/*
 * The table of network drivers, and the two that have nothing to do: "host" (the container is in
 * the host's own network namespace) and "null" (it has one with nothing but lo).
 * ipvlan, overlay and remote drivers will be rows here.
 */
#include "libnetwork/driver.h"

static const struct net_driver *const drivers[] = {
	&net_driver_bridge,
	&net_driver_host,
	&net_driver_macvlan,
	&net_driver_null,
};

const struct net_driver *net_driver_at(size_t i)
{
	return i < ARRAY_LEN(drivers) ? drivers[i] : NULL;
}

const struct net_driver *net_driver_find(const char *name, struct err *e)
{
	for (size_t i = 0; i < ARRAY_LEN(drivers); i++)
		if (str_eq(drivers[i]->name, name))
			return drivers[i];
	err_set(e, ERR_NOT_FOUND,
	        "plugin \"%s\" not found (network drivers: bridge, host, macvlan, null)", name);
	return NULL;
}

static int create_network(unused_arg struct net_env *env, unused_arg const struct network_info *in,
                          void **out, unused_arg struct err *e)
{
	*out = NULL;
	return 0;
}

static int delete_network(unused_arg void *n, unused_arg struct err *e)
{
	return 0;
}

static void free_nothing(unused_arg void *p)
{
}

static int create_endpoint(unused_arg void *n, unused_arg struct arena *a,
                           unused_arg struct endpoint_info *ep, void **out,
                           unused_arg struct err *e)
{
	*out = NULL;
	return 0;
}

static int join(unused_arg void *ep, unused_arg const struct net_join *j, unused_arg struct err *e)
{
	return 0;
}

static int leave(unused_arg void *ep, unused_arg const struct net_join *j, unused_arg struct err *e)
{
	return 0;
}

const struct net_driver net_driver_host = {
	.name = "host",
	.ipam = "null",
	.singleton = true,
	.create_network = create_network,
	.delete_network = delete_network,
	.free_network = free_nothing,
	.create_endpoint = create_endpoint,
	.free_endpoint = free_nothing,
	.join = join,
	.leave = leave,
};

const struct net_driver net_driver_null = {
	.name = "null",
	.ipam = "null",
	.singleton = true,
	.create_network = create_network,
	.delete_network = delete_network,
	.free_network = free_nothing,
	.create_endpoint = create_endpoint,
	.free_endpoint = free_nothing,
	.join = join,
	.leave = leave,
};
