/* What several commands do with their call. See command.h. */
#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "runc/command.h"

int call_load(const struct call *call, struct container *out, struct err *e)
{
	return container_load(call->a, call->globals->root, call->args.v[0], out, e);
}

int call_keep_fds(int64_t preserve, unsigned *out, struct err *e)
{
	const char *listen = getenv("LISTEN_FDS");
	int64_t n = 0;

	if (listen && (!str_i64(listen, &n) || n < 0))
		return err_set(e, ERR_INVALID, "LISTEN_FDS=%s is not a number", listen);
	n += preserve;
	if (preserve < 0 || n > 1000)
		return err_set(e, ERR_INVALID, "cannot preserve %lld descriptors", (long long)n);
	/* One that is not open would be taken by a descriptor of ours. */
	for (int fd = 3; fd < 3 + n; fd++)
		if (fcntl(fd, F_GETFD) < 0)
			return err_errno(e, errno, "unable to stat preserved-fd %d (of %lld)",
			                 fd - 3, (long long)n);
	/* What else the caller left open is for us alone (a shim's lock), not for hooks. */
	syscall(SYS_close_range, 3 + n, ~0U, CLOSE_RANGE_CLOEXEC);
	*out = (unsigned)n;
	return 0;
}
