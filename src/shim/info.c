/* -info: what this runtime is, for `ctr plugins inspect-runtime` and the like (containerd 1.7 on). */
#include <unistd.h>
#include "base/fd.h"
#include "proto/types.pb-c.h"
#include "rpc/wkt.h"
#include "shim/shim.h"

/* Features of the OCI runtime are left out: `runc features` tells them. */
int shim_info(unused_arg const struct shim_args *args, struct err *e)
{
	_cleanup_arena_ struct arena a = { 0 };
	Types__RuntimeInfo *info = pb_new(&a, types__runtime_info, Types__RuntimeInfo);
	struct slice out;

	info->name = "io.containerd.runc.v2";
	info->version = pb_new(&a, types__runtime_version, Types__RuntimeVersion);
	info->version->version = LIGHTER_VERSION;
	out = pb_pack(&a, info);
	return fd_write_all(STDOUT_FILENO, out.data, out.len, e);
}
