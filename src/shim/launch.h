/* What Create and the Start of an exec have in common: a new process, made by the runtime. */
#ifndef SHIM_LAUNCH_H
#define SHIM_LAUNCH_H

#include "shim/op.h"

/* The arguments of a command; ends with NULL. */
struct args {
	size_t n;
	const char *v[16];
};
void args_add(struct args *a, const char *arg); /* NULL is left out */

/* Copies where the client wants the streams, then opens them (p->io). */
void launch_take_streams(struct process *p, bool terminal, const char *in, const char *out,
                         const char *err);
int launch_open_streams(struct process *p, struct err *e) must_check;

/* Runs the command that makes op->process, with its streams. As op_command. */
int launch_command(struct op *op, struct args *args, const char *what, struct err *e) must_check;

/* Takes over the process that the runtime has made; its pid is in that file of the bundle. */
int launch_adopt(struct process *p, const char *pid_file, struct err *e) must_check;

#endif
