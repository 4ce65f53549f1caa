/*
 * Ops: the methods that change a process, one at a time for each process, in the order in which they
 * came, whatever each of them waits for. Most are one command of the runtime; which, and in which
 * states of the process, is a row of type struct op_type.
 */
#ifndef SHIM_OP_H
#define SHIM_OP_H

#include "shim/container.h"

struct op;

/* The arguments of a command; ends with NULL. */
struct args {
	size_t n;
	const char *v[16];
};
void args_add(struct args *a, const char *arg); /* NULL is left out */

struct op_type {
	const char *verb; /* the runtime's, and for "cannot VERB a running process" */
	const char *what; /* a failure of the command in words: "OCI runtime pause failed" */
	unsigned states;  /* of the process that allow it: bits 1 << enum process_state */
	/* What follows the verb on the command line; NULL: the container's id. */
	void (*args)(struct op *op, struct args *a);
	/* Runs the command, at once or later; NULL: op_command, without streams. 0 when done, -1, or
	 * RPC_LATER. */
	int (*begin)(struct op *op, struct err *e);
	/* After the command; *e holds its failure, which may be turned into success. NULL: nothing to
	 * do. Returns as begin does. */
	int (*end)(struct op *op, const struct err *failed, struct err *e);
};

struct op {
	const struct op_type *type;
	struct process *process;
	struct rpc_call *call;
	const void *req;
	void *resp;                /* answered when the op succeeds */
	struct loop_source *timer; /* the type's own */
	int tries;                 /* as well */
	struct op *next;
};

/* Takes its place in the queue. Returns RPC_LATER: the handler returns it as well. */
int op_submit(const struct op_type *type, struct process *p, struct rpc_call *call,
              const void *req);

/* Runs the command, with these three as its stdin, stdout and stderr, or (NULL) without any.
 * RPC_LATER (type->end follows) or -1. */
int op_command(struct op *op, const int *fd, struct err *e) must_check;
/* The same for a command that makes a process: opens its streams, and waits until they are ready. */
int op_launch(struct op *op, struct err *e) must_check;

/* Answers the call (e NULL: with resp) and lets the next op begin. */
void op_done(struct op *op, const struct err *e);
/* Answers the call and ends its process's queue: what waits there finds no process any more. */
void op_last(struct op *op, const struct err *e);

#endif
