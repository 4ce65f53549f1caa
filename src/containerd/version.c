/* containerd.services.version.v1.Version */
#include "containerd/version.h"

#include "base/macros.h"
#include "containerd/services.h"
#include "proto/version.pb-c.h"

static int version_version(unused_arg struct rpc_call *call, unused_arg const void *req,
                           void *respp, unused_arg struct err *e)
{
	Version__VersionResponse *resp = respp;

	resp->version = CONTAINERD_VERSION;
	resp->revision = CONTAINERD_REVISION;
	return 0;
}

SERVICE_ROUTES(version, { RPC_VERSION_VERSION, version_version })
