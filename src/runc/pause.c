/* runc pause, runc resume: the freezer. */
#include "runc/command.h"

static int run_pause(const struct call *call, struct err *e)
{
	_cleanup_container_ struct container c = { .dir = -1 };

	return call_load(call, &c, e) < 0 ? -1 : container_pause(&c, e);
}

static int run_resume(const struct call *call, struct err *e)
{
	_cleanup_container_ struct container c = { .dir = -1 };

	return call_load(call, &c, e) < 0 ? -1 : container_resume(&c, e);
}

const struct command cmd_pause = {
	.name = "pause",
	.args = "<container-id>",
	.summary = "pause suspends all processes inside the container",
	.flags = NO_FLAGS,
	.min_args = 1,
	.max_args = 1,
	.run = run_pause,
};

const struct command cmd_resume = {
	.name = "resume",
	.args = "<container-id>",
	.summary = "resumes all processes that have been previously paused",
	.flags = NO_FLAGS,
	.min_args = 1,
	.max_args = 1,
	.run = run_resume,
};
