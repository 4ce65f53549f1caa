/* runc create: everything but the start of the program. */
#include "runc/create.h"

#include <errno.h>
#include <limits.h>
#include <unistd.h>
#include "base/file.h"

static const char *absolute(struct arena *a, const char *path)
{
	char cwd[PATH_MAX];

	if (str_empty(path))
		return NULL;
	if (*path == '/' || !getcwd(cwd, sizeof(cwd)))
		return path;
	return path_clean(a, path_join(a, cwd, path));
}

/* systemd's socket activation: the program learns of its descriptors. */
static void pass_listen_fds(struct arena *a, struct oci_process *p)
{
	const char *n = getenv("LISTEN_FDS");

	if (!n)
		return;
	arena_push(a, &p->env, arena_printf(a, "LISTEN_FDS=%s", n));
	arena_push(a, &p->env, "LISTEN_PID=1");
}

int create_from_flags(const struct call *call, const struct create_flags *f, struct oci_spec *spec,
                      struct create_options *o, struct container *out, struct err *e)
{
	struct arena *a = call->a;
	struct slice text;

	o->bundle = absolute(a, str_empty(f->bundle) ? "." : f->bundle);
	o->console_socket = absolute(a, f->console_socket);
	o->pidfd_socket = absolute(a, f->pidfd_socket);
	o->pid_file = absolute(a, f->pid_file);
	o->no_pivot = f->no_pivot;
	o->no_new_keyring = f->no_new_keyring;
	o->systemd_cgroup = call->globals->systemd_cgroup;
	if (call_keep_fds(f->preserve_fds, &o->keep_fds, e) < 0)
		return -1;
	if (chdir(o->bundle) < 0)
		return err_errno(e, errno, "chdir %s", o->bundle);
	if (container_read_spec(a, o->bundle, spec, &text, e) < 0)
		return -1;
	pass_listen_fds(a, spec->process);
	return container_create(a, call->globals->root, call->args.v[0], spec, text, o, out, e);
}

static int run(const struct call *call, struct err *e)
{
	struct create_options o = { .console_fd = -1 };
	_cleanup_container_ struct container c = { .dir = -1 };
	struct oci_spec spec;

	if (create_from_flags(call, call->options, &spec, &o, &c, e) < 0)
		return err_wrap(e, "runc create failed");
	return 0;
}

static const struct flag flags[] = { CREATE_FLAGS };

const struct command cmd_create = {
	.name = "create",
	.args = "<container-id>",
	.summary = "create a container",
	.flags = FLAGS(flags),
	.options_size = sizeof(struct create_flags),
	.min_args = 1,
	.max_args = 1,
	.enters = true,
	.run = run,
};
