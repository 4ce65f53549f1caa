/* ctr tasks: what needs no terminal and no streams. Those: exec.c, run.c. */
#include <signal.h>
#include <stdio.h>
#include "ctr/containers.h"
#include "ctr/process.h"
#include "base/log.h"
#include "base/proc.h"
#include "base/str.h"
#include "proto/runc.pb-c.h"
#include "proto/tasks.pb-c.h"

#define STOP_SIGNAL_LABEL "io.containerd.image.config.stop-signal"

int ctr_task_list(struct ctr *c, struct err *e)
{
	Tasks__ListTasksRequest req = TASKS__LIST_TASKS_REQUEST__INIT;
	struct ctr_table table = CTR_TABLE_WIDE(c);
	Tasks__ListTasksResponse *resp;

	if (ctr_call(c, RPC_TASKS_LIST, &req, &resp, e) < 0)
		return -1;
	ctr_row(&table, "TASK", "PID", "STATUS", NULL, NULL);
	for (size_t i = 0; i < resp->n_tasks; i++) {
		const Task__Process *p = resp->tasks[i];

		if (c->o.quiet)
			puts(ctr_text(p->id));
		else
			ctr_row(&table, ctr_text(p->id),
			        arena_printf(&c->a, "%u", (unsigned)p->pid), NULL,
			        ctr_status_word(&c->a, p->status, true));
	}
	if (!c->o.quiet)
		ctr_table_print(&table);
	return 0;
}

/* runc's shim says of which exec a process is. */
static const char *info_of(struct ctr *c, const Google__Any *any, struct err *e)
{
	const Runc__ProcessDetails *d;

	if (!any)
		return "-";
	d = wkt_any_unpack(&c->a, &runc__process_details__descriptor, any, e);
	return d ? arena_printf(&c->a, "&ProcessDetails{ExecID:%s,XXX_unrecognized:[],}",
	                        ctr_text(d->exec_id))
	         : NULL;
}

int ctr_task_ps(struct ctr *c, struct err *e)
{
	Tasks__ListPidsRequest req = TASKS__LIST_PIDS_REQUEST__INIT;
	struct ctr_table table = CTR_TABLE_WIDE(c);
	Tasks__ListPidsResponse *resp;

	req.container_id = c->args.v[0];
	if (ctr_call(c, RPC_TASKS_LIST_PIDS, &req, &resp, e) < 0)
		return -1;
	ctr_row(&table, "PID", NULL, "INFO");
	for (size_t i = 0; i < resp->n_processes; i++) {
		const char *info = info_of(c, resp->processes[i]->info, e);

		if (!info)
			return -1;
		ctr_row(&table, arena_printf(&c->a, "%u", (unsigned)resp->processes[i]->pid), NULL,
		        info);
	}
	ctr_table_print(&table);
	return 0;
}

/* What was asked for; else what the image says; else TERM. */
static int signal_of(struct ctr *c, const char *id, struct err *e)
{
	const char *name = c->o.signal;
	Containers__Container *found;
	int signo;

	if (ctr_container_get(c, id, &found, e) < 0)
		return -1;
	for (size_t i = 0; !name && i < found->n_labels; i++)
		if (str_eq(found->labels[i]->key, STOP_SIGNAL_LABEL))
			name = found->labels[i]->value;
	signo = name ? signal_parse(name) : SIGTERM;
	return signo ? signo : err_set(e, ERR_INVALID, "invalid signal: %s", name);
}

int ctr_task_kill(struct ctr *c, struct err *e)
{
	struct ctr_process p = { .id = c->args.v[0], .exec = c->o.exec_id };
	int signo;

	if (c->o.signal && !signal_parse(c->o.signal))
		return err_set(e, ERR_INVALID, "invalid signal: %s", c->o.signal);
	if (c->o.all && c->o.exec_id)
		return err_set(e, ERR_INVALID, "specify an exec-id or all; not both");
	signo = signal_of(c, p.id, e);
	return signo < 0 ? -1 : ctr_process_kill(c, &p, signo, c->o.all, e);
}

int ctr_task_pause(struct ctr *c, struct err *e)
{
	Tasks__PauseTaskRequest req = TASKS__PAUSE_TASK_REQUEST__INIT;
	void *resp;

	req.container_id = c->args.v[0];
	return ctr_call(c, RPC_TASKS_PAUSE, &req, &resp, e);
}

int ctr_task_resume(struct ctr *c, struct err *e)
{
	Tasks__ResumeTaskRequest req = TASKS__RESUME_TASK_REQUEST__INIT;
	void *resp;

	req.container_id = c->args.v[0];
	return ctr_call(c, RPC_TASKS_RESUME, &req, &resp, e);
}

/* ---- rm ---- */

static int kill_first(struct ctr *c, struct ctr_process *p, struct err *e)
{
	if (ctr_process_kill(c, p, SIGKILL, !p->exec, e) < 0 && e->kind != ERR_NOT_FOUND &&
	    e->kind != ERR_PRECONDITION)
		return -1;
	err_clear(e);
	return ctr_process_wait(c, p, e);
}

static int remove_loaded(struct ctr *c, struct ctr_process *p, struct err *e)
{
	if (c->o.force && kill_first(c, p, e) < 0)
		return -1;
	if (!c->o.force &&
	    (p->status == TASK__STATUS__RUNNING || p->status == TASK__STATUS__PAUSED))
		return err_set(e, ERR_PRECONDITION,
		               "task must be stopped before deletion: %s: failed precondition",
		               ctr_status_word(&c->a, p->status, false));
	if (ctr_process_delete(c, p, e) < 0)
		return -1;
	if (p->exit_status)
		log_warn("task %s exit with non-zero exit code %u", p->id,
		         (unsigned)p->exit_status);
	return 0;
}

static int remove_one(struct ctr *c, const char *id, struct err *e)
{
	struct ctr_process p = { .id = id, .exec = c->o.exec_id };

	if (ctr_process_get(c, &p, e) < 0) {
		log_error_of(e, "failed to load task from %s", id);
		return -1;
	}
	if (remove_loaded(c, &p, e) < 0) {
		log_error_of(e, "unable to delete %s", id);
		return -1;
	}
	return 0;
}

int ctr_task_remove(struct ctr *c, struct err *e)
{
	struct err first = { 0 };

	for (size_t i = 0; i < c->args.n; i++) {
		if (remove_one(c, c->args.v[i], e) == 0)
			continue;
		if (!first.kind)
			first = *e;
		err_clear(e);
	}
	*e = first;
	return first.kind ? -1 : 0;
}
