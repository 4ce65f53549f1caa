/* runc kill: sends a signal, SIGTERM without a word. */
#include <signal.h>
#include "runc/command.h"
#include "base/proc.h"

struct options {
	bool all;
};

static int run(const struct call *call, struct err *e)
{
	_cleanup_container_ struct container c = { .dir = -1 };
	const struct options *o = call->options;
	const char *name = call->args.n > 1 ? call->args.v[1] : "SIGTERM";
	bool probe = str_eq(name, "0"); /* is it there? */
	int signo = probe ? 0 : signal_parse(name);

	if (call_load(call, &c, e) < 0)
		return -1;
	if (signo == 0 && !probe)
		return err_set(e, ERR_INVALID, "unknown signal \"%s\"", name);
	return container_signal(&c, signo, o->all, e);
}

static const struct flag flags[] = {
	{ "all", "a", FLAG_BOOL, offsetof(struct options, all),
	  "send the specified signal to all processes inside the container", true },
};

const struct command cmd_kill = {
	.name = "kill",
	.args = "<container-id> [signal]",
	.summary = "kill sends the specified signal (default: SIGTERM) to the container's init "
	           "process",
	.flags = FLAGS(flags),
	.options_size = sizeof(struct options),
	.min_args = 1,
	.max_args = 2,
	.run = run,
};
