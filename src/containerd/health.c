/* grpc.health.v1.Health: whoever gets an answer knows that we serve. */
#include "base/macros.h"
#include "containerd/services.h"
#include "proto/health.pb-c.h"
#include "rpc/wkt.h"

static int health_check(unused_arg struct rpc_call *call, unused_arg const void *req, void *respp,
                        unused_arg struct err *e)
{
	Health__HealthCheckResponse *resp = respp;

	pb_set(resp, status, HEALTH__HEALTH_CHECK_RESPONSE__SERVING_STATUS__SERVING);
	return 0;
}

SERVICE_ROUTES(health, { RPC_HEALTH_CHECK, health_check })
