/* runc state: prints what the specification calls the state. */
#include "runc/state.h"

#include <stdio.h>
#include <sys/stat.h>
#include "runc/command.h"

JSON_TYPE(runc_state, RUNC_STATE)

/* root only by name: other users' names would need nsswitch, which a static program does not have. */
static const char *owner_of(const struct container *c)
{
	struct stat st;

	if (fstat(c->dir, &st) < 0)
		return "";
	return st.st_uid == 0 ? "root" : arena_printf(c->a, "#%u", st.st_uid);
}

void runc_state_of(const struct container *c, struct runc_state *out)
{
	enum container_status status = container_status(c);

	*out = (struct runc_state){
		.oci_version = c->state.config->version,
		.id = c->id,
		.pid = status == CONTAINER_STOPPED ? 0 : c->state.pid,
		.status = container_status_name(status),
		.bundle = c->state.own->bundle,
		.rootfs = c->state.config->rootfs,
		.created = c->state.created,
		.annotations = c->state.own->annotations,
		.owner = owner_of(c),
	};
}

static int run(const struct call *call, struct err *e)
{
	_cleanup_container_ struct container c = { .dir = -1 };
	_cleanup_buf_ struct buf b = { 0 };
	struct runc_state state;
	struct json_value v;

	if (call_load(call, &c, e) < 0)
		return -1;
	runc_state_of(&c, &state);
	if (json_parse(call->a, slice_of(json_text(call->a, &runc_state_type, &state)), &v, e) < 0)
		return -1;
	json_write(&b, &v, "  ");
	printf("%s\n", b.data);
	return 0;
}

const struct command cmd_state = {
	.name = "state",
	.args = "<container-id>",
	.summary = "output the state of a container",
	.flags = NO_FLAGS,
	.min_args = 1,
	.max_args = 1,
	.run = run,
};
