/* runc run: create and start; in the foreground also wait and delete. */
#include <signal.h>
#include "runc/create.h"
#include "runc/foreground.h"
#include "libcontainer/warn.h"

static int start(const struct call *call, struct container *c, struct foreground *f, bool terminal,
                 const struct create_flags *flags, struct err *e)
{
	struct err ignored;
	int code = 0;

	(void)call;
	if (terminal && foreground_take_terminal(f, e) < 0)
		return -1;
	if (container_start(c, e) < 0) {
		if (container_delete(c, true, &ignored) < 0)
			lc_warn("%s", ignored.text);
		return -1;
	}
	if (flags->detach)
		return 0;
	code = foreground_attend(f, (pid_t)c->state.pid, e);
	if (code >= 0 && !flags->keep && container_delete(c, true, e) < 0)
		return -1;
	return code;
}

static int create_and_start(const struct call *call, struct err *e)
{
	const struct create_flags *flags = call->options;
	struct create_options o = { .console_fd = -1 };
	_cleanup_container_ struct container c = { .dir = -1 };
	_cleanup_foreground_ struct foreground f;
	bool proxy = !flags->detach && str_empty(flags->console_socket);
	struct oci_spec spec;

	if (foreground_begin(&f, proxy, !flags->detach && !flags->no_subreaper, e) < 0)
		return -1;
	o.console_fd = f.console[0];
	if (create_from_flags(call, flags, &spec, &o, &c, e) < 0)
		return -1;
	return start(call, &c, &f, proxy && spec.process->terminal, flags, e);
}

static int run(const struct call *call, struct err *e)
{
	int code = create_and_start(call, e);

	return code < 0 ? err_wrap(e, "runc run failed") : code;
}

static const struct flag flags[] = {
	CREATE_FLAGS,
	CREATE_FLAG("detach", "d", FLAG_BOOL, detach, "detach from the container's process"),
	CREATE_FLAG("keep", "", FLAG_BOOL, keep, "do not delete the container after it exits"),
	CREATE_FLAG("no-subreaper", "", FLAG_BOOL, no_subreaper,
	            "disable the use of the subreaper used to reap reparented processes"),
};

const struct command cmd_run = {
	.name = "run",
	.args = "<container-id>",
	.summary = "create and run a container",
	.flags = FLAGS(flags),
	.options_size = sizeof(struct create_flags),
	.min_args = 1,
	.max_args = 1,
	.enters = true,
	.run = run,
};
