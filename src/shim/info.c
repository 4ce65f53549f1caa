/*
 * -info: what this runtime is, for `ctr plugins inspect-runtime` and the like (containerd 1.7 on).
 * stdin has the runtime's options (an Any) or nothing.
 */
#include <errno.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/fd.h"
#include "base/limits.h"
#include "base/proc.h"
#include "proto/types.pb-c.h"
#include "rpc/rpc.h"
#include "rpc/wkt.h"
#include "shim/record.h"
#include "shim/shim.h"

#define FEATURES_URL "types.containerd.io/opencontainers/runtime-spec/1/features/Features"

/* What `RUNTIME features` prints, as an Any of JSON; NULL when it has no such command. */
static Google__Any *features(struct arena *a, const char *binary)
{
	const char *const argv[] = { binary, "features", NULL };
	_cleanup_close_ int out = memfd_create("features", MFD_CLOEXEC);
	struct proc_spawn s = {
		.file = binary,
		.argv = argv,
		.fd = { PROC_NULL, out, PROC_NULL },
	};
	struct slice text;
	struct stat st;
	pid_t pid = out < 0 ? -1 : proc_spawn(&s, NULL, NULL);
	ssize_t n;

	if (pid < 0 || proc_wait(pid, NULL) != 0 || fstat(out, &st) < 0 ||
	    st.st_size > (off_t)LIMIT_CONFIG_FILE)
		return NULL;
	text.data = arena_alloc(a, (size_t)st.st_size);
	n = pread(out, (char *)text.data, (size_t)st.st_size, 0);
	text.len = n < 0 ? 0 : (size_t)n;
	return wkt_any_raw(a, FEATURES_URL, text);
}

static int read_options(struct arena *a, Google__Any **any, struct runc_options *o, struct err *e)
{
	_cleanup_buf_ struct buf in = { 0 };

	if (shim_read_stdin(&in, e) < 0)
		return -1;
	*any = rpc_unpack(a, &google__any__descriptor, in.data, in.len, e);
	return *any ? options_from_any(a, *any, o, e) : -1;
}

int shim_info(unused_arg const struct shim_args *args, struct err *e)
{
	_cleanup_arena_ struct arena a = { 0 };
	Types__RuntimeInfo *info = pb_new(&a, types__runtime_info, Types__RuntimeInfo);
	struct runc_options o;
	Google__Any *any;
	struct slice out;

	if (read_options(&a, &any, &o, e) < 0)
		return err_wrap(e, "runtime options");
	info->name = "io.containerd.runc.v2";
	info->version = pb_new(&a, types__runtime_version, Types__RuntimeVersion);
	info->version->version = LIGHTER_VERSION;
	info->options = any->type_url ? any : NULL;
	info->features = features(&a, options_binary(&o));
	out = pb_pack(&a, info);
	return fd_write_all(STDOUT_FILENO, out.data, out.len, e);
}
