/* runc delete: removes what create has made. */
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>
#include "runc/command.h"
#include "base/fd.h"
#include "base/file.h"

struct options {
	bool force;
};

/* A create that was killed at once leaves a directory without state. --force deletes what is there. */
static int delete_missing(const struct call *call, bool force, struct err *e)
{
	_cleanup_close_ int root = open(call->globals->root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct err ignored;

	if (container_check_id(call->args.v[0], &ignored) < 0)
		return -1;
	if (root >= 0 && tree_remove(root, call->args.v[0], e) < 0)
		return -1;
	return force ? 0 : -1;
}

static int run(const struct call *call, struct err *e)
{
	_cleanup_container_ struct container c = { .dir = -1 };
	const struct options *o = call->options;

	if (call_load(call, &c, e) < 0)
		return e->kind == ERR_NOT_FOUND ? delete_missing(call, o->force, e) : -1;
	return container_delete(&c, o->force, e);
}

static const struct flag flags[] = {
	{ "force", "f", FLAG_BOOL, offsetof(struct options, force),
	  "forcibly deletes the container if it is still running (uses SIGKILL)", false },
};

const struct command cmd_delete = {
	.name = "delete",
	.args = "<container-id>",
	.summary = "delete any resources held by the container often used with detached container",
	.flags = FLAGS(flags),
	.options_size = sizeof(struct options),
	.min_args = 1,
	.max_args = 1,
	.run = run,
};
