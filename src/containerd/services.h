/*
 * The services: one file each, which ends with its table of routes. A new service is a line in
 * SERVICES, its file, and its rows in rpc/services.def.
 */
#ifndef CONTAINERD_SERVICES_H
#define CONTAINERD_SERVICES_H

#include "rpc/rpc.h"

#define SERVICES(S)        \
	S(version)         \
	S(introspection)   \
	S(namespaces)      \
	S(leases)          \
	S(content)         \
	S(content_ingests) \
	S(content_write)   \
	S(images)          \
	S(containers)      \
	S(snapshots)       \
	S(snapshots_query) \
	S(diff)            \
	S(tasks)           \
	S(task_control)    \
	S(events)          \
	S(health)

#define SERVICE_DECLARE(name)                          \
	extern const struct rpc_route name##_routes[]; \
	extern const size_t name##_nroutes;
SERVICES(SERVICE_DECLARE)
SERVICE_DECLARE(ttrpc) /* on the ttrpc socket */

/* At the end of a service's file: SERVICE_ROUTES(images, { RPC_IMAGES_GET, images_get }, ...). */
#define SERVICE_ROUTES(name, ...)                                 \
	const struct rpc_route name##_routes[] = { __VA_ARGS__ }; \
	const size_t name##_nroutes = sizeof(name##_routes) / sizeof(name##_routes[0]);

#endif
