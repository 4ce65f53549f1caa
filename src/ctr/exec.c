/* ctr tasks exec, start and attach: processes with streams. */
#include <signal.h>
#include "ctr/containers.h"
#include "ctr/io.h"
#include "ctr/run.h"
#include "ctr/terminal.h"
#include "base/log.h"
#include "base/str.h"
#include "oci/runtime.h"
#include "proto/tasks.pb-c.h"

#define PROCESS_URL "types.containerd.io/opencontainers/runtime-spec/1/Process"

int ctr_process_follow(struct ctr *c, struct ctr_process *p, struct ctr_io *io, struct err *e)
{
	struct ctr_waiter *w = ctr_waiter_new(c, p, e);
	int code = -1;

	if (w && (!io->terminal || terminal_raw(e) == 0) && ctr_process_start(c, p, e) == 0)
		code = ctr_io_carry(c, io, p, w, e);
	else
		ctr_process_give_up(c, p);
	ctr_waiter_free(w);
	return code;
}

/* It was made and not started: its waiter must end. */
void ctr_process_give_up(struct ctr *c, struct ctr_process *p)
{
	struct err ignored = { 0 };

	if (ctr_process_kill(c, p, SIGKILL, false, &ignored) < 0 ||
	    ctr_process_delete(c, p, &ignored) < 0)
		log_debug("undo %s: %s", p->id, ignored.text);
}

/* ---- exec ---- */

/* The container's own process with other arguments. */
static const char *process_of(struct ctr *c, const Containers__Container *found, struct err *e)
{
	struct oci_spec spec;
	struct oci_process *p;
	struct slice text = { 0 };

	if (found->spec)
		text = (struct slice){ (const char *)found->spec->value.data,
			               found->spec->value.len };
	if (json_decode(&c->a, &oci_spec_type, text, &spec, e) < 0)
		return NULL;
	p = spec.process;
	p->terminal = c->o.tty;
	p->args = (struct strs){ .n = c->args.n - 1, .v = c->args.v + 1 };
	if (!str_empty(c->o.cwd))
		p->cwd = c->o.cwd;
	if (!str_empty(c->o.user) && run_user(&c->a, c->o.user, p, e) < 0)
		return NULL;
	return json_text(&c->a, &oci_process_type, p);
}

static int create_exec(struct ctr *c, const struct ctr_process *p, const char *spec,
                       const struct ctr_io *io, struct err *e)
{
	Tasks__ExecProcessRequest req = TASKS__EXEC_PROCESS_REQUEST__INIT;
	void *resp;

	req.container_id = p->id;
	req.exec_id = p->exec;
	req.stdin = io->in;
	req.stdout = io->out;
	req.stderr = io->err;
	pb_set(&req, terminal, io->terminal);
	req.spec = wkt_any_raw(&c->a, PROCESS_URL, slice_of(spec));
	return ctr_call(c, RPC_TASKS_EXEC, &req, &resp, e);
}

int ctr_task_exec(struct ctr *c, struct err *e)
{
	struct ctr_process p = { .id = c->args.v[0], .exec = c->o.exec_id };
	_cleanup_io_ struct ctr_io io = CTR_IO_NONE;
	Containers__Container *found;
	const char *spec;
	int code;

	if (str_empty(c->o.exec_id))
		return err_set(e, ERR_INVALID, "exec id must be provided");
	terminal_block_signals(c->o.tty);
	if (ctr_container_get(c, p.id, &found, e) < 0 || !(spec = process_of(c, found, e)) ||
	    ctr_io_open(c, c->o.exec_id, &io, e) < 0 || create_exec(c, &p, spec, &io, e) < 0)
		return -1;
	if (c->o.detach)
		return ctr_process_start(c, &p, e);
	code = ctr_process_follow(c, &p, &io, e);
	return code < 0 || ctr_process_delete(c, &p, e) < 0 ? -1 : code;
}

/* ---- attach ---- */

int ctr_task_attach(struct ctr *c, struct err *e)
{
	struct ctr_process p = { .id = c->args.v[0] };
	_cleanup_io_ struct ctr_io io = CTR_IO_NONE;
	struct ctr_waiter *w;
	int code;

	if (ctr_process_get(c, &p, e) < 0 || ctr_io_adopt(&p, &io, e) < 0)
		return -1;
	terminal_block_signals(io.terminal);
	if (io.terminal && terminal_raw(e) < 0)
		return -1;
	w = ctr_waiter_new(c, &p, e);
	if (!w)
		return -1;
	code = ctr_io_carry(c, &io, &p, w, e);
	ctr_waiter_free(w);
	return code < 0 || ctr_process_delete(c, &p, e) < 0 ? -1 : code;
}
