/* New processes by the runtime. See launch.h. */
#include "shim/launch.h"

void launch_take_streams(struct process *p, bool terminal, const char *in, const char *out,
                         const char *err)
{
	p->terminal = terminal;
	p->in = arena_strdup(&p->arena, in ? in : "");
	p->out = arena_strdup(&p->arena, out ? out : "");
	p->err = arena_strdup(&p->arena, err ? err : "");
}

int launch_open_streams(struct process *p, struct err *e)
{
	struct shim *s = p->container->shim;
	struct io_config c = {
		.in = p->in,
		.out = p->out,
		.err = p->err,
		.terminal = p->terminal,
		.socket_dir = s->socket_dir,
	};

	p->io = io_new(s->loop, &c, e);
	return p->io ? 0 : -1;
}

void args_add(struct args *a, const char *arg)
{
	if (arg)
		a->v[a->n++] = arg;
}

int launch_command(struct op *op, struct args *args, const char *what, struct err *e)
{
	struct io *io = op->process->io;
	struct runc_command c = {
		.args = args->v,
		.what = what,
		.fd = { io_child(io, 0), io_child(io, 1), io_child(io, 2) },
	};

	op->process->starting = true;
	return op_command(op, &c, e);
}

int launch_adopt(struct process *p, const char *pid_file, struct err *e)
{
	pid_t pid;

	if (pid_file_read(p->container->bundle, pid_file, &pid, e) < 0)
		return -1;
	process_watch(p, pid);
	return io_started(p->io, e);
}
