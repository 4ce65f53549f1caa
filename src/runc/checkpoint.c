/* runc checkpoint, runc restore: they would need CRIU, and say so. Their flags are not looked at. */
#include "runc/command.h"

static int run_checkpoint(const struct call *call, struct err *e)
{
	(void)call;
	return err_set(e, ERR_UNIMPLEMENTED, "checkpoint is not there yet");
}

static int run_restore(const struct call *call, struct err *e)
{
	(void)call;
	return err_set(e, ERR_UNIMPLEMENTED, "restore is not there yet");
}

const struct command cmd_checkpoint = {
	.name = "checkpoint",
	.args = "<container-id>",
	.summary = "checkpoint a running container (not there yet)",
	.flags = NO_FLAGS,
	.max_args = -1,
	.raw = true,
	.run = run_checkpoint,
};

const struct command cmd_restore = {
	.name = "restore",
	.args = "<container-id>",
	.summary = "restore a container from a previous checkpoint (not there yet)",
	.flags = NO_FLAGS,
	.max_args = -1,
	.raw = true,
	.run = run_restore,
};
