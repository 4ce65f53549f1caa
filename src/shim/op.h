/*
 * Ops: the methods that change a process, one at a time for each process, in the order in which they
 * came, whatever each of them waits for. Which state of a process allows which op is a table row.
 */
#ifndef SHIM_OP_H
#define SHIM_OP_H

#include "shim/container.h"

struct op;

struct op_type {
	const char *verb;                  /* for "cannot VERB a running process" */
	unsigned init_states, exec_states; /* that allow it: bits 1 << enum process_state */
	/* 0 when done, -1, or RPC_LATER: op_done or op_command's end will follow. */
	int (*begin)(struct op *op, struct err *e);
	/* After the runtime's command: may turn success into an error and the other way round. */
	int (*end)(struct op *op, const struct err *failed, struct err *e);
};

struct op {
	const struct op_type *type;
	struct process *process;
	struct rpc_call *call;
	const void *req;
	void *resp;                /* answered when the op succeeds */
	struct loop_source *timer; /* the type's own */
	struct op *next;
};

/* Takes its place in the queue. Returns RPC_LATER: the handler returns it as well. */
int op_submit(const struct op_type *type, struct process *p, struct rpc_call *call,
              const void *req);

/* Answers the call (e NULL: with resp) and lets the next op begin. */
void op_done(struct op *op, const struct err *e);

/* Answers the call and ends its process's queue: what waits there finds no process any more. */
void op_last(struct op *op, const struct err *e);

/* Runs a command of the runtime on behalf of an op; type->end follows. Returns RPC_LATER or -1. */
int op_command(struct op *op, struct runc_command *c, struct err *e) must_check;

#endif
