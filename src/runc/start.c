/* runc start: runs the program of a created container. */
#include "runc/command.h"

static int run(const struct call *call, struct err *e)
{
	_cleanup_container_ struct container c = { .dir = -1 };

	if (call_load(call, &c, e) < 0)
		return -1;
	return container_start(&c, e);
}

const struct command cmd_start = {
	.name = "start",
	.args = "<container-id>",
	.summary = "executes the user defined process in a created container",
	.flags = NO_FLAGS,
	.min_args = 1,
	.max_args = 1,
	.run = run,
};
