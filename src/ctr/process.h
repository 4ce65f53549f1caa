/* A task or one of its execs, as containerd knows it. See tasks.c. */
#ifndef CTR_PROCESS_H
#define CTR_PROCESS_H

#include "ctr/ctr.h"
#include "proto/task_types.pb-c.h"

struct ctr_process {
	const char *id, *exec; /* exec: NULL for the task itself */
	Task__Status status;
	uint32_t pid, exit_status;
	const char *in, *out, *err; /* its fifos */
	bool terminal;
};

int ctr_process_get(struct ctr *c, struct ctr_process *p, struct err *e) must_check;
int ctr_process_start(struct ctr *c, struct ctr_process *p, struct err *e) must_check;
int ctr_process_kill(struct ctr *c, const struct ctr_process *p, int signo, bool all, struct err *e)
        must_check;
/* Of one that has ended; exit_status is what it ended with. */
int ctr_process_delete(struct ctr *c, struct ctr_process *p, struct err *e) must_check;
/* Blocks until it has ended, and says how. */
int ctr_process_wait(struct ctr *c, struct ctr_process *p, struct err *e) must_check;

/* "RUNNING", or "running". */
const char *ctr_status_word(struct arena *a, Task__Status s, bool upper);

#endif
